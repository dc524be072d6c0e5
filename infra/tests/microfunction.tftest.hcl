# The module of one function, alone.

mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
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
}

variables {
  name               = "two-greet"
  description        = "Greets."
  package            = "../.build/functions/open_release.zip"
  record             = "../.build/functions/open_release.zip.json"
  handler            = "greet.handler.handler"
  architecture       = jsondecode(file("../.build/functions/open_release.zip.json")).architecture
  timeout_seconds    = 30
  environment        = { GREETING = "hello" }
  policy_json        = "{\"Id\": \"greet\"}"
  log_retention_days = 30
}

run "a_function_that_the_workflow_invokes" {
  command = apply

  module {
    source = "./modules/microfunction"
  }

  assert {
    condition = [
      aws_lambda_function.function.runtime, one(aws_lambda_function.function.architectures), one(aws_lambda_function.function.logging_config).log_format,
      one(aws_lambda_function.function.logging_config).application_log_level, one(aws_lambda_function.function.logging_config).log_group,
      one(aws_lambda_function.function.tracing_config).mode,
    ] == ["python3.13", var.architecture, "JSON", "INFO", "/aws/lambda/two-greet", "PassThrough"]
    error_message = "The runtime, processor, logging or tracing of the function is wrong."
  }

  assert {
    condition     = aws_lambda_function.function.publish && aws_lambda_alias.live.name == "live" && aws_lambda_alias.live.function_version == aws_lambda_function.function.version
    error_message = "The alias does not name the newest version of the function."
  }

  assert {
    condition     = [output.arn, output.alias, output.version_arn, output.function_arn] == [aws_lambda_alias.live.arn, "live", aws_lambda_function.function.qualified_arn, aws_lambda_function.function.arn]
    error_message = "An output names another version than it says."
  }

  assert {
    condition     = coalesce(aws_lambda_function.function.reserved_concurrent_executions, -1) == -1
    error_message = "The concurrency of the function is limited without reserved_concurrency."
  }

  assert {
    condition     = aws_cloudwatch_log_group.function.retention_in_days == 30
    error_message = "The log group ignores log_retention_days."
  }

  assert {
    condition     = jsondecode(aws_iam_role_policy.task.policy).Id == "greet"
    error_message = "The function does not get policy_json."
  }

  assert {
    condition = [for statement in data.aws_iam_policy_document.runtime.statement : [statement.actions, statement.resources]] == [
      [toset(["logs:CreateLogStream", "logs:PutLogEvents"]), toset(["arn:aws:logs:eu-west-1:111122223333:log-group:a-group:*"])],
    ]
    error_message = "The function may do more than write its own logs."
  }

  assert {
    condition     = output.failure_queue == null && length(aws_lambda_function_event_invoke_config.function) == 0
    error_message = "A function that no events invoke has a dead-letter queue."
  }
}

run "a_function_that_events_invoke" {
  command = apply

  variables {
    asynchronous = true
  }

  module {
    source = "./modules/microfunction"
  }

  assert {
    condition     = one(one(aws_lambda_function_event_invoke_config.function[0].destination_config).on_failure).destination == aws_sqs_queue.failures[0].arn
    error_message = "Events on which the function fails are lost."
  }

  assert {
    condition     = aws_lambda_function_event_invoke_config.function[0].qualifier == aws_lambda_alias.live.name
    error_message = "Lambda keeps failed events only of the qualifier that the rules invoke."
  }

  assert {
    condition     = aws_lambda_function_event_invoke_config.function[0].maximum_retry_attempts == 2 && aws_lambda_function_event_invoke_config.function[0].maximum_event_age_in_seconds == 21600
    error_message = "Lambda does not retry events as often and as long as it can."
  }

  assert {
    condition     = output.failure_queue.name == "two-greet-failures" && aws_sqs_queue.failures[0].sqs_managed_sse_enabled
    error_message = "The dead-letter queue has another name, or is not encrypted."
  }

  assert {
    condition = contains([for statement in data.aws_iam_policy_document.runtime.statement : [statement.actions, statement.resources]],
      [toset(["sqs:SendMessage"]), toset(["arn:aws:sqs:eu-west-1:111122223333:two-greet-failures"])],
    )
    error_message = "The function may not write to its dead-letter queue."
  }
}

run "without_a_key_the_services_encrypt" {
  command = apply

  variables {
    asynchronous = true
    key_actions  = { dynamodb = ["kms:Decrypt"] }
  }

  module {
    source = "./modules/microfunction"
  }

  assert {
    condition     = alltrue([for arn in [aws_lambda_function.function.kms_key_arn, aws_cloudwatch_log_group.function.kms_key_id, aws_sqs_queue.failures[0].kms_master_key_id] : try(length(arn), 0) == 0])
    error_message = "A resource has a key although none is given."
  }

  assert {
    condition     = !strcontains(jsonencode(data.aws_iam_policy_document.runtime.statement), "kms:")
    error_message = "The function may use a key although none is given."
  }
}

run "a_key_encrypts_all_that_the_function_keeps" {
  command = apply

  variables {
    asynchronous = true
    kms_key_arn  = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd"
    key_actions  = { dynamodb = ["kms:Decrypt"] }
  }

  module {
    source = "./modules/microfunction"
  }

  assert {
    condition     = toset([aws_lambda_function.function.kms_key_arn, aws_cloudwatch_log_group.function.kms_key_id, aws_sqs_queue.failures[0].kms_master_key_id]) == toset([var.kms_key_arn])
    error_message = "The environment, the logs or the dead-letter queue are not encrypted with the key."
  }

  assert {
    condition = {
      for statement in data.aws_iam_policy_document.runtime.statement :
      one(one(statement.condition).values) => [join(" ", statement.actions), one(statement.resources), one(statement.condition).variable]
      if startswith(statement.sid, "UseKey")
      } == {
      "dynamodb.eu-west-1.amazonaws.com*" = ["kms:Decrypt", var.kms_key_arn, "kms:ViaService"]
      "sqs.eu-west-1.amazonaws.com*"      = ["kms:Decrypt kms:GenerateDataKey", var.kms_key_arn, "kms:ViaService"]
    }
    error_message = "The function may do more with the key than it needs, or less."
  }
}

run "a_key_for_a_function_without_a_dead_letter_queue" {
  command = apply

  variables {
    kms_key_arn = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd"
  }

  module {
    source = "./modules/microfunction"
  }

  assert {
    condition     = !strcontains(jsonencode(data.aws_iam_policy_document.runtime.statement), "kms:")
    error_message = "A function that uses nothing encrypted may use the key."
  }
}

run "a_function_with_tracing_more_memory_and_a_limit" {
  command = apply

  variables {
    xray_enabled         = true
    memory_mb            = 1769
    reserved_concurrency = 25
  }

  module {
    source = "./modules/microfunction"
  }

  assert {
    condition     = one(aws_lambda_function.function.tracing_config).mode == "Active"
    error_message = "The function is not traced."
  }

  assert {
    condition     = aws_lambda_function.function.memory_size == 1769 && output.memory_mb == 1769
    error_message = "The function ignores memory_mb."
  }

  assert {
    condition     = aws_lambda_function.function.reserved_concurrent_executions == 25
    error_message = "The function ignores reserved_concurrency."
  }
}

run "a_zip_for_another_processor_is_refused" {
  command         = plan
  expect_failures = [aws_lambda_function.function]

  variables {
    architecture = jsondecode(file("../.build/functions/open_release.zip.json")).architecture == "arm64" ? "x86_64" : "arm64"
  }

  module {
    source = "./modules/microfunction"
  }
}

run "a_zip_that_was_replaced_is_refused" {
  command         = plan
  expect_failures = [aws_lambda_function.function]

  variables {
    architecture = "arm64"
    package      = "tests/packages/swapped.txt"
    record       = "tests/packages/swapped.txt.json"
  }

  module {
    source = "./modules/microfunction"
  }
}

run "a_missing_record_is_refused" {
  command         = plan
  expect_failures = [aws_lambda_function.function]

  variables {
    record = "../.build/functions/no-such-record.json"
  }

  module {
    source = "./modules/microfunction"
  }
}

run "a_zip_for_each_processor_needs_no_record" {
  command = plan

  variables {
    package = "tests/packages/swapped.txt"
    record  = null
  }

  module {
    source = "./modules/microfunction"
  }
}

run "policies_as_long_as_iam_accepts" {
  command = apply

  variables {
    policy_json = "{\"Id\": \"${format("%010229d", 0)}\"}" # 10,238 characters, and {} of the mock.
  }

  module {
    source = "./modules/microfunction"
  }
}

run "policies_that_are_too_long_for_iam" {
  command         = plan
  expect_failures = [aws_iam_role_policy.task]

  variables {
    policy_json = "{\"Id\": \"${format("%010230d", 0)}\"}"
  }

  module {
    source = "./modules/microfunction"
  }
}
