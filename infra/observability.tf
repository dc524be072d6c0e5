# Alarms: each one needs a person, and has a section in docs/alarms.md that says what it means and what to do. An ordinary
# outcome raises none: a failed release announces itself, and neither a rejected manifest nor a start that CodePipeline
# throttles is an error of a function.

locals {
  failure_queues = {
    for function, made in module.microfunction : function => made.failure_queue if local.functions[function].asynchronous
  }

  dead_letter_queues = merge(
    { for rule, queue in aws_sqs_queue.undelivered : rule => queue.name },
    { for function, queue in local.failure_queues : function => queue.name },
  )

  # What does not happen until the event is replayed; docs/alarms.md has the same.
  without_event = {
    manifest_dropped    = "the manifest is not released"
    state_changed       = "the pipeline goes on at its next look"
    record_state_change = "the pipeline goes on at its next look"
    execution_ended     = "a stopped release is closed within the hour"
    close_release       = "a stopped release is closed within the hour, if close_release works again"
    hour_passed         = "the hourly check did not run; the next one comes within the hour"
    calendar_opened     = "what a calendar held goes on at its next look"
    change_freeze       = "what a calendar held goes on at its next look"
    people_told         = "people do not get a message"
    notify_people       = "people do not get a message"
  }

  alarm_actions = var.alarm_topic_arn == null ? [] : [var.alarm_topic_arn]
}

resource "aws_cloudwatch_metric_alarm" "dead_letters" {
  for_each = local.dead_letter_queues

  alarm_name          = "${each.value}-not-empty"
  alarm_description   = "${each.value} holds an event that was given up: ${local.without_event[each.key]}. List it (release-machine dead-letters), remove the cause, then replay or delete it. ${var.alarm_pages}#dead-letters"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = each.value }
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.alarm_actions
  tags                = local.tags
}

# An event that is given up and cannot be kept either is lost. Only these metrics show that.
locals {
  losses = merge(
    {
      for rule, name in local.rule_names : rule => {
        name       = "${name}-lost"
        namespace  = "AWS/Events"
        metric     = "InvocationsFailedToBeSentToDlq"
        dimensions = { RuleName = name }
      }
    },
    {
      for function, queue in local.failure_queues : function => {
        name       = "${module.microfunction[function].name}-lost"
        namespace  = "AWS/Lambda"
        metric     = "DestinationDeliveryFailures"
        dimensions = { FunctionName = module.microfunction[function].name }
      }
    },
  )
}

resource "aws_cloudwatch_metric_alarm" "losses" {
  for_each = local.losses

  alarm_name          = each.value.name
  alarm_description   = "An event was given up and could not be written to its dead-letter queue. It is lost. ${var.alarm_pages}#lost-events"
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.alarm_actions
  tags                = local.tags
}

locals {
  # The attempts of the workflow at one task: MaxAttempts in its definition, plus the first one; and the seconds within which
  # all of them start, even when each lasts as long as it can.
  tries = {
    open_release  = 7
    run_pipeline  = 13
    close_release = 9
  }

  tried_within = {
    open_release  = 1200
    run_pipeline  = 1200
    close_release = 3600
  }

  given_up = {
    open_release  = "the workflow stops trying, and nothing is released. Read the logs (release-machine logs), remove the cause, then submit the manifest again."
    run_pipeline  = "the workflow stops trying, and the pipeline fails. Read the logs (release-machine logs), remove the cause, then retry the release (release-machine retry)."
    close_release = "the workflow fails, and an event makes three more attempts to close the release. Read the logs (release-machine logs) and remove the cause."
  }
}

resource "aws_cloudwatch_metric_alarm" "errors" {
  for_each = local.tries

  alarm_name          = "${module.microfunction[each.key].name}-errors"
  alarm_description   = "${each.key} failed ${each.value} times within ${local.tried_within[each.key] / 60} minutes. After ${each.value} attempts at one task ${local.given_up[each.key]} ${var.alarm_pages}#errors-of-the-workflows-functions"
  namespace           = "AWS/Lambda"
  metric_name         = "Errors"
  dimensions          = { FunctionName = module.microfunction[each.key].name }
  statistic           = "Sum"
  period              = local.tried_within[each.key]
  evaluation_periods  = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = each.value
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.alarm_actions
  tags                = local.tags
}

# One error of the other functions is ordinary: Lambda delivers the event again, or the caller of the API tries again. When a
# large release is stopped, many of its events are early and come again a minute later.
resource "aws_cloudwatch_metric_alarm" "lasting_errors" {
  for_each = toset([for function in keys(local.functions) : function if !contains(keys(local.tries), function)])

  alarm_name          = "${module.microfunction[each.key].name}-errors"
  alarm_description   = "${each.key} has failed again and again for 15 minutes. Read the logs (release-machine logs), remove the cause, then replay the events that it gave up (release-machine dead-letters). ${var.alarm_pages}#errors-of-the-other-functions"
  namespace           = "AWS/Lambda"
  metric_name         = "Errors"
  dimensions          = { FunctionName = module.microfunction[each.key].name }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 3
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.alarm_actions
  tags                = local.tags
}

# Lambda, Step Functions and EventBridge repeat throttled invocations, so only throttling that lasts needs a person.
resource "aws_cloudwatch_metric_alarm" "throttles" {
  for_each = local.functions

  alarm_name          = "${module.microfunction[each.key].name}-throttled"
  alarm_description   = "Lambda has refused invocations of ${each.key} for 15 minutes: the account or reserved_concurrency allows too few at the same time. ${var.alarm_pages}#throttled-functions"
  namespace           = "AWS/Lambda"
  metric_name         = "Throttles"
  dimensions          = { FunctionName = module.microfunction[each.key].name }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 3
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.alarm_actions
  tags                = local.tags
}

resource "aws_cloudwatch_metric_alarm" "api_errors" {
  alarm_name          = "${var.name_prefix}-api-errors"
  alarm_description   = "The API has answered 3 requests within 15 minutes with a server error: people could not release, approve or freeze. ${var.alarm_pages}#errors-of-the-api"
  namespace           = "AWS/ApiGateway"
  metric_name         = "5XXError"
  dimensions          = { ApiName = aws_api_gateway_rest_api.releases.name, Stage = local.stage_name }
  statistic           = "Sum"
  period              = 900
  evaluation_periods  = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 3
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.alarm_actions
  tags                = local.tags
}

# The metrics that the functions measure themselves (lambdas/release_core/metrics.py).

# Not ExecutionsFailed of Step Functions: the workflow execution of a failed release and of a rejected manifest fails, too.
# close_release, which the event of the failure invokes, knows the difference.
resource "aws_cloudwatch_metric_alarm" "workflow_faults" {
  alarm_name          = "${var.name_prefix}-workflow-failed"
  alarm_description   = "A workflow execution failed by itself, and not because its release failed or its manifest was rejected. ${var.alarm_pages}#failed-workflow"
  namespace           = "ReleaseMachine"
  metric_name         = "WorkflowFaults"
  dimensions          = { Deployment = var.name_prefix }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.alarm_actions
  tags                = local.tags
}

locals {
  # A pipeline that a freeze or a calendar holds is looked at once an hour, however short look_after_seconds is.
  longest_look_seconds = max(var.look_after_seconds, 3600)

  hangs = {
    OldestWaitSeconds = {
      name        = "waits-too-long"
      threshold   = 2 * local.longest_look_seconds
      description = "A pipeline of a release that runs has not been looked at for twice the look interval, so the release may hang; or the hourly check has not measured it for two hours."
      page        = "a-release-hangs"
    }
    ReleasesPastDeadline = {
      name        = "past-deadline"
      threshold   = 0
      description = "A release still runs an hour after its deadline; or the hourly check has not measured it for two hours."
      page        = "a-release-is-past-its-deadline"
    }
  }
}

# The hourly check writes both values each hour, also when nothing runs. No value means that the check does not run, so it
# raises the alarm. A period of two hours always holds a value, also when the check comes some seconds early or late.
resource "aws_cloudwatch_metric_alarm" "hangs" {
  for_each = local.hangs

  alarm_name          = "${var.name_prefix}-${each.value.name}"
  alarm_description   = "${each.value.description} ${var.alarm_pages}#${each.value.page}"
  namespace           = "ReleaseMachine"
  metric_name         = each.key
  dimensions          = { Deployment = var.name_prefix }
  statistic           = "Maximum"
  period              = 7200
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.threshold
  treat_missing_data  = "breaching"
  alarm_actions       = local.alarm_actions
  tags                = local.tags
}

locals {
  every_alarm = concat(
    values(aws_cloudwatch_metric_alarm.dead_letters),
    values(aws_cloudwatch_metric_alarm.losses),
    values(aws_cloudwatch_metric_alarm.errors),
    values(aws_cloudwatch_metric_alarm.lasting_errors),
    values(aws_cloudwatch_metric_alarm.throttles),
    values(aws_cloudwatch_metric_alarm.hangs),
    [aws_cloudwatch_metric_alarm.api_errors, aws_cloudwatch_metric_alarm.workflow_faults],
  )
}
