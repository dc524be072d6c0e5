# The functions. A key is the folder in lambdas/, the zip and the package of the handler; on AWS the name has hyphens.

locals {
  functions_dir = coalesce(var.functions_dir, "${path.module}/../.build/functions")

  every_function = {
    RELEASES_TABLE        = aws_dynamodb_table.releases.name
    EXECUTIONS_TABLE      = aws_dynamodb_table.executions.name
    PIPELINES_TABLE       = aws_dynamodb_table.pipelines.name
    RECORD_RETENTION_DAYS = tostring(var.record_retention_days)
    EVENT_BUS             = data.aws_cloudwatch_event_bus.default.name
    DEPLOYMENT            = var.name_prefix
    CHANGE_CALENDARS      = join(",", var.change_calendars) # Empty: none. Also for functions that start nothing yet.
  }

  # A function's share of a processor grows with its memory: 1769 MiB give a whole one. With 256 MiB a cold start took seconds
  # to create the AWS clients. Opening and closing a release also make thousands of calls.
  functions = {
    open_release = {
      description     = "Reads and validates a manifest, and opens its release."
      timeout_seconds = 180 # Reads and locks up to a thousand pipelines, slowly while CodePipeline throttles.
      memory_mb       = 1024
      asynchronous    = false
      environment = merge(local.every_function, {
        LOOK_AFTER_SECONDS = tostring(var.look_after_seconds)
        # IAM enforces the same, but its error does not name the reason, and a user who plans has other permissions.
        PIPELINE_NAME_PATTERNS = join(",", var.pipeline_name_patterns)
        MANIFEST_BUCKET        = aws_s3_bucket.manifests.bucket
        DEPLOYED_VERSION       = local.release_machine_version
      })
    }
    run_pipeline = {
      description     = "Registers the task token of a pipeline and starts the pipeline."
      timeout_seconds = 45 # Shorter than CLAIM_WINDOW in decide/timing.py.
      memory_mb       = 512
      asynchronous    = false
      environment     = local.every_function
    }
    record_state_change = {
      description     = "Records the state change of a pipeline and settles its task token at the end."
      timeout_seconds = 45 # Shorter than CLAIM_WINDOW in decide/timing.py.
      memory_mb       = 512
      asynchronous    = true
      environment     = local.every_function
    }
    close_release = {
      description     = "Closes a release: stops pipelines that still run, and announces the outcome."
      timeout_seconds = 300 # Stops and unlocks up to a thousand pipelines, one after the other.
      memory_mb       = 1024
      asynchronous    = true
      environment = merge(local.every_function, {
        MANIFEST_BUCKET        = aws_s3_bucket.manifests.bucket
        RELEASE_RETENTION_DAYS = var.release_retention_days == null ? "" : tostring(var.release_retention_days)
      })
    }
    answer_approval = {
      description     = "Counts the answer of a person to an approval, and lets the release go on."
      timeout_seconds = 45 # Shorter than CLAIM_WINDOW in decide/timing.py. The API gives its caller an error after 29 seconds.
      memory_mb       = 512
      asynchronous    = false
      environment     = merge(local.every_function, { SESSION_NAMES_ARE_PINNED = tostring(var.session_names_are_pinned) })
    }
    change_freeze = {
      description     = "Freezes pipelines, lifts freezes, overrides them for a release, and wakes what they held."
      timeout_seconds = 60 # Wakes up to thousands of tasks. The API gives its caller an error after 29 seconds.
      memory_mb       = 512
      asynchronous    = length(var.change_calendars) > 0 # Then the event of a calendar invokes it, too.
      environment     = local.every_function
    }
    notify_people = {
      description     = "Tells people what happens to releases: one SNS message for each event."
      timeout_seconds = 60 # As long as all tries of one call may take.
      memory_mb       = 512
      asynchronous    = true
      environment     = { PEOPLE_TOPIC = local.people_topic_arn } # It reads nothing but the event.
    }
  }

  policies = {
    open_release        = data.aws_iam_policy_document.open_release.json
    run_pipeline        = data.aws_iam_policy_document.run_pipeline.json
    record_state_change = data.aws_iam_policy_document.record_state_change.json
    close_release       = data.aws_iam_policy_document.close_release.json
    answer_approval     = data.aws_iam_policy_document.answer_approval.json
    change_freeze       = data.aws_iam_policy_document.change_freeze.json
    notify_people       = data.aws_iam_policy_document.notify_people.json
  }

  sources = {
    for service in ["s3", "codecommit", "ecr"] : service => [
      for arn in var.source_arns : arn if split(":", arn)[2] == service
    ]
  }

  calendar_arns = [
    for calendar in var.change_calendars :
    startswith(calendar, "arn:") ? calendar : "arn:${local.partition}:ssm:${local.region}:${local.account}:document/${calendar}"
  ]

  pipeline_arns = [
    for pattern in var.pipeline_name_patterns : "arn:${local.partition}:codepipeline:${local.region}:${local.account}:${pattern}"
  ]
}

module "microfunction" {
  source   = "./modules/microfunction"
  for_each = local.functions

  name               = "${var.name_prefix}-${replace(each.key, "_", "-")}"
  description        = each.value.description
  package            = "${local.functions_dir}/${each.key}.zip"
  record             = "${local.functions_dir}/${each.key}.zip.json"
  handler            = "${each.key}.handler.handler"
  architecture       = var.architecture
  timeout_seconds    = each.value.timeout_seconds
  memory_mb          = each.value.memory_mb
  environment        = each.value.environment
  asynchronous       = each.value.asynchronous
  policy_json        = local.policies[each.key]
  log_retention_days = var.log_retention_days
  kms_key_arn        = var.kms_key_arn
  key_actions        = local.key_actions[each.key]
  xray_enabled       = var.xray_enabled
  tags               = local.tags

  reserved_concurrency = lookup(var.reserved_concurrency, each.key, null)
}

# Each function that reads the workflow of a release announces a missed end again when it detects one.
data "aws_iam_policy_document" "announce" {
  statement {
    sid       = "Announce"
    actions   = ["events:PutEvents"]
    resources = [data.aws_cloudwatch_event_bus.default.arn]

    condition {
      test     = "StringEquals"
      variable = "events:source"
      values   = ["release-machine"]
    }
  }
}

# Only for dry runs, which look up the pinned revisions of a manifest and the newest ones, and say until when nothing starts.
data "aws_iam_policy_document" "look_for_revisions" {
  dynamic "statement" {
    for_each = length(local.sources.s3) > 0 ? [local.sources.s3] : []

    content {
      sid       = "LookForObjects"
      actions   = ["s3:GetObject", "s3:GetObjectVersion"]
      resources = [for arn in statement.value : "${arn}/*"]
    }
  }

  dynamic "statement" {
    for_each = length(local.sources.s3) > 0 ? [local.sources.s3] : []

    content {
      sid       = "DetectMissingObjects" # Without it, S3 answers 403 for a missing object, too.
      actions   = ["s3:ListBucket"]
      resources = statement.value
    }
  }

  dynamic "statement" {
    for_each = length(local.sources.codecommit) > 0 ? [local.sources.codecommit] : []

    content {
      sid       = "LookForCommits"
      actions   = ["codecommit:GetBranch", "codecommit:GetCommit"]
      resources = statement.value
    }
  }

  dynamic "statement" {
    for_each = length(local.sources.ecr) > 0 ? [local.sources.ecr] : []

    content {
      sid       = "LookForImages"
      actions   = ["ecr:DescribeImages"]
      resources = statement.value
    }
  }

  dynamic "statement" {
    for_each = length(local.calendar_arns) > 0 ? [local.calendar_arns] : []

    content {
      sid       = "LookAtCalendars"
      actions   = ["ssm:GetCalendarState"]
      resources = statement.value
    }
  }
}

data "aws_iam_policy_document" "open_release" {
  source_policy_documents = [
    data.aws_iam_policy_document.announce.json,
    data.aws_iam_policy_document.look_for_revisions.json,
  ]

  statement {
    sid       = "ReadOwnInput"
    actions   = ["states:DescribeExecution"]
    resources = ["${local.executions_arn}:*"]
  }

  statement {
    sid       = "ReadManifests"
    actions   = ["s3:GetObject", "s3:GetObjectVersion"]
    resources = ["${aws_s3_bucket.manifests.arn}/*"]
  }

  statement {
    sid       = "WriteResults" # The rule for manifests matches none of these keys.
    actions   = ["s3:PutObject"]
    resources = ["${aws_s3_bucket.manifests.arn}/*.result"]
  }

  statement {
    sid       = "ReadPipelineDeclarations"
    actions   = ["codepipeline:GetPipeline"]
    resources = local.pipeline_arns
  }

  statement {
    sid = "OpenReleases"
    actions = [
      "dynamodb:BatchGetItem",
      "dynamodb:ConditionCheckItem",
      "dynamodb:PutItem",
      "dynamodb:Query",
      "dynamodb:UpdateItem",
    ]
    resources = [aws_dynamodb_table.releases.arn]
  }

  statement {
    sid       = "ReadPipelineStates"
    actions   = ["codepipeline:GetPipelineState", "codepipeline:ListPipelineExecutions"]
    resources = local.pipeline_arns
  }

  statement {
    sid       = "ReadEarlierExecutions" # And claim those of starts that were not recorded.
    actions   = ["dynamodb:BatchGetItem", "dynamodb:UpdateItem"]
    resources = [aws_dynamodb_table.executions.arn]
  }

  statement {
    sid       = "ReadExecutionsOfPipelines"
    actions   = ["codepipeline:GetPipelineExecution", "codepipeline:ListActionExecutions"]
    resources = local.pipeline_arns
  }

  statement {
    sid       = "LockPipelines"
    actions   = ["dynamodb:BatchGetItem", "dynamodb:UpdateItem"]
    resources = [aws_dynamodb_table.pipelines.arn]
  }

  statement {
    sid       = "ResumeQueuedReleases"
    actions   = ["states:SendTaskSuccess"]
    resources = ["*"] # Step Functions has no resource type for this action: the task token is the permission.
  }
}

# Permissions of each function that advances a release: read and update it, read and stop its pipelines, settle task tokens.
data "aws_iam_policy_document" "advance" {
  source_policy_documents = [data.aws_iam_policy_document.announce.json]

  statement {
    sid       = "AdvanceReleases"
    actions   = ["dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:UpdateItem"]
    resources = [aws_dynamodb_table.releases.arn]
  }

  statement {
    sid       = "RecordExecutions"
    actions   = ["dynamodb:BatchGetItem", "dynamodb:UpdateItem"]
    resources = [aws_dynamodb_table.executions.arn]
  }

  statement {
    sid       = "ReadAndUpdateLocks"
    actions   = ["dynamodb:BatchGetItem", "dynamodb:UpdateItem"]
    resources = [aws_dynamodb_table.pipelines.arn]
  }

  statement {
    sid = "ReadAndStopPipelines"
    actions = [
      "codepipeline:GetPipeline", # Whether an execution is gone with its pipeline, and which actions a pipeline has.
      "codepipeline:GetPipelineExecution",
      "codepipeline:GetPipelineState", # shows answers to manual approvals at once, and the current version
      "codepipeline:ListActionExecutions",
      "codepipeline:ListPipelineExecutions",
      "codepipeline:ListRuleExecutions",
      "codepipeline:StopPipelineExecution",
    ]
    resources = local.pipeline_arns
  }

  statement {
    sid       = "ReadWorkflowStatus"
    actions   = ["states:DescribeExecution"]
    resources = ["${local.executions_arn}:*"]
  }

  statement {
    sid       = "SettleTokens"
    actions   = ["states:SendTaskFailure", "states:SendTaskSuccess"]
    resources = ["*"] # Step Functions has no resource type for these actions: the task token is the permission.
  }
}

# The end of a pipeline may start its dependents or a retry, so the functions that record ends may do both.
data "aws_iam_policy_document" "start" {
  statement {
    sid       = "StartPipelines"
    actions   = ["codepipeline:StartPipelineExecution"]
    resources = local.pipeline_arns
  }

  statement {
    sid       = "RetryStages"
    actions   = ["codepipeline:RetryStageExecution"]
    resources = [for arn in local.pipeline_arns : "${arn}/*"] # The resource of this action is a stage of the pipeline.
  }

  dynamic "statement" {
    for_each = length(local.calendar_arns) > 0 ? [local.calendar_arns] : []

    content {
      sid       = "ReadCalendars"
      actions   = ["ssm:GetCalendarState"]
      resources = statement.value
    }
  }
}

data "aws_iam_policy_document" "run_pipeline" {
  source_policy_documents = [data.aws_iam_policy_document.advance.json, data.aws_iam_policy_document.start.json]
}

data "aws_iam_policy_document" "record_state_change" {
  source_policy_documents = [data.aws_iam_policy_document.advance.json, data.aws_iam_policy_document.start.json]
}

# A vote may be the last one that the pipelines behind an approval wait for.
data "aws_iam_policy_document" "answer_approval" {
  source_policy_documents = [data.aws_iam_policy_document.advance.json, data.aws_iam_policy_document.start.json]
}

# It starts nothing: what is not frozen any more is started by its own task, which this function wakes.
data "aws_iam_policy_document" "change_freeze" {
  statement {
    sid       = "ChangeFreezes"
    actions   = ["dynamodb:BatchGetItem", "dynamodb:UpdateItem"]
    resources = [aws_dynamodb_table.releases.arn]
  }

  statement {
    sid       = "FindReleasesOfPipelines"
    actions   = ["dynamodb:Scan"]
    resources = [aws_dynamodb_table.pipelines.arn]
  }

  statement {
    sid       = "WakeTasks"
    actions   = ["states:SendTaskFailure"]
    resources = ["*"] # Step Functions has no resource type for this action: the task token is the permission.
  }
}

data "aws_iam_policy_document" "close_release" {
  source_policy_documents = [data.aws_iam_policy_document.advance.json]

  statement {
    sid       = "WriteResults" # Each write names the file that it replaces, so it is read first.
    actions   = ["s3:GetObject", "s3:PutObject"]
    resources = ["${aws_s3_bucket.manifests.arn}/*.result"]
  }

  statement {
    sid       = "FindReleasesNotAnnounced"
    actions   = ["dynamodb:Query"]
    resources = ["${aws_dynamodb_table.releases.arn}/index/by_time"]
  }

  # Without release_retention_days, no function may delete a record.
  dynamic "statement" {
    for_each = var.release_retention_days == null ? [] : [aws_dynamodb_table.releases.arn]

    content {
      sid       = "DeleteExpiredReleases"
      actions   = ["dynamodb:ConditionCheckItem", "dynamodb:DeleteItem"]
      resources = [statement.value]
    }
  }
}

data "aws_iam_policy_document" "notify_people" {
  statement {
    sid       = "TellPeople"
    actions   = ["sns:Publish"]
    resources = [local.people_topic_arn]
  }
}
