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
}

resource "aws_cloudwatch_metric_alarm" "errors" {
  # Not open_release: a refused manifest is an error of that function, and its author is told.
  for_each = { for function, made in module.microfunction : function => made.name if function != "open_release" }

  alarm_name          = "${each.value}-errors"
  alarm_description   = "The function fails again and again; retries do not help it."
  namespace           = "AWS/Lambda"
  metric_name         = "Errors"
  dimensions          = { FunctionName = each.value }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 3
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.alarm_actions
}
