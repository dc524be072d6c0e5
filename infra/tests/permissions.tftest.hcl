# Permissions: each function and role gets only the actions and resources that it uses.
#
# The runs apply to mocks, because a plan does not know the policies that name new resources.

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
    defaults = { arn = "arn:aws:states:eu-west-1:111122223333:stateMachine:release-machine" }
  }

  mock_resource "aws_sfn_alias" {
    defaults = { arn = "arn:aws:states:eu-west-1:111122223333:stateMachine:release-machine:api" }
  }

  mock_resource "aws_dynamodb_table" {
    defaults = { arn = "arn:aws:dynamodb:eu-west-1:111122223333:table/a-table" }
  }

  mock_resource "aws_s3_bucket" {
    defaults = { arn = "arn:aws:s3:::a-bucket" }
  }

  mock_resource "aws_lambda_function" {
    defaults = { arn = "arn:aws:lambda:eu-west-1:111122223333:function:a-function", qualified_arn = "arn:aws:lambda:eu-west-1:111122223333:function:a-function:7" }
  }

  mock_resource "aws_lambda_alias" {
    defaults = { arn = "arn:aws:lambda:eu-west-1:111122223333:function:a-function:live", invoke_arn = "arn:invoke:live" }
  }

  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::111122223333:role/a-role" }
  }

  mock_resource "aws_sqs_queue" {
    defaults = { arn = "arn:aws:sqs:eu-west-1:111122223333:a-queue" }
  }

  mock_resource "aws_sns_topic" {
    defaults = { arn = "arn:aws:sns:eu-west-1:111122223333:release-machine-people" }
  }

  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:eu-west-1:111122223333:log-group:a-group" }
  }

  mock_resource "aws_cloudwatch_event_rule" {
    defaults = { arn = "arn:aws:events:eu-west-1:111122223333:rule/a-rule" }
  }
}

override_data {
  target = data.aws_iam_policy_document.open_release
  values = { json = "{\"Id\": \"open_release\"}" }
}

override_data {
  target = data.aws_iam_policy_document.run_pipeline
  values = { json = "{\"Id\": \"run_pipeline\"}" }
}

override_data {
  target = data.aws_iam_policy_document.record_state_change
  values = { json = "{\"Id\": \"record_state_change\"}" }
}

override_data {
  target = data.aws_iam_policy_document.close_release
  values = { json = "{\"Id\": \"close_release\"}" }
}

override_data {
  target = data.aws_iam_policy_document.answer_approval
  values = { json = "{\"Id\": \"answer_approval\"}" }
}

override_data {
  target = data.aws_iam_policy_document.change_freeze
  values = { json = "{\"Id\": \"change_freeze\"}" }
}

override_data {
  target = data.aws_iam_policy_document.notify_people
  values = { json = "{\"Id\": \"notify_people\"}" }
}

override_data {
  target = data.aws_iam_policy_document.start
  values = { json = "{\"Id\": \"start\"}" }
}

override_data {
  target = data.aws_iam_policy_document.announce
  values = { json = "{\"Id\": \"announce\"}" }
}

override_data {
  target = data.aws_iam_policy_document.look_for_revisions
  values = { json = "{\"Id\": \"look\"}" }
}

override_data {
  target = data.aws_iam_policy_document.advance
  values = { json = "{\"Id\": \"advance\"}" }
}

variables {
  architecture           = jsondecode(file("../.build/functions/open_release.zip.json")).architecture # as make built it
  pipeline_name_patterns = ["shop-*", "web"]
  xray_enabled           = true
  source_arns = [
    "arn:aws:s3:::sources",
    "arn:aws:codecommit:eu-west-1:111122223333:shop-web",
    "arn:aws:ecr:eu-west-1:111122223333:repository/shop/web",
  ]
}

run "every_resource_is_named" {
  command = apply

  assert {
    condition = alltrue([
      for statement in flatten([
        data.aws_iam_policy_document.open_release.statement,
        data.aws_iam_policy_document.look_for_revisions.statement,
        data.aws_iam_policy_document.announce.statement,
        data.aws_iam_policy_document.advance.statement,
        data.aws_iam_policy_document.start.statement,
        data.aws_iam_policy_document.close_release.statement,
        data.aws_iam_policy_document.change_freeze.statement,
        data.aws_iam_policy_document.notify_people.statement,
        data.aws_iam_policy_document.machine.statement,
        data.aws_iam_policy_document.map.statement,
        data.aws_iam_policy_document.start_machine.statement,
        data.aws_iam_policy_document.start_through_api.statement,
        [for policy in data.aws_iam_policy_document.undelivered : policy.statement],
        ]) : !contains(statement.resources, "*") || alltrue([
        for action in statement.actions : contains([
          # The actions in use for which AWS's service authorization reference lists no resource type.
          "logs:CreateLogDelivery",
          "logs:DeleteLogDelivery",
          "logs:DescribeLogGroups",
          "logs:DescribeResourcePolicies",
          "logs:GetLogDelivery",
          "logs:ListLogDeliveries",
          "logs:PutResourcePolicy",
          "logs:UpdateLogDelivery",
          "states:SendTaskFailure",
          "states:SendTaskSuccess",
          "xray:GetSamplingRules",
          "xray:GetSamplingTargets",
          "xray:PutTelemetryRecords",
          "xray:PutTraceSegments",
        ], action)
      ])
    ])
    error_message = "A statement allows an action on every resource although AWS could narrow it."
  }

  assert {
    condition = alltrue([
      for statement in flatten([
        data.aws_iam_policy_document.open_release.statement,
        data.aws_iam_policy_document.look_for_revisions.statement,
        data.aws_iam_policy_document.announce.statement,
        data.aws_iam_policy_document.advance.statement,
        data.aws_iam_policy_document.start.statement,
        data.aws_iam_policy_document.close_release.statement,
        data.aws_iam_policy_document.machine.statement,
        data.aws_iam_policy_document.map.statement,
        data.aws_iam_policy_document.start_machine.statement,
        data.aws_iam_policy_document.start_through_api.statement,
      ]) : alltrue([for action in statement.actions : !strcontains(action, "*")])
    ])
    error_message = "A policy allows actions by a wildcard."
  }
}

run "only_functions_that_record_ends_may_start_pipelines" {
  command = apply

  assert {
    condition = [
      for document, actions in {
        advance       = data.aws_iam_policy_document.advance.statement[*].actions
        close_release = data.aws_iam_policy_document.close_release.statement[*].actions
        open_release  = data.aws_iam_policy_document.open_release.statement[*].actions
        start         = data.aws_iam_policy_document.start.statement[*].actions
      } : document if contains(flatten(actions), "codepipeline:StartPipelineExecution")
    ] == ["start"]
    error_message = "Another function than those that record ends may start pipelines."
  }

  assert {
    condition = alltrue([
      for statement in flatten([
        data.aws_iam_policy_document.advance.statement,
        data.aws_iam_policy_document.start.statement,
        ]) : toset([for resource in statement.resources : trimsuffix(resource, "/*")]) == toset([
        "arn:aws:codepipeline:eu-west-1:111122223333:shop-*",
        "arn:aws:codepipeline:eu-west-1:111122223333:web",
      ]) if anytrue([for action in statement.actions : startswith(action, "codepipeline:")])
    ])
    error_message = "pipeline_name_patterns does not limit the pipelines that the functions may start and stop."
  }
}

run "dry_runs_check_revisions_in_source_arns" {
  command = apply

  assert {
    condition = {
      for statement in data.aws_iam_policy_document.look_for_revisions.statement :
      statement.sid => [join(" ", statement.actions), join(" ", statement.resources)]
      } == {
      LookForObjects       = ["s3:GetObject s3:GetObjectVersion", "arn:aws:s3:::sources/*"]
      DetectMissingObjects = ["s3:ListBucket", "arn:aws:s3:::sources"]
      LookForCommits       = ["codecommit:GetBranch codecommit:GetCommit", "arn:aws:codecommit:eu-west-1:111122223333:shop-web"]
      LookForImages        = ["ecr:DescribeImages", "arn:aws:ecr:eu-west-1:111122223333:repository/shop/web"]
    }
    error_message = "A dry run may read other sources than source_arns, or not all of these."
  }
}

run "calendars_are_read_only_where_they_are_configured" {
  command = apply

  assert {
    condition     = !anytrue([for statement in concat(data.aws_iam_policy_document.start.statement, data.aws_iam_policy_document.look_for_revisions.statement) : contains(statement.actions, "ssm:GetCalendarState")])
    error_message = "A function may read calendars although none is configured."
  }

  assert {
    condition     = length(aws_cloudwatch_event_rule.calendar_opened) == 0 && local.functions["change_freeze"].environment["CHANGE_CALENDARS"] == ""
    error_message = "There is a rule for calendars although none is configured."
  }
}

run "calendars_are_read_by_their_names" {
  command = apply

  variables {
    change_calendars = ["business-hours", "arn:aws:ssm:eu-west-1:999900001111:document/company"]
  }

  assert {
    condition = toset([
      for statement in concat(data.aws_iam_policy_document.start.statement, data.aws_iam_policy_document.look_for_revisions.statement) :
      statement.resources if contains(statement.actions, "ssm:GetCalendarState")
      ]) == toset([toset([
        "arn:aws:ssm:eu-west-1:111122223333:document/business-hours",
        "arn:aws:ssm:eu-west-1:999900001111:document/company",
    ])])
    error_message = "A function that starts or plans may read other calendars than those configured, or not all of these."
  }

  assert {
    condition = alltrue([
      for name, function in local.functions :
      function.environment["CHANGE_CALENDARS"] == "business-hours,arn:aws:ssm:eu-west-1:999900001111:document/company" if name != "notify_people"
    ])
    error_message = "A function does not know the calendars, and would start pipelines without asking them."
  }

  assert {
    condition     = jsondecode(aws_cloudwatch_event_rule.calendar_opened[0].event_pattern).resources == local.calendar_arns && aws_lambda_permission.rule["calendar_opened"].function_name == "release-machine-change-freeze"
    error_message = "A calendar that opens does not wake what it held."
  }

  assert {
    condition     = contains(keys(local.failure_queues), "change_freeze") && contains(keys(aws_sqs_queue.undelivered), "calendar_opened")
    error_message = "An event of a calendar is lost if it cannot be handled."
  }
}

run "policies_reach_their_functions" {
  command = apply

  assert {
    condition     = alltrue([for function, policy in local.policies : jsondecode(policy).Id == function])
    error_message = "A function gets another function's policy."
  }

  assert {
    condition     = toset(keys(local.policies)) == toset(keys(local.functions))
    error_message = "A function has no policy, or a policy has no function."
  }

  assert {
    condition = alltrue([
      data.aws_iam_policy_document.advance.source_policy_documents == tolist(["{\"Id\": \"announce\"}"]),
      data.aws_iam_policy_document.open_release.source_policy_documents == tolist(["{\"Id\": \"announce\"}", "{\"Id\": \"look\"}"]),
      data.aws_iam_policy_document.run_pipeline.source_policy_documents == tolist(["{\"Id\": \"advance\"}", "{\"Id\": \"start\"}"]),
      data.aws_iam_policy_document.record_state_change.source_policy_documents == tolist(["{\"Id\": \"advance\"}", "{\"Id\": \"start\"}"]),
      data.aws_iam_policy_document.answer_approval.source_policy_documents == tolist(["{\"Id\": \"advance\"}", "{\"Id\": \"start\"}"]),
      data.aws_iam_policy_document.close_release.source_policy_documents == tolist(["{\"Id\": \"advance\"}"]),
    ])
    error_message = "A function that advances releases lacks the permissions for it."
  }

  assert {
    condition = [
      for statement in data.aws_iam_policy_document.announce.statement : {
        actions   = statement.actions
        resources = statement.resources
        source    = one(statement.condition).values
      }
      ] == [{
        actions   = toset(["events:PutEvents"])
        resources = toset(["arn:aws:events:eu-west-1:111122223333:event-bus/default"])
        source    = tolist(["release-machine"])
    }]
    error_message = "A function may put events of another source, or on another bus."
  }
}

run "nothing_is_deleted_without_release_retention_days" {
  command = apply

  assert {
    condition     = !contains(flatten([for statement in data.aws_iam_policy_document.close_release.statement : tolist(statement.actions)]), "dynamodb:DeleteItem")
    error_message = "A function may delete records although releases are kept for ever."
  }
}

run "expired_releases_are_deleted_from_their_table_only" {
  command = apply

  variables {
    release_retention_days = 30
  }

  assert {
    condition = [
      for statement in data.aws_iam_policy_document.close_release.statement : [statement.actions, statement.resources]
      if statement.sid == "DeleteExpiredReleases"
    ] == [[toset(["dynamodb:ConditionCheckItem", "dynamodb:DeleteItem"]), toset([aws_dynamodb_table.releases.arn])]]
    error_message = "close_release may delete other items than those of releases."
  }
}

run "results_are_the_only_objects_that_are_written" {
  command = apply

  assert {
    condition = {
      for statement in flatten([data.aws_iam_policy_document.open_release.statement, data.aws_iam_policy_document.close_release.statement]) :
      one(statement.resources) => statement.actions... if anytrue([for action in statement.actions : startswith(action, "s3:Put")])
    } == { "${aws_s3_bucket.manifests.arn}/*.result" = [toset(["s3:PutObject"]), toset(["s3:GetObject", "s3:PutObject"])] }
    error_message = "A function may write another object than a result, which could start a release."
  }
}

run "freezing_starts_nothing" {
  command = apply

  assert {
    condition = {
      for statement in data.aws_iam_policy_document.change_freeze.statement : statement.sid => [statement.actions, one(statement.resources)]
      } == {
      ChangeFreezes           = [toset(["dynamodb:BatchGetItem", "dynamodb:UpdateItem"]), aws_dynamodb_table.releases.arn]
      FindReleasesOfPipelines = [toset(["dynamodb:Scan"]), aws_dynamodb_table.pipelines.arn]
      WakeTasks               = [toset(["states:SendTaskFailure"]), "*"]
    }
    error_message = "change_freeze may do more than change freezes and wake what they held."
  }

  assert {
    condition     = data.aws_iam_policy_document.change_freeze.source_policy_documents == null
    error_message = "change_freeze gets the permissions of functions that start pipelines."
  }
}

run "dead_letters_come_from_their_rule_only" {
  command = apply

  assert {
    condition = {
      for rule, policy in data.aws_iam_policy_document.undelivered : rule => [
        one(one(policy.statement).principals).identifiers, one(one(policy.statement).condition).variable, one(one(policy.statement).condition).values,
      ]
      } == {
      for rule in ["execution_ended", "hour_passed", "manifest_dropped", "people_told", "state_changed"] : rule => [
        toset(["events.amazonaws.com"]), "aws:SourceArn",
        tolist(["arn:aws:events:eu-west-1:111122223333:rule/release-machine-${replace(rule, "_", "-")}"]),
      ]
    }
    error_message = "A dead-letter queue accepts messages from other senders than its rule."
  }

  assert {
    condition = alltrue([
      for rule, policy in data.aws_iam_policy_document.undelivered :
      one(policy.statement).resources == toset(["arn:aws:sqs:eu-west-1:111122223333:${aws_sqs_queue.undelivered[rule].name}"])
    ])
    error_message = "The policy of a dead-letter queue names another queue."
  }

  assert {
    condition     = alltrue([for rule, made in local.rules : made.rule.name == "release-machine-${replace(rule, "_", "-")}"])
    error_message = "The name of a rule differs from the name in the policy of its dead-letter queue."
  }
}

run "the_workflow_invokes_all_versions_of_its_functions" {
  command = apply

  assert {
    condition = one([for statement in data.aws_iam_policy_document.machine.statement : statement.resources if statement.sid == "InvokeFunctions"]) == toset([
      "arn:aws:lambda:eu-west-1:111122223333:function:a-function",
      "arn:aws:lambda:eu-west-1:111122223333:function:a-function:*",
    ])
    error_message = "A running execution may not invoke the version that it was started with."
  }

  assert {
    condition     = one(data.aws_iam_policy_document.start_machine.statement).resources == toset([aws_sfn_state_machine.release.arn, aws_sfn_alias.live.arn])
    error_message = "The rule for manifests may not start the state machine through its alias."
  }
}

run "functions_are_invoked_by_their_rule_only" {
  command = apply

  assert {
    condition = alltrue([
      for permission in aws_lambda_permission.rule :
      permission.principal == "events.amazonaws.com" && startswith(permission.source_arn, "arn:aws:events:")
    ])
    error_message = "A function may be invoked by others than its rule."
  }

  assert {
    condition     = { for rule, target in aws_cloudwatch_event_target.rule : rule => target.role_arn != null } == { execution_ended = false, hour_passed = false, manifest_dropped = true, people_told = false, state_changed = false }
    error_message = "A target other than the state machine has a role, or the state machine has none."
  }

  assert {
    condition     = aws_api_gateway_method.post_release.authorization == "AWS_IAM"
    error_message = "The API takes calls without IAM credentials."
  }
}
