# Few alarms, each of which means that somebody has to look. A release that fails is not one: it says so itself.

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
  alarm_description   = "An event was given up: a release may wait for its next look. Read the message, then redrive or delete it."
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
  # How often the workflow tries a task before it gives it up: MaxAttempts in its definition, and the first time. What the
  # other two functions cannot do comes into their queues, because they are invoked by events; a close, too, that the
  # workflow gives up fails the execution, and the event of that brings it to the function once more.
  tries = {
    open_release = 7
    run_pipeline = 13
  }

  given_up = {
    open_release = "${local.tries.open_release} tries to open a release have failed within 20 minutes: after so many the workflow gives an opening up, and nothing is released. Or so many manifests were refused, which their authors are told. See what release-machine logs says, remove the cause, then hand the manifest in again."
    run_pipeline = "${local.tries.run_pipeline} tries to run a pipeline have failed within 20 minutes: after so many the workflow gives a pipeline up, and its release fails. See what release-machine logs says, remove the cause, then retry the release."
  }
}

resource "aws_cloudwatch_metric_alarm" "errors" {
  for_each = local.tries

  alarm_name          = "${module.microfunction[each.key].name}-errors"
  alarm_description   = local.given_up[each.key]
  namespace           = "AWS/Lambda"
  metric_name         = "Errors"
  dimensions          = { FunctionName = module.microfunction[each.key].name }
  statistic           = "Sum"
  period              = 1200 # All tries of one task begin within it, however long each of them lasts.
  evaluation_periods  = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = each.value
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.alarm_actions
  tags                = local.tags
}
