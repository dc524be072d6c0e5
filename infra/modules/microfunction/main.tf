# One function: its code with all its versions, its role, its log group and, when events invoke it, the queue of events that
# failed.

locals {
  built_for    = var.record == null ? var.architecture : try(jsondecode(file(var.record)).architecture, "an unknown processor")
  built_sha256 = var.record == null ? filesha256(var.package) : try(jsondecode(file(var.record)).sha256, "unknown")
  build_again  = "Build the zips again: .venv/bin/python tools/build_functions.py --architecture ${var.architecture}"

  # IAM limits all inline policies of a role together, and counts no white space.
  policy_characters      = sum([for policy in [data.aws_iam_policy_document.runtime.json, var.policy_json] : length(jsonencode(jsondecode(policy)))])
  most_policy_characters = 10240

  # Built from the name, in the place of the log group, so that a plan shows the policy before the queue exists.
  place        = split(":", aws_cloudwatch_log_group.function.arn) # arn, partition, service, Region, account, ...
  failures_arn = "arn:${local.place[1]}:sqs:${local.place[3]}:${local.place[4]}:${var.name}-failures"

  # What the function does with the key, by the service that calls KMS for it.
  key_actions = var.kms_key_arn == null ? {} : merge(
    var.key_actions,
    var.asynchronous ? { sqs = ["kms:Decrypt", "kms:GenerateDataKey"] } : {},
  )
}

resource "aws_cloudwatch_log_group" "function" {
  #checkov:skip=CKV_AWS_158: CloudWatch Logs encrypts it; kms_key_arn gives it a key of the customer.
  #checkov:skip=CKV_AWS_338: The record of releases is in the tables. log_retention_days keeps logs longer.
  name              = "/aws/lambda/${var.name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
  tags              = var.tags
}

resource "aws_lambda_function" "function" {
  #checkov:skip=CKV_AWS_116: Events that fail go to the destination of aws_lambda_function_event_invoke_config; other callers see the error.
  #checkov:skip=CKV_AWS_117: It calls AWS only, and nothing in a VPC. A VPC would need a NAT gateway or ten endpoints.
  #checkov:skip=CKV_AWS_272: A signing profile belongs to the account. Builds are reproducible, and Terraform compares each zip with its SHA-256.
  # Lambda checks at creation that the role may trace.
  depends_on = [aws_iam_role_policy.runtime]

  function_name    = var.name
  description      = var.description
  role             = aws_iam_role.function.arn
  filename         = var.package
  source_code_hash = filebase64sha256(var.package)
  handler          = var.handler
  runtime          = "python3.13"
  architectures    = [var.architecture]
  timeout          = var.timeout_seconds
  memory_size      = var.memory_mb
  publish          = true # Each change makes a version. Terraform never deletes the earlier ones: running releases use them.
  kms_key_arn      = var.kms_key_arn
  tags             = var.tags

  reserved_concurrent_executions = var.reserved_concurrency

  environment {
    variables = var.environment
  }

  logging_config {
    log_format            = "JSON"
    log_group             = aws_cloudwatch_log_group.function.name
    application_log_level = "INFO" # The functions log one line per fact at this level.
    system_log_level      = "INFO"
  }

  tracing_config {
    mode = var.xray_enabled ? "Active" : "PassThrough"
  }

  lifecycle {
    precondition {
      condition     = local.built_for == var.architecture
      error_message = "${var.package} is built for ${local.built_for}, but architecture is ${var.architecture}. ${local.build_again}"
    }

    precondition {
      condition     = local.built_sha256 == filesha256(var.package)
      error_message = "${var.package} differs from the zip that its record describes. ${local.build_again}"
    }
  }
}

# The version that events and the API invoke: the newest one, unless somebody rolls a build back.
resource "aws_lambda_alias" "live" {
  name             = "live"
  description      = "The version that events and the API invoke. The workflow names versions."
  function_name    = aws_lambda_function.function.function_name
  function_version = aws_lambda_function.function.version
}

resource "aws_sqs_queue" "failures" {
  count = var.asynchronous ? 1 : 0

  name                      = "${var.name}-failures"
  message_retention_seconds = 1209600
  sqs_managed_sse_enabled   = var.kms_key_arn == null ? true : null
  kms_master_key_id         = var.kms_key_arn
  tags                      = var.tags
}

resource "aws_lambda_function_event_invoke_config" "function" {
  count = var.asynchronous ? 1 : 0
  # Lambda checks at creation that the role may write to the queue.
  depends_on = [aws_iam_role_policy.runtime]

  function_name                = aws_lambda_function.function.function_name
  qualifier                    = aws_lambda_alias.live.name # Lambda keeps this configuration for each alias and version.
  maximum_retry_attempts       = 2
  maximum_event_age_in_seconds = 21600

  destination_config {
    on_failure {
      destination = aws_sqs_queue.failures[0].arn
    }
  }

  # Without it, an event on which the function fails would be lost.
  lifecycle {
    create_before_destroy = true
  }
}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "function" {
  name               = var.name
  assume_role_policy = data.aws_iam_policy_document.trust.json
  tags               = var.tags
}

data "aws_iam_policy_document" "runtime" {
  statement {
    sid       = "WriteLogs"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.function.arn}:*"]
  }

  dynamic "statement" {
    for_each = var.asynchronous ? [local.failures_arn] : []

    content {
      sid       = "KeepFailures"
      actions   = ["sqs:SendMessage"]
      resources = [statement.value]
    }
  }

  # Each service calls KMS with the permissions of the function. The end stands for .cn in the Regions of China.
  dynamic "statement" {
    for_each = local.key_actions

    content {
      sid       = "UseKeyThrough${title(statement.key)}"
      actions   = statement.value
      resources = [var.kms_key_arn]

      condition {
        test     = "StringLike"
        variable = "kms:ViaService"
        values   = ["${statement.key}.${split(":", var.kms_key_arn)[3]}.amazonaws.com*"]
      }
    }
  }

  dynamic "statement" {
    for_each = var.xray_enabled ? [true] : []

    content {
      sid       = "Trace"
      actions   = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"]
      resources = ["*"] # X-Ray has no resource type for these actions.
    }
  }
}

resource "aws_iam_role_policy" "runtime" {
  name   = "runtime"
  role   = aws_iam_role.function.id
  policy = data.aws_iam_policy_document.runtime.json
}

resource "aws_iam_role_policy" "task" {
  name   = "task"
  role   = aws_iam_role.function.id
  policy = var.policy_json

  lifecycle {
    precondition {
      condition     = local.policy_characters <= local.most_policy_characters
      error_message = "The policies of ${var.name} have ${local.policy_characters} characters. IAM accepts at most ${local.most_policy_characters} for a role. Replace names that begin alike in pipeline_name_patterns with one pattern, such as \"shop-*\", or divide the pipelines between two deployments."
    }
  }
}
