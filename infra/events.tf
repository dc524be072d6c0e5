# The rules of EventBridge: uploaded manifests, state changes of pipelines, ends of the workflow, the hourly check, and change
# calendars that open.
#
# Each pattern names account and Region: a bus also gets the events that other accounts and Regions forward to it.

data "aws_cloudwatch_event_bus" "default" {
  name = "default"
}

locals {
  has_calendars = length(var.change_calendars) > 0

  rule_names = {
    for rule in concat(["manifest_dropped", "state_changed", "execution_ended", "hour_passed", "people_told"], local.has_calendars ? ["calendar_opened"] : []) : rule => "${var.name_prefix}-${replace(rule, "_", "-")}"
  }
}

resource "aws_cloudwatch_event_rule" "manifest_dropped" {
  name        = local.rule_names["manifest_dropped"]
  description = "Start the state machine when a manifest is uploaded."
  tags        = local.tags

  event_pattern = jsonencode({
    account     = [local.account]
    region      = [local.region]
    source      = ["aws.s3"]
    detail-type = ["Object Created"]
    detail = {
      bucket = { name = [aws_s3_bucket.manifests.bucket] }
      object = { key = [{ suffix = ".json" }] }
    }
  })
}

locals {
  # Only pipelines that releases may contain: other pipelines cause no invocation, and two deployments in one Region do not
  # record each other's pipelines. A * stands for any characters, as in IAM.
  of_driven_pipelines = contains(var.pipeline_name_patterns, "*") ? {} : {
    pipeline = concat(
      [for pattern in var.pipeline_name_patterns : pattern if !strcontains(pattern, "*")],
      [for pattern in var.pipeline_name_patterns : { wildcard = pattern } if strcontains(pattern, "*")],
    )
  }

  state_changed_pattern = jsonencode({
    account     = [local.account]
    region      = [local.region]
    source      = ["aws.codepipeline"]
    detail-type = ["CodePipeline Pipeline Execution State Change"]
    # The function that starts an execution records it, and the workflow repeats that function: STARTED adds nothing.
    detail = merge({ state = [{ anything-but = ["STARTED"] }] }, local.of_driven_pipelines)
  })

  state_changed_length  = length(local.state_changed_pattern)
  longest_event_pattern = 2048 # EventBridge's quota, in characters.
}

resource "aws_cloudwatch_event_rule" "state_changed" {
  name        = local.rule_names["state_changed"]
  description = "Record the state changes of the pipelines that releases may contain."
  tags        = local.tags

  event_pattern = local.state_changed_pattern

  lifecycle {
    precondition {
      condition     = local.state_changed_length <= local.longest_event_pattern
      error_message = "pipeline_name_patterns has ${length(var.pipeline_name_patterns)} patterns, which make an event pattern of ${local.state_changed_length} characters. EventBridge accepts at most ${local.longest_event_pattern}. Replace names that begin alike with one pattern, such as \"shop-*\", or divide the pipelines between two deployments."
    }
  }
}

resource "aws_cloudwatch_event_rule" "execution_ended" {
  name        = local.rule_names["execution_ended"]
  description = "Close the release of a workflow execution that was stopped, failed or timed out."
  tags        = local.tags

  # The second source is this project: a function that detects a missed workflow end announces it again. A prefix instead of a
  # wildcard, because EventBridge allows only 30 rules with wildcards on a bus, and each deployment needs this rule.
  event_pattern = jsonencode({
    account     = [local.account]
    region      = [local.region]
    source      = ["aws.states", "release-machine"]
    detail-type = ["Step Functions Execution Status Change", "Release Orphaned"]
    detail = {
      stateMachineArn = [aws_sfn_state_machine.release.arn, { prefix = local.prefix_of_versions }]
      status          = ["ABORTED", "FAILED", "TIMED_OUT"]
    }
  })
}

# The safety net for what no event brings: a missed workflow end, an announcement that was not sent, a release that is stuck, and
# records to delete.
resource "aws_cloudwatch_event_rule" "hour_passed" {
  name                = local.rule_names["hour_passed"]
  description         = "Look once an hour for missed workflow ends, announcements to send, releases that hang, and records to delete."
  schedule_expression = "rate(1 hour)"
  tags                = local.tags
}

# It only hastens: tasks that a calendar holds ask again by themselves. AWS sends no event of a calendar that another account
# shares, and others late.
resource "aws_cloudwatch_event_rule" "calendar_opened" {
  count = local.has_calendars ? 1 : 0

  name        = local.rule_names["calendar_opened"]
  description = "Wake what a change calendar holds when it opens."
  tags        = local.tags

  event_pattern = jsonencode({
    account     = [local.account]
    region      = [local.region]
    source      = ["aws.ssm"]
    detail-type = ["Calendar State Change"]
    resources   = local.calendar_arns
    detail      = { state = ["OPEN"] }
  })
}

locals {
  rules = merge(local.calendar_rules, {
    manifest_dropped = {
      rule   = aws_cloudwatch_event_rule.manifest_dropped
      target = aws_sfn_alias.live.arn
    }
    state_changed = {
      rule   = aws_cloudwatch_event_rule.state_changed
      target = module.microfunction["record_state_change"].arn
    }
    execution_ended = {
      rule   = aws_cloudwatch_event_rule.execution_ended
      target = module.microfunction["close_release"].arn
    }
    hour_passed = {
      rule   = aws_cloudwatch_event_rule.hour_passed
      target = module.microfunction["close_release"].arn
    }
    people_told = {
      rule   = aws_cloudwatch_event_rule.people_told
      target = module.microfunction["notify_people"].arn
    }
  })

  calendar_rules = {
    for rule in aws_cloudwatch_event_rule.calendar_opened : "calendar_opened" => {
      rule   = rule
      target = module.microfunction["change_freeze"].arn
    }
  }

  function_rules = merge({ for rule, made in local.calendar_rules : rule => "change_freeze" }, {
    state_changed   = "record_state_change"
    execution_ended = "close_release"
    hour_passed     = "close_release"
    people_told     = "notify_people"
  })
}

resource "aws_cloudwatch_event_target" "rule" {
  for_each = local.rules
  # EventBridge does not try again when it may not invoke a target: the event is a dead letter at once.
  depends_on = [aws_lambda_permission.rule]

  rule      = each.value.rule.name
  target_id = "release-machine"
  arn       = each.value.target
  # EventBridge invokes a function by the function's policy, and starts the state machine by a role.
  role_arn = each.key == "manifest_dropped" ? aws_iam_role.manifest_dropped.arn : null

  dead_letter_config {
    arn = aws_sqs_queue.undelivered[each.key].arn
  }

  retry_policy {
    maximum_event_age_in_seconds = 86400
    maximum_retry_attempts       = 185
  }
}

resource "aws_lambda_permission" "rule" {
  for_each = local.function_rules

  statement_id  = replace(each.key, "_", "-")
  action        = "lambda:InvokeFunction"
  function_name = module.microfunction[each.value].name
  qualifier     = module.microfunction[each.value].alias
  principal     = "events.amazonaws.com"
  source_arn    = local.rules[each.key].rule.arn

  # The rule calls the old target until its target is updated.
  lifecycle {
    create_before_destroy = true
  }
}

data "aws_iam_policy_document" "manifest_dropped_trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = [aws_cloudwatch_event_rule.manifest_dropped.arn]
    }
  }
}

resource "aws_iam_role" "manifest_dropped" {
  name               = local.rule_names["manifest_dropped"]
  assume_role_policy = data.aws_iam_policy_document.manifest_dropped_trust.json
  tags               = local.tags
}

data "aws_iam_policy_document" "start_machine" {
  statement {
    sid     = "StartMachine"
    actions = ["states:StartExecution"]
    # For a start through an alias, IAM compares the ARN of the state machine.
    resources = [aws_sfn_state_machine.release.arn, aws_sfn_alias.live.arn]
  }
}

resource "aws_iam_role_policy" "manifest_dropped" {
  name   = "start-machine"
  role   = aws_iam_role.manifest_dropped.id
  policy = data.aws_iam_policy_document.start_machine.json
}

# Dead-letter queues for events that EventBridge could not deliver: within a day, or at once when it may not call the target or
# the target is gone. Events on which a function failed are in the dead-letter queue of that function.
#
# The ARNs are built from names: the policy then waits neither for the queue nor for the rule and the state machine, which
# makes a first deployment half a minute shorter.
data "aws_iam_policy_document" "undelivered" {
  for_each = local.rule_names

  statement {
    sid       = "KeepUndelivered"
    actions   = ["sqs:SendMessage"]
    resources = ["arn:${local.partition}:sqs:${local.region}:${local.account}:${each.value}-undelivered"]

    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = ["arn:${local.partition}:events:${local.region}:${local.account}:rule/${each.value}"]
    }
  }
}

resource "aws_sqs_queue" "undelivered" {
  for_each = local.rule_names

  name                      = "${each.value}-undelivered"
  message_retention_seconds = 1209600
  sqs_managed_sse_enabled   = var.kms_key_arn == null ? true : null
  kms_master_key_id         = var.kms_key_arn # Its policy must let EventBridge use it.
  policy                    = data.aws_iam_policy_document.undelivered[each.key].json
  tags                      = local.tags
}
