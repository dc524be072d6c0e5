# The resources: names, storage, functions, events, API, alarms.

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
    defaults = { arn = "arn:aws:sns:eu-west-1:111122223333:two-people" }
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

  mock_resource "aws_api_gateway_resource" {
    defaults = { path = "/releases" }
  }
}

override_resource {
  target          = aws_sfn_alias.live
  override_during = plan
  values          = { arn = "arn:aws:states:eu-west-1:111122223333:stateMachine:two:live" }
}

variables {
  architecture = jsondecode(file("../.build/functions/open_release.zip.json")).architecture # as make built it
  name_prefix  = "two"
}

run "two_deployments_fit_in_one_account" {
  command = plan

  assert {
    condition = alltrue([
      for name in flatten([
        aws_dynamodb_table.releases.name,
        aws_dynamodb_table.executions.name,
        aws_dynamodb_table.pipelines.name,
        aws_s3_bucket.manifests.bucket,
        aws_sfn_state_machine.release.name,
        aws_iam_role.machine.name,
        aws_iam_role.manifest_dropped.name,
        aws_iam_role.api.name,
        aws_api_gateway_rest_api.releases.name,
        aws_sns_topic.people[0].name,
        [for rule in local.rules : rule.rule.name],
        [for queue in aws_sqs_queue.undelivered : queue.name],
        [for queue in local.failure_queues : queue.name],
        [for made in module.microfunction : made.name],
        local.every_alarm[*].alarm_name,
        trimprefix(aws_cloudwatch_log_group.machine.name, "/aws/vendedlogs/states/"),
      ]) : name == "two" || startswith(name, "two-")
    ])
    error_message = "A name does not start with name_prefix."
  }

  assert {
    condition     = aws_s3_bucket.manifests.bucket == "two-manifests-111122223333-eu-west-1"
    error_message = "The name of the bucket is not unique to prefix, account and Region."
  }
}

run "the_ledger_is_kept" {
  command = plan

  assert {
    condition = alltrue([
      for table in [aws_dynamodb_table.releases, aws_dynamodb_table.executions, aws_dynamodb_table.pipelines] :
      table.billing_mode == "PAY_PER_REQUEST" && table.point_in_time_recovery[0].enabled && table.server_side_encryption[0].enabled && table.deletion_protection_enabled
    ])
    error_message = "A table is not on demand, recoverable, encrypted or protected."
  }

  assert {
    condition = [
      aws_dynamodb_table.releases.hash_key, aws_dynamodb_table.releases.range_key,
      aws_dynamodb_table.executions.hash_key, aws_dynamodb_table.pipelines.hash_key,
    ] == ["release_id", "item", "execution_id", "pipeline"]
    error_message = "The key of a table differs from the key that the ledger uses."
  }

  assert {
    condition = [
      for index in aws_dynamodb_table.releases.global_secondary_index : [index.name, index.hash_key, index.range_key, index.projection_type]
    ] == [["by_time", "listing", "opened_at", "ALL"]]
    error_message = "Releases are not listed by time."
  }

  assert {
    condition     = aws_dynamodb_table.executions.ttl[0].enabled && aws_dynamodb_table.executions.ttl[0].attribute_name == "expires_at"
    error_message = "Executions do not expire."
  }
}

run "everything_is_encrypted_with_the_given_key" {
  command = plan

  variables {
    api_access_logs  = true
    change_calendars = ["business-hours"] # Then each queue exists.
    kms_key_arn      = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
  }

  assert {
    condition = alltrue([
      for arn in flatten([
        [for table in [aws_dynamodb_table.releases, aws_dynamodb_table.executions, aws_dynamodb_table.pipelines] : table.server_side_encryption[0].kms_key_arn],
        one(one(aws_s3_bucket_server_side_encryption_configuration.manifests.rule).apply_server_side_encryption_by_default).kms_master_key_id,
        [for queue in aws_sqs_queue.undelivered : queue.kms_master_key_id],
        aws_sns_topic.people[0].kms_master_key_id,
        aws_cloudwatch_log_group.machine.kms_key_id,
        aws_cloudwatch_log_group.api[0].kms_key_id,
        [for made in module.microfunction : made.kms_key_arn],
      ]) : arn == var.kms_key_arn
    ])
    error_message = "A table, the bucket, a queue, the topic or a log group is encrypted with another key."
  }

  assert {
    condition     = one(one(aws_s3_bucket_server_side_encryption_configuration.manifests.rule).apply_server_side_encryption_by_default).sse_algorithm == "aws:kms" && one(aws_s3_bucket_server_side_encryption_configuration.manifests.rule).bucket_key_enabled
    error_message = "S3 does not use the key, or calls KMS for each object."
  }

  assert {
    condition     = alltrue([for queue in aws_sqs_queue.undelivered : queue.sqs_managed_sse_enabled != true])
    error_message = "A queue asks for two kinds of encryption, which SQS rejects."
  }
}

run "each_function_may_use_the_key_for_what_it_touches" {
  command = plan

  assert {
    condition = local.key_actions == {
      open_release        = { dynamodb = ["kms:Decrypt"], s3 = ["kms:Decrypt", "kms:GenerateDataKey"] }
      run_pipeline        = { dynamodb = ["kms:Decrypt"] }
      record_state_change = { dynamodb = ["kms:Decrypt"] }
      close_release       = { dynamodb = ["kms:Decrypt"], s3 = ["kms:Decrypt", "kms:GenerateDataKey"] }
      answer_approval     = { dynamodb = ["kms:Decrypt"] }
      change_freeze       = { dynamodb = ["kms:Decrypt"] }
      notify_people       = { sns = ["kms:Decrypt", "kms:GenerateDataKey"] }
    }
    error_message = "A function may do more with the key than it needs, or less."
  }
}

run "the_api_throttles_its_callers" {
  command = plan

  assert {
    condition = [
      aws_api_gateway_method_settings.throttle.method_path, one(aws_api_gateway_method_settings.throttle.settings).throttling_rate_limit,
      one(aws_api_gateway_method_settings.throttle.settings).throttling_burst_limit,
    ] == ["*/*", 10, 20]
    error_message = "A method of the API is not throttled by default."
  }

  assert {
    condition     = aws_api_gateway_gateway_response.throttled.response_type == "THROTTLED" && aws_api_gateway_gateway_response.throttled.status_code == "429" && strcontains(jsondecode(aws_api_gateway_gateway_response.throttled.response_templates["application/json"]).message, "not carried out")
    error_message = "A throttled caller does not learn that nothing was done."
  }
}

run "the_api_throttles_as_configured" {
  command = plan

  variables {
    api_rate_limit  = 2.5
    api_burst_limit = 5
  }

  assert {
    condition     = one(aws_api_gateway_method_settings.throttle.settings).throttling_rate_limit == 2.5 && one(aws_api_gateway_method_settings.throttle.settings).throttling_burst_limit == 5
    error_message = "api_rate_limit or api_burst_limit has no effect."
  }
}

run "the_ledger_can_be_destroyed" {
  command = plan

  variables {
    deletion_protection = false
  }

  assert {
    condition     = !aws_dynamodb_table.releases.deletion_protection_enabled && aws_s3_bucket.manifests.force_destroy
    error_message = "deletion_protection = false does not allow terraform destroy."
  }
}

run "manifests_are_private" {
  command = plan

  assert {
    condition     = one(aws_s3_bucket_versioning.manifests.versioning_configuration).status == "Enabled" && !aws_s3_bucket.manifests.force_destroy
    error_message = "Manifests can be overwritten or deleted without a copy."
  }

  assert {
    condition = alltrue([
      aws_s3_bucket_public_access_block.manifests.block_public_acls,
      aws_s3_bucket_public_access_block.manifests.block_public_policy,
      aws_s3_bucket_public_access_block.manifests.ignore_public_acls,
      aws_s3_bucket_public_access_block.manifests.restrict_public_buckets,
      one(aws_s3_bucket_ownership_controls.manifests.rule).object_ownership == "BucketOwnerEnforced",
      one(one(aws_s3_bucket_server_side_encryption_configuration.manifests.rule).apply_server_side_encryption_by_default).sse_algorithm == "AES256",
      aws_s3_bucket_notification.manifests.eventbridge,
    ])
    error_message = "The bucket is public, not encrypted, or sends no events."
  }

  assert {
    condition = alltrue([
      for statement in data.aws_iam_policy_document.manifests.statement :
      statement.effect == "Deny" && toset(statement.actions) == toset(["s3:*"]) && length(statement.resources) == 2 && one(statement.condition).variable == "aws:SecureTransport" && one(statement.condition).values == tolist(["false"])
    ])
    error_message = "The bucket answers without TLS."
  }
}

run "functions_get_their_settings" {
  command = plan

  variables {
    look_after_seconds       = 600
    pipeline_name_patterns   = ["shop-*", "web"]
    record_retention_days    = 30
    release_retention_days   = 730
    session_names_are_pinned = true
    change_calendars         = ["business-hours"]
  }

  assert {
    condition = { for function, made in module.microfunction : function => made.environment } == {
      open_release        = tomap({ RELEASES_TABLE = "two-releases", EXECUTIONS_TABLE = "two-executions", PIPELINES_TABLE = "two-pipelines", RECORD_RETENTION_DAYS = "30", EVENT_BUS = "default", DEPLOYMENT = "two", CHANGE_CALENDARS = "business-hours", LOOK_AFTER_SECONDS = "600", PIPELINE_NAME_PATTERNS = "shop-*,web", MANIFEST_BUCKET = "two-manifests-111122223333-eu-west-1", DEPLOYED_VERSION = local.release_machine_version })
      run_pipeline        = tomap({ RELEASES_TABLE = "two-releases", EXECUTIONS_TABLE = "two-executions", PIPELINES_TABLE = "two-pipelines", RECORD_RETENTION_DAYS = "30", EVENT_BUS = "default", DEPLOYMENT = "two", CHANGE_CALENDARS = "business-hours" })
      record_state_change = tomap({ RELEASES_TABLE = "two-releases", EXECUTIONS_TABLE = "two-executions", PIPELINES_TABLE = "two-pipelines", RECORD_RETENTION_DAYS = "30", EVENT_BUS = "default", DEPLOYMENT = "two", CHANGE_CALENDARS = "business-hours" })
      close_release       = tomap({ RELEASES_TABLE = "two-releases", EXECUTIONS_TABLE = "two-executions", PIPELINES_TABLE = "two-pipelines", RECORD_RETENTION_DAYS = "30", RELEASE_RETENTION_DAYS = "730", EVENT_BUS = "default", DEPLOYMENT = "two", CHANGE_CALENDARS = "business-hours", MANIFEST_BUCKET = "two-manifests-111122223333-eu-west-1" })
      answer_approval     = tomap({ RELEASES_TABLE = "two-releases", EXECUTIONS_TABLE = "two-executions", PIPELINES_TABLE = "two-pipelines", RECORD_RETENTION_DAYS = "30", EVENT_BUS = "default", DEPLOYMENT = "two", CHANGE_CALENDARS = "business-hours", SESSION_NAMES_ARE_PINNED = "true" })
      change_freeze       = tomap({ RELEASES_TABLE = "two-releases", EXECUTIONS_TABLE = "two-executions", PIPELINES_TABLE = "two-pipelines", RECORD_RETENTION_DAYS = "30", EVENT_BUS = "default", DEPLOYMENT = "two", CHANGE_CALENDARS = "business-hours" })
      notify_people       = tomap({ PEOPLE_TOPIC = "arn:aws:sns:eu-west-1:111122223333:two-people" })
    }
    error_message = "The environment of a function is wrong."
  }

  assert {
    condition     = { for function, made in module.microfunction : function => made.memory_mb } == { open_release = 1024, run_pipeline = 512, record_state_change = 512, close_release = 1024, answer_approval = 512, change_freeze = 512, notify_people = 512 }
    error_message = "The memory of a function is wrong."
  }

  assert {
    condition     = output.function_names == { open_release = "two-open-release", run_pipeline = "two-run-pipeline", record_state_change = "two-record-state-change", close_release = "two-close-release", answer_approval = "two-answer-approval", change_freeze = "two-change-freeze", notify_people = "two-notify-people" }
    error_message = "The name of a function differs from its key."
  }
}

run "the_workflow_logs_errors_without_data" {
  command = plan

  assert {
    condition     = one(aws_sfn_state_machine.release.logging_configuration).level == "ERROR" && !one(aws_sfn_state_machine.release.logging_configuration).include_execution_data
    error_message = "Task tokens could get into the logs."
  }

  assert {
    condition     = aws_sfn_state_machine.release.type == "STANDARD" && length(aws_sfn_state_machine.release.tracing_configuration) == 0
    error_message = "The workflow is not a Standard workflow, or is traced without xray_enabled."
  }

  assert {
    condition     = can(jsondecode(aws_sfn_state_machine.release.definition)) && !strcontains(aws_sfn_state_machine.release.definition, "$${")
    error_message = "The definition is not JSON, or holds a placeholder."
  }
}

run "other_partitions_have_their_own_arns" {
  command = plan

  override_data {
    target          = data.aws_partition.current
    override_during = plan
    values          = { partition = "aws-us-gov" }
  }

  assert {
    condition     = !strcontains(aws_sfn_state_machine.release.definition, "arn:aws:states:::")
    error_message = "The workflow calls an integration of another partition."
  }

  assert {
    condition = (
      length(regexall("\"arn:aws-us-gov:states:::", aws_sfn_state_machine.release.definition))
      == length(regexall("\"arn:aws:states:::", file("../statemachine.asl.json")))
    )
    error_message = "The workflow calls other integrations than statemachine.asl.json."
  }

  assert {
    condition     = alltrue([for arn in local.pipeline_arns : startswith(arn, "arn:aws-us-gov:codepipeline:")])
    error_message = "The functions may start pipelines of another partition."
  }
}

run "events_reach_their_targets" {
  command = plan

  assert {
    condition = jsondecode(aws_cloudwatch_event_rule.manifest_dropped.event_pattern) == {
      account     = ["111122223333"]
      region      = ["eu-west-1"]
      source      = ["aws.s3"]
      detail-type = ["Object Created"]
      detail      = { bucket = { name = ["two-manifests-111122223333-eu-west-1"] }, object = { key = [{ suffix = ".json" }] } }
    }
    error_message = "Other objects than manifests start a release."
  }

  assert {
    condition = jsondecode(aws_cloudwatch_event_rule.state_changed.event_pattern) == {
      account     = ["111122223333"]
      region      = ["eu-west-1"]
      source      = ["aws.codepipeline"]
      detail-type = ["CodePipeline Pipeline Execution State Change"]
      detail      = { state = [{ anything-but = ["STARTED"] }] }
    }
    error_message = "The rule misses state changes of pipelines, or matches events of stages and actions."
  }

  assert {
    condition = jsondecode(aws_cloudwatch_event_rule.execution_ended.event_pattern) == {
      account     = ["111122223333"]
      region      = ["eu-west-1"]
      source      = ["aws.states", "release-machine"]
      detail-type = ["Step Functions Execution Status Change", "Release Orphaned"]
      detail      = { stateMachineArn = ["arn:aws:states:eu-west-1:111122223333:stateMachine:two", { prefix = "arn:aws:states:eu-west-1:111122223333:stateMachine:two:" }], status = ["ABORTED", "FAILED", "TIMED_OUT"] }
    }
    error_message = "The rule misses workflow ends, or matches those of other state machines."
  }

  assert {
    condition     = aws_cloudwatch_event_rule.hour_passed.schedule_expression == "rate(1 hour)"
    error_message = "No hourly rule looks for missed workflow ends."
  }

  assert {
    condition     = alltrue([for target in aws_cloudwatch_event_target.rule : length(target.dead_letter_config) == 1 && target.input == null && length(target.input_transformer) == 0])
    error_message = "A target gets only a part of the event, or has no dead-letter queue."
  }

  assert {
    condition     = alltrue([for queue in aws_sqs_queue.undelivered : queue.sqs_managed_sse_enabled && queue.fifo_queue != true && queue.message_retention_seconds == 1209600])
    error_message = "A dead-letter queue is not standard, not encrypted, or keeps its messages for less than 14 days."
  }

  assert {
    condition     = toset(keys(output.dead_letter_queue_urls)) == toset(["close_release", "execution_ended", "hour_passed", "manifest_dropped", "notify_people", "people_told", "record_state_change", "state_changed"])
    error_message = "A rule, or a function that events invoke, has no dead-letter queue."
  }
}

run "only_the_api_has_the_alias_that_proves_it" {
  command = plan

  assert {
    condition = (
      strcontains(local.start_execution_template, "\"${aws_sfn_alias.api.arn}\"")
      && aws_cloudwatch_event_target.rule["manifest_dropped"].arn == aws_sfn_alias.live.arn
      && aws_sfn_state_machine.release.publish
    )
    error_message = "The API does not start releases through its alias, or the rule for manifests does."
  }

  assert {
    condition = toset(one(data.aws_iam_policy_document.start_through_api.statement).resources) == toset([
      aws_sfn_state_machine.release.arn,
      aws_sfn_alias.api.arn,
    ])
    error_message = "The API may not start the state machine through its alias: IAM compares the ARN of the state machine."
  }

  assert {
    condition = [
      for each in one(data.aws_iam_policy_document.start_through_api.statement).condition :
      [each.test, each.variable, one(each.values)]
    ] == [["ForAnyValue:StringEquals", "states:StateMachineQualifier", "api"]]
    error_message = "The API may start the state machine without its alias, or through another one."
  }
}

run "running_executions_keep_their_code" {
  command = plan

  assert {
    condition = toset(regexall("\"FunctionName\": *\"([^\"]*)\"", aws_sfn_state_machine.release.definition)[*][0]) == toset([
      "arn:aws:lambda:eu-west-1:111122223333:function:a-function:7",
    ])
    error_message = "The workflow names a function without its version: a deployment would change the code of running executions."
  }

  assert {
    condition     = [aws_sfn_alias.live.name, aws_sfn_alias.api.name] == ["live", "api"] && aws_sfn_alias.live.arn == jsondecode(aws_sfn_state_machine.release.definition).States.RollBackRelease.Parameters.StateMachineArn
    error_message = "An automatic rollback is not started through the alias live."
  }

  assert {
    condition = alltrue([
      for rule, target in aws_cloudwatch_event_target.rule :
      target.arn == (rule == "manifest_dropped" ? "arn:aws:states:eu-west-1:111122223333:stateMachine:two:live" : "arn:aws:lambda:eu-west-1:111122223333:function:a-function:live")
    ])
    error_message = "An event reaches other code than that of the alias live."
  }

  assert {
    condition     = alltrue([for permission in aws_lambda_permission.rule : permission.qualifier == "live"])
    error_message = "A rule may not invoke the alias that it targets."
  }
}

run "only_state_changes_of_named_pipelines_are_recorded" {
  command = plan

  variables {
    pipeline_name_patterns = ["shop-*", "web", "*-web-*"]
  }

  assert {
    condition = jsondecode(aws_cloudwatch_event_rule.state_changed.event_pattern) == {
      account     = ["111122223333"]
      region      = ["eu-west-1"]
      source      = ["aws.codepipeline"]
      detail-type = ["CodePipeline Pipeline Execution State Change"]
      detail      = { state = [{ anything-but = ["STARTED"] }], pipeline = ["web", { wildcard = "shop-*" }, { wildcard = "*-web-*" }] }
    }
    error_message = "The rule matches other pipelines, or events of stages and actions."
  }
}

run "one_pattern_can_stand_for_all_pipelines" {
  command = plan

  variables {
    pipeline_name_patterns = ["shop-*", "*"]
  }

  assert {
    condition     = !can(jsondecode(aws_cloudwatch_event_rule.state_changed.event_pattern).detail.pipeline)
    error_message = "The rule misses pipelines although a pattern is *."
  }
}

run "as_many_names_as_an_event_pattern_can_have" {
  command = plan

  variables {
    pipeline_name_patterns = [for number in range(40) : format("a-pipeline-with-a-long-name-%02d", number)]
  }

  assert {
    condition     = length(aws_cloudwatch_event_rule.state_changed.event_pattern) > 1400
    error_message = "The pattern does not grow with the names."
  }
}

run "more_names_than_an_event_pattern_can_have" {
  command         = plan
  expect_failures = [aws_cloudwatch_event_rule.state_changed]

  variables {
    pipeline_name_patterns = [for number in range(60) : format("a-pipeline-with-a-long-name-%02d", number)]
  }
}

run "sessions_of_a_role_are_one_person_by_default" {
  command = plan

  assert {
    condition     = module.microfunction["answer_approval"].environment["SESSION_NAMES_ARE_PINNED"] == "false"
    error_message = "A caller who chooses another session name is another person."
  }
}

run "post_releases_takes_manifests_only" {
  command = plan

  assert {
    condition     = output.api_root_url == "https://abc.execute-api.eu-west-1.amazonaws.com/v1"
    error_message = "api_root_url is not the URL of the API's stage."
  }

  assert {
    condition     = output.api_url == "https://abc.execute-api.eu-west-1.amazonaws.com/v1/releases"
    error_message = "api_url is not the URL of POST /releases."
  }

  assert {
    condition     = jsondecode(aws_api_gateway_model.manifest.schema).required == ["releaseId", "pipelines"] && !jsondecode(aws_api_gateway_model.manifest.schema).additionalProperties
    error_message = "The model accepts a body that is not a manifest."
  }

  assert {
    condition     = aws_api_gateway_request_validator.body.validate_request_body && aws_api_gateway_integration.post_release.passthrough_behavior == "NEVER"
    error_message = "A request can avoid the validation."
  }

  assert {
    condition = alltrue([
      for type in ["application/json", "application/json; charset=utf-8", "application/json;charset=UTF-8"] :
      aws_api_gateway_integration.post_release.request_templates[type] == local.start_execution_template
      && aws_api_gateway_method.post_release.request_models[type] == aws_api_gateway_model.manifest.name
    ])
    error_message = "A charset in the content type changes what the API accepts, or avoids the validation."
  }

  assert {
    condition = alltrue([
      for response in [aws_api_gateway_gateway_response.bad_body, aws_api_gateway_gateway_response.unsupported_media_type] :
      can(jsondecode(replace(response.response_templates["application/json"], "$context.error.messageString", jsonencode("a \"quoted\" word"))).message)
      && !strcontains(response.response_templates["application/json"], "validationErrorString")
    ])
    error_message = "A gateway response is not valid JSON on AWS."
  }

  assert {
    condition     = strcontains(local.start_execution_template, "\\\"manifest\\\": $manifest, \\\"requestedBy\\\": \\\"$context.identity.userArn\\\"") && !strcontains(local.start_execution_template, "$input.json")
    error_message = "The template parses the body, or a body can overwrite the caller's identity."
  }

  assert {
    condition     = length(aws_api_gateway_stage.v1.access_log_settings) == 0 && length(aws_cloudwatch_log_group.api) == 0
    error_message = "Access logs are on without api_access_logs."
  }
}

run "the_api_can_log_its_calls" {
  command = plan

  variables {
    api_access_logs    = true
    log_retention_days = 7
  }

  assert {
    condition     = length(aws_api_gateway_stage.v1.access_log_settings) == 1 && aws_cloudwatch_log_group.api[0].retention_in_days == 7
    error_message = "api_access_logs has no effect, or log_retention_days is ignored."
  }

  assert {
    condition     = !strcontains(aws_api_gateway_stage.v1.access_log_settings[0].format, "$context.error.validationErrorString")
    error_message = "A line of the access log is not valid JSON when a body is rejected."
  }
}

run "alarms_notify_the_topic" {
  command = plan

  variables {
    alarm_topic_arn = "arn:aws:sns:eu-west-1:111122223333:on-call"
    tags            = { team = "shop" }
  }

  assert {
    condition     = length(local.every_alarm) == 34
    error_message = "docs/deploy.md has another number of alarms."
  }

  assert {
    condition     = length(aws_cloudwatch_metric_alarm.dead_letters) == length(aws_sqs_queue.undelivered) + length(local.failure_queues)
    error_message = "A dead-letter queue has no alarm, or an alarm has no queue."
  }

  assert {
    condition = alltrue([
      for alarms in [concat(values(aws_cloudwatch_metric_alarm.errors), values(aws_cloudwatch_metric_alarm.lasting_errors)), values(aws_cloudwatch_metric_alarm.throttles)] :
      sort(alarms[*].dimensions.FunctionName) == sort(values(output.function_names))
    ])
    error_message = "A function has no alarm for errors or none for throttled invocations, or two of them."
  }

  assert {
    condition     = toset(keys(aws_cloudwatch_metric_alarm.losses)) == toset(keys(aws_cloudwatch_metric_alarm.dead_letters))
    error_message = "Events of a dead-letter queue can be lost without an alarm."
  }

  assert {
    condition = alltrue([
      for queue, consequence in { people_told = "people do not get a message", hour_passed = "the hourly check did not run", manifest_dropped = "the manifest is not released" } :
      strcontains(aws_cloudwatch_metric_alarm.dead_letters[queue].alarm_description, "${replace(queue, "_", "-")}-undelivered holds an event that was given up: ${consequence}")
    ])
    error_message = "An alarm of a dead-letter queue does not say what does not happen."
  }

  assert {
    condition = alltrue([
      for alarm in local.every_alarm : can(regex("docs/alarms.md#[a-z-]+$", alarm.alarm_description))
    ])
    error_message = "An alarm does not name its section in docs/alarms.md."
  }

  assert {
    condition = alltrue([
      for queue in concat(values(aws_sqs_queue.undelivered)[*].name, values(local.failure_queues)[*].name) :
      contains([for alarm in aws_cloudwatch_metric_alarm.dead_letters : alarm.dimensions.QueueName], queue)
    ])
    error_message = "A dead-letter queue has no alarm."
  }

  assert {
    condition = alltrue([
      for function, alarm in aws_cloudwatch_metric_alarm.errors :
      alarm.dimensions.FunctionName == output.function_names[function] && alarm.evaluation_periods == 1 && alarm.comparison_operator == "GreaterThanOrEqualToThreshold" && alarm.treat_missing_data == "notBreaching"
    ])
    error_message = "An alarm misses the first task that the workflow stops trying, or does not end afterwards."
  }

  assert {
    condition = alltrue([
      for alarm in local.every_alarm :
      alarm.alarm_actions == toset(["arn:aws:sns:eu-west-1:111122223333:on-call"])
    ])
    error_message = "An alarm does not notify the topic."
  }

  assert {
    condition = alltrue([
      for tagged in concat([for alarm in local.every_alarm : alarm.tags], [aws_dynamodb_table.releases.tags]) :
      tagged == tomap({ ReleaseMachine = "two", team = "shop" })
    ])
    error_message = "A resource lacks its tags."
  }
}

run "a_hang_is_noticed" {
  command = plan

  variables {
    look_after_seconds = 7200
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.hangs["OldestWaitSeconds"].threshold == 14400
    error_message = "A release counts as hanging although its next look is not overdue."
  }

  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.hangs : alarm.treat_missing_data == "breaching" && alarm.period == 7200])
    error_message = "An hourly check that does not run is not noticed, or one that comes some seconds late raises an alarm."
  }
}

run "a_hold_is_no_hang" {
  command = plan

  variables {
    look_after_seconds = 600 # What is held is looked at once an hour all the same.
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.hangs["OldestWaitSeconds"].threshold == 7200
    error_message = "A frozen pipeline counts as hanging."
  }
}

run "alarms_link_another_page" {
  command = plan

  variables {
    alarm_pages = "https://wiki.example.com/alarms"
  }

  assert {
    condition     = endswith(aws_cloudwatch_metric_alarm.workflow_faults.alarm_description, " https://wiki.example.com/alarms#failed-workflow")
    error_message = "alarm_pages has no effect."
  }
}
