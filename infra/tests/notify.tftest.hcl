# Messages to people: which events cause them, which topic they go to, and who may publish there.
#
# The runs apply to mocks, because a plan does not know the topic.

mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "111122223333" }
  }

  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }

  mock_data "aws_region" {
    defaults = { name = "eu-west-1" }
  }

  mock_data "aws_cloudwatch_event_bus" {
    defaults = { arn = "arn:aws:events:eu-west-1:111122223333:event-bus/default" }
  }

  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }

  mock_resource "aws_api_gateway_rest_api" {
    defaults = { execution_arn = "arn:aws:execute-api:eu-west-1:111122223333:abc" }
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

  mock_resource "aws_sns_topic" {
    defaults = { arn = "arn:aws:sns:eu-west-1:111122223333:two-people" }
  }

  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:eu-west-1:111122223333:log-group:a-group" }
  }

  mock_resource "aws_cloudwatch_event_rule" {
    defaults = { arn = "arn:aws:events:eu-west-1:111122223333:rule/a-rule" }
  }
}

variables {
  architecture = jsondecode(file("../.build/functions/open_release.zip.json")).architecture # as make built it
  name_prefix  = "two"
}

run "people_are_told_by_a_topic_of_their_own" {
  command = apply

  assert {
    condition     = aws_sns_topic.people[0].name == "two-people" && output.people_topic_arn == "arn:aws:sns:eu-west-1:111122223333:two-people"
    error_message = "The topic is not named after the deployment, or people cannot find it."
  }

  assert {
    condition     = aws_sns_topic.people[0].fifo_topic != true && aws_sns_topic.people[0].kms_master_key_id != ""
    error_message = "The topic sends no e-mails, or is not encrypted."
  }

  assert {
    condition     = module.microfunction["notify_people"].environment == tomap({ PEOPLE_TOPIC = "arn:aws:sns:eu-west-1:111122223333:two-people" })
    error_message = "The function does not know the topic, or knows more than it needs."
  }

  assert {
    condition = {
      for statement in data.aws_iam_policy_document.notify_people.statement : statement.sid => [statement.actions, statement.resources]
      } == {
      TellPeople = [toset(["sns:Publish"]), toset(["arn:aws:sns:eu-west-1:111122223333:two-people"])]
    }
    error_message = "The function may do more than publish to the topic."
  }
}

run "only_the_function_publishes" {
  command = apply

  assert {
    condition = alltrue([
      for statement in data.aws_iam_policy_document.people.statement :
      statement.effect == "Deny" && one(statement.resources) == "arn:aws:sns:eu-west-1:111122223333:two-people"
    ])
    error_message = "The policy of the topic allows something, or names another topic."
  }

  assert {
    condition = [
      for statement in data.aws_iam_policy_document.people.statement : [
        statement.sid, one(statement.condition).test, one(statement.condition).variable, one(one(statement.condition).values),
      ]
      ] == [
      ["PublishByFunctionOnly", "ArnNotEquals", "aws:PrincipalArn", "arn:aws:iam::111122223333:role/${module.microfunction["notify_people"].name}"],
      ["EncryptedOnly", "Bool", "aws:SecureTransport", "false"],
    ]
    error_message = "Others than the function may publish, or without TLS."
  }
}

run "events_of_this_deployment_are_told" {
  command = apply

  assert {
    condition = jsondecode(aws_cloudwatch_event_rule.people_told.event_pattern) == {
      account     = ["111122223333"]
      region      = ["eu-west-1"]
      source      = ["release-machine"]
      detail-type = local.told_types
      detail      = { deployment = ["two"] }
    }
    error_message = "Events of other accounts, Regions, sources or deployments are told."
  }

  assert {
    condition     = !contains(local.told_types, "Pipeline Settled") && !contains(local.told_types, "Release Orphaned")
    error_message = "Each pipeline of a release sends a message, or an internal event does."
  }

  assert {
    condition     = aws_cloudwatch_event_rule.people_told.name == "two-people-told" && local.function_rules["people_told"] == "notify_people"
    error_message = "The rule is not named after the deployment, or does not invoke notify_people."
  }

  assert {
    condition     = contains(keys(output.dead_letter_queue_urls), "people_told") && contains(keys(output.dead_letter_queue_urls), "notify_people")
    error_message = "A message to people is lost if it cannot be sent."
  }
}

run "a_topic_can_be_given" {
  command = apply

  variables {
    notify_topic_arn = "arn:aws:sns:eu-west-1:999900001111:company-releases"
  }

  assert {
    condition     = length(aws_sns_topic.people) == 0 && output.people_topic_arn == "arn:aws:sns:eu-west-1:999900001111:company-releases"
    error_message = "A topic is created although one was given."
  }

  assert {
    condition     = one(one(data.aws_iam_policy_document.notify_people.statement).resources) == "arn:aws:sns:eu-west-1:999900001111:company-releases" && module.microfunction["notify_people"].environment["PEOPLE_TOPIC"] == "arn:aws:sns:eu-west-1:999900001111:company-releases"
    error_message = "The function publishes to another topic than the one that was given."
  }
}

run "a_topic_of_another_region_is_refused" {
  command         = plan
  expect_failures = [aws_cloudwatch_event_rule.people_told]

  variables {
    notify_topic_arn = "arn:aws:sns:us-east-1:111122223333:company-releases"
  }
}

run "a_topic_that_sends_no_emails_is_refused" {
  command         = plan
  expect_failures = [var.notify_topic_arn]

  variables {
    notify_topic_arn = "arn:aws:sns:eu-west-1:111122223333:company-releases.fifo"
  }
}
