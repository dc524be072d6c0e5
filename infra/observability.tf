# Few alarms: each one needs a person. A failed release raises no alarm, because it announces its own outcome.

locals {
  failure_queues = {
    for function, made in module.microfunction : function => made.failure_queue if local.functions[function].asynchronous
  }

  dead_letter_queues = merge(
    { for rule, queue in aws_sqs_queue.undelivered : rule => queue.name },
    { for function, queue in local.failure_queues : function => queue.name },
  )

  alarm_actions = var.alarm_topic_arn == null ? [] : [var.alarm_topic_arn]
}

resource "aws_cloudwatch_metric_alarm" "dead_letters" {
  for_each = local.dead_letter_queues

  alarm_name          = "${each.value}-not-empty"
  alarm_description   = "${each.value} holds an event that was not processed: a manifest was not released, or a release waits for its next check. Read the message and the logs (release-machine logs), remove the cause, then redrive or delete the message."
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

locals {
  # The attempts of the workflow at one task: MaxAttempts in its definition, plus the first one. Functions that events
  # invoke have dead-letter queues, and callers of the API see each error of the functions behind it. A workflow that cannot close
  # its release fails, and the event of that failure invokes close_release again.
  tries = {
    open_release = 7
    run_pipeline = 13
  }

  too_many_errors = {
    open_release = "open_release failed ${local.tries.open_release} times within 20 minutes. After ${local.tries.open_release} attempts the workflow stops trying, and nothing is released. Read the logs (release-machine logs), remove the cause, then submit the manifest again."
    run_pipeline = "run_pipeline failed ${local.tries.run_pipeline} times within 20 minutes. After ${local.tries.run_pipeline} attempts the workflow stops trying, and the release fails. Read the logs (release-machine logs), remove the cause, then retry the release (release-machine retry)."
  }
}

resource "aws_cloudwatch_metric_alarm" "errors" {
  for_each = local.tries

  alarm_name          = "${module.microfunction[each.key].name}-errors"
  alarm_description   = local.too_many_errors[each.key]
  namespace           = "AWS/Lambda"
  metric_name         = "Errors"
  dimensions          = { FunctionName = module.microfunction[each.key].name }
  statistic           = "Sum"
  period              = 1200 # All attempts at one task start within this time, even when each lasts as long as it can.
  evaluation_periods  = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = each.value
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.alarm_actions
  tags                = local.tags
}
