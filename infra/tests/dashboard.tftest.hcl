# What people look at: the dashboard, and traces.

mock_provider "aws" {
  override_during = plan

  mock_data "aws_caller_identity" {
    defaults = { account_id = "111122223333" }
  }

  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }

  mock_data "aws_region" {
    defaults = { name = "eu-west-1" }
  }

  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }

  mock_resource "aws_sfn_state_machine" {
    defaults = { arn = "arn:aws:states:eu-west-1:111122223333:stateMachine:two" }
  }

  mock_resource "aws_sfn_alias" {
    defaults = { arn = "arn:aws:states:eu-west-1:111122223333:stateMachine:two:api" }
  }

  mock_resource "aws_dynamodb_table" {
    defaults = { arn = "arn:aws:dynamodb:eu-west-1:111122223333:table/a-table" }
  }

  mock_resource "aws_s3_bucket" {
    defaults = { arn = "arn:aws:s3:::a-bucket" }
  }

  mock_resource "aws_lambda_function" {
    defaults = { arn = "arn:aws:lambda:eu-west-1:111122223333:function:a-function" }
  }

  mock_resource "aws_lambda_alias" {
    defaults = { arn = "arn:aws:lambda:eu-west-1:111122223333:function:a-function:live" }
  }

  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::111122223333:role/a-role" }
  }

  mock_resource "aws_sqs_queue" {
    defaults = { arn = "arn:aws:sqs:eu-west-1:111122223333:a-queue" }
  }

  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:eu-west-1:111122223333:log-group:a-group" }
  }

  mock_resource "aws_cloudwatch_event_rule" {
    defaults = { arn = "arn:aws:events:eu-west-1:111122223333:rule/a-rule" }
  }

  mock_resource "aws_api_gateway_stage" {
    defaults = { invoke_url = "https://abc.execute-api.eu-west-1.amazonaws.com/v1" }
  }

  mock_resource "aws_cloudwatch_metric_alarm" {
    defaults = { arn = "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:an-alarm" }
  }

  mock_resource "aws_api_gateway_resource" {
    defaults = { path = "/releases" }
  }
}

variables {
  architecture = jsondecode(file("../.build/functions/open_release.zip.json")).architecture # as make built it
  name_prefix  = "two"
}

run "the_dashboard_is_laid_out" {
  command = plan

  assert {
    condition     = output.dashboard_name == "two" && length(jsondecode(aws_cloudwatch_dashboard.releases.dashboard_body).widgets) == 25
    error_message = "The dashboard has another name, or other widgets."
  }

  assert {
    condition = alltrue([
      for widget in jsondecode(aws_cloudwatch_dashboard.releases.dashboard_body).widgets : widget.x >= 0 && widget.x + widget.width <= 24
    ])
    error_message = "A widget is outside the 24 columns of a dashboard."
  }

  # Each cell of the grid is in one widget: no two overlap, and no row has a hole.
  assert {
    condition = sort(flatten([
      for widget in jsondecode(aws_cloudwatch_dashboard.releases.dashboard_body).widgets : [
        for cell in setproduct(range(widget.x, widget.x + widget.width), range(widget.y, widget.y + widget.height)) : "${cell[0]} ${cell[1]}"
      ]
      ])) == sort([
      for cell in setproduct(range(24), range(sum([5, 5 * 8, 8, 8]))) : "${cell[0]} ${cell[1]}"
    ])
    error_message = "Widgets overlap, or leave a hole."
  }

  assert {
    condition = alltrue([
      for widget in jsondecode(aws_cloudwatch_dashboard.releases.dashboard_body).widgets :
      try(length(widget.properties.title) > 0 && widget.properties.region == "eu-west-1", contains(["text", "alarm"], widget.type))
    ])
    error_message = "A graph has no title, or shows another Region."
  }

  assert {
    condition = alltrue([
      for widget in jsondecode(aws_cloudwatch_dashboard.releases.dashboard_body).widgets :
      try(length(widget.properties.yAxis.left.label) > 0 && contains([300, 3600], widget.properties.period), widget.properties.view == "singleValue")
      if widget.type == "metric"
    ])
    error_message = "A graph has no unit or another period than five minutes or an hour."
  }

  assert {
    condition = alltrue([
      for metric in flatten([
        for widget in jsondecode(aws_cloudwatch_dashboard.releases.dashboard_body).widgets : [
          for metric in widget.properties.metrics : [jsonencode(metric)]
        ] if widget.type == "metric"
      ]) : strcontains(metric, "\"two") || strcontains(metric, ":two\"") || strcontains(metric, "a-")
    ])
    error_message = "A graph shows another deployment."
  }
}

run "nothing_is_traced_by_default" {
  command = plan

  assert {
    condition     = !aws_api_gateway_stage.v1.xray_tracing_enabled && length(aws_sfn_state_machine.release.tracing_configuration) == 0
    error_message = "The API or the workflow is traced without xray_enabled."
  }

  assert {
    condition     = alltrue([for statement in data.aws_iam_policy_document.machine.statement : statement.sid != "Trace"])
    error_message = "The workflow may write traces without xray_enabled."
  }
}

run "a_release_is_traced_from_the_api_to_the_functions" {
  command = plan

  variables {
    xray_enabled = true
  }

  assert {
    condition     = aws_api_gateway_stage.v1.xray_tracing_enabled && one(aws_sfn_state_machine.release.tracing_configuration).enabled
    error_message = "The API or the workflow is not traced."
  }

  assert {
    condition     = alltrue([for made in module.microfunction : made.traced])
    error_message = "A function is not traced."
  }

  assert {
    condition = [for statement in data.aws_iam_policy_document.machine.statement : statement.actions if statement.sid == "Trace"] == [
      toset(["xray:GetSamplingRules", "xray:GetSamplingTargets", "xray:PutTelemetryRecords", "xray:PutTraceSegments"]),
    ]
    error_message = "The workflow may not write traces."
  }
}
