# The workflow. Its definition is plain ASL; Terraform fills in only ARNs and the partition.
#
# The definition names versions of the functions: an execution that runs for weeks invokes the code that it was started with,
# also after the next deployment.

locals {
  # arn:...:stateMachine:NAME -> arn:...:execution:NAME, the prefix of the executions' ARNs.
  executions_arn = replace(aws_sfn_state_machine.release.arn, ":stateMachine:", ":execution:")
  # An execution that an alias started may show the version of the state machine that it runs.
  prefix_of_versions  = "${aws_sfn_state_machine.release.arn}:"
  versions_of_machine = "${local.prefix_of_versions}*"

  live = "live" # The alias of the newest version.
}

resource "aws_sfn_state_machine" "release" {
  #checkov:skip=CKV_AWS_284: xray_enabled turns tracing on.
  #checkov:skip=CKV_AWS_285: It logs errors, but without the data: that holds task tokens and manifests.
  # Step Functions checks at creation that the role may write logs.
  depends_on = [aws_iam_role_policy.machine]

  name     = var.name_prefix
  type     = "STANDARD"
  publish  = true # Aliases need versions. Terraform never deletes the earlier ones.
  role_arn = aws_iam_role.machine.arn
  tags     = local.tags

  # The file itself is valid ASL, so it names the partition of most Regions. In GovCloud and China, Step Functions accepts
  # only the ARNs of that partition for its integrations.
  definition = replace(
    templatefile("${path.module}/../statemachine.asl.json", {
      open_release_arn  = module.microfunction["open_release"].version_arn
      run_pipeline_arn  = module.microfunction["run_pipeline"].version_arn
      close_release_arn = module.microfunction["close_release"].version_arn
      # The alias needs a version of this definition, so its ARN is built from names.
      live_arn = "arn:${local.partition}:states:${local.region}:${local.account}:stateMachine:${var.name_prefix}:${local.live}"
    }),
    "arn:aws:states:::", "arn:${local.partition}:states:::"
  )

  logging_configuration {
    level                  = "ERROR"
    log_destination        = "${aws_cloudwatch_log_group.machine.arn}:*"
    include_execution_data = false # The data holds task tokens and manifests; the history of the execution has it.
  }

  dynamic "tracing_configuration" {
    for_each = var.xray_enabled ? [true] : []

    content {
      enabled = true
    }
  }
}

# Only the API starts executions through this alias. So the alias proves that an execution came through the API. Its input
# does not: anyone who may start the state machine itself can write the same input.
resource "aws_sfn_alias" "api" {
  name        = "api"
  description = "For the API only. Do not grant it to others."

  routing_configuration {
    state_machine_version_arn = aws_sfn_state_machine.release.state_machine_version_arn
    weight                    = 100
  }
}

# The rule for uploaded manifests and automatic rollbacks start this version.
resource "aws_sfn_alias" "live" {
  name        = local.live
  description = "The version that uploaded manifests and automatic rollbacks start."

  routing_configuration {
    state_machine_version_arn = aws_sfn_state_machine.release.state_machine_version_arn
    weight                    = 100
  }
}

resource "aws_cloudwatch_log_group" "machine" {
  #checkov:skip=CKV_AWS_158: CloudWatch Logs encrypts it; kms_key_arn gives it a key of the customer.
  #checkov:skip=CKV_AWS_338: The record of releases is in the tables. log_retention_days keeps logs longer.
  # For names in /aws/vendedlogs/ AWS adds nothing to the account's log resource policy, whose size is limited.
  name              = "/aws/vendedlogs/states/${var.name_prefix}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
  tags              = local.tags
}

data "aws_iam_policy_document" "machine_trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["states.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }
}

resource "aws_iam_role" "machine" {
  name               = var.name_prefix
  assume_role_policy = data.aws_iam_policy_document.machine_trust.json
  tags               = local.tags
}

data "aws_iam_policy_document" "machine" {
  statement {
    sid     = "InvokeFunctions"
    actions = ["lambda:InvokeFunction"]
    # All versions: each running execution invokes the one that it was started with. Executions of a deployment without
    # versions invoke the function itself.
    resources = flatten([
      for arn in [
        module.microfunction["open_release"].function_arn,
        module.microfunction["run_pipeline"].function_arn,
        module.microfunction["close_release"].function_arn,
      ] : [arn, "${arn}:*"]
    ])
  }

  statement {
    sid = "DeliverLogs"
    actions = [
      "logs:CreateLogDelivery",
      "logs:DeleteLogDelivery",
      "logs:DescribeLogGroups",
      "logs:DescribeResourcePolicies",
      "logs:GetLogDelivery",
      "logs:ListLogDeliveries",
      "logs:PutResourcePolicy",
      "logs:UpdateLogDelivery",
    ]
    resources = ["*"] # CloudWatch Logs has no resource type for the delivery of another service's logs.
  }

  dynamic "statement" {
    for_each = var.xray_enabled ? [true] : []

    content {
      sid = "Trace"
      actions = [
        "xray:GetSamplingRules",
        "xray:GetSamplingTargets",
        "xray:PutTelemetryRecords",
        "xray:PutTraceSegments",
      ]
      resources = ["*"] # X-Ray has no resource type for these actions.
    }
  }
}

resource "aws_iam_role_policy" "machine" {
  name   = "machine"
  role   = aws_iam_role.machine.id
  policy = data.aws_iam_policy_document.machine.json
}

# The Distributed Map starts child executions of the state machine itself, and RollBackRelease starts another execution. The
# policy needs the machine's ARN, so Terraform creates it after the machine.
data "aws_iam_policy_document" "map" {
  statement {
    sid       = "StartChildren"
    actions   = ["states:StartExecution"]
    resources = [aws_sfn_state_machine.release.arn, local.versions_of_machine]
  }

  statement {
    sid       = "WatchAndStopChildren"
    actions   = ["states:DescribeExecution", "states:StopExecution"]
    resources = ["${local.executions_arn}:*", "${local.executions_arn}/*"]
  }
}

resource "aws_iam_role_policy" "map" {
  name   = "map"
  role   = aws_iam_role.machine.id
  policy = data.aws_iam_policy_document.map.json
}
