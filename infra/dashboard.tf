# The dashboard: is it quick, is it true, what waits, what failed. All widgets read metrics that exist anyway; what the
# functions measure is listed in docs/metrics.md.

locals {
  # Colours mean the same in every graph. These are told apart also by people who do not see red and green (Okabe and Ito).
  good    = "#009e73"
  bad     = "#d55e00"
  warning = "#e69f00"
  neutral = "#999999"

  # How nodes of a release can end, with the colour of each.
  pipeline_colours = {
    SUCCEEDED  = local.good
    FAILED     = local.bad
    TIMED_OUT  = "#cc79a7"
    STOPPED    = local.warning
    CANCELLED  = "#f0e442"
    SUPERSEDED = "#56b4e9"
    SKIPPED    = local.neutral
  }
  release_colours = {
    SUCCEEDED = local.good
    FAILED    = local.bad
    CANCELLED = local.warning
  }

  function_names = { for function, made in module.microfunction : function => made.name }

  # [metric, label, colour or null]: a metric of this deployment, and its sum by status.
  of_deployment = ["Deployment", var.name_prefix]
  hour          = 3600

  dashboard_sections = [
    {
      heading = "## What happened\nOutcomes of releases and pipelines. A release that failed says why: `release-machine show ID`."
      widgets = [
        {
          title = "Releases by outcome, each hour", stat = "Sum", period = local.hour, stacked = true, unit = "releases"
          metrics = concat(
            [for status, colour in local.release_colours : concat(["ReleaseMachine", "ReleasesEnded"], local.of_deployment, ["Status", status, { label = lower(status), color = colour }])],
            [concat(["ReleaseMachine", "ReleasesRejected"], local.of_deployment, [{ label = "rejected", color = local.neutral }])],
          )
        },
        {
          title = "Pipelines by outcome, each hour", stat = "Sum", period = local.hour, stacked = true, unit = "pipelines"
          metrics = [
            for status, colour in local.pipeline_colours :
            concat(["ReleaseMachine", "PipelinesEnded"], local.of_deployment, ["Status", status, { label = replace(lower(status), "_", " "), color = colour }])
          ]
        },
        {
          title = "Retries and approvals, each hour", stat = "Sum", period = local.hour, stacked = true, unit = "count"
          metrics = [
            concat(["ReleaseMachine", "Retries"], local.of_deployment, [{ label = "retries of pipelines", color = local.warning }]),
            concat(["ReleaseMachine", "ApprovalsEnded"], local.of_deployment, ["Status", "SUCCEEDED", { label = "approvals granted", color = local.good }]),
            concat(["ReleaseMachine", "ApprovalsEnded"], local.of_deployment, ["Status", "FAILED", { label = "approvals rejected", color = local.bad }]),
            concat(["ReleaseMachine", "ApprovalsEnded"], local.of_deployment, ["Status", "TIMED_OUT", { label = "approvals not answered in time", color = "#cc79a7" }]),
          ]
        },
      ]
    },
    {
      heading = "## Is it quick?\nThe release machine adds the settle latency to each pipeline: the time from the end of an execution to its recorded outcome."
      widgets = [
        {
          title = "Settle latency", stat = "p50", period = 300, stacked = false, unit = "seconds"
          metrics = [
            concat(["ReleaseMachine", "SettleLatency"], local.of_deployment, [{ label = "half are quicker than", stat = "p50", color = local.good }]),
            concat(["ReleaseMachine", "SettleLatency"], local.of_deployment, [{ label = "90 of 100 are quicker than", stat = "p90", color = local.warning }]),
            concat(["ReleaseMachine", "SettleLatency"], local.of_deployment, [{ label = "longest", stat = "Maximum", color = local.bad }]),
          ]
        },
        {
          title = "Duration of releases and pipelines", stat = "p50", period = local.hour, stacked = false, unit = "seconds"
          metrics = [
            concat(["ReleaseMachine", "ReleaseDuration"], local.of_deployment, [{ label = "release, half are quicker", stat = "p50", color = local.good }]),
            concat(["ReleaseMachine", "ReleaseDuration"], local.of_deployment, [{ label = "release, longest", stat = "Maximum", color = local.bad }]),
            concat(["ReleaseMachine", "PipelineDuration"], local.of_deployment, [{ label = "pipeline, half are quicker", stat = "p50", color = local.neutral }]),
          ]
        },
        {
          title = "Duration of the functions, 90 of 100 are quicker", stat = "p90", period = 300, stacked = false, unit = "milliseconds"
          metrics = [
            for function, name in local.function_names : ["AWS/Lambda", "Duration", "FunctionName", name, { label = function }]
          ]
        },
      ]
    },
    {
      heading = "## Is it true?\nA look finds something if an event is late or lost. Then a release takes longer, and its outcome is still true. Many of these mean that events are missing: check the rules and the dead-letter queues."
      widgets = [
        {
          title = "Found without an event, each hour", stat = "Sum", period = local.hour, stacked = true, unit = "finds"
          metrics = [
            concat(["ReleaseMachine", "LooksThatFound"], local.of_deployment, [{ label = "state of a pipeline", color = local.warning }]),
            concat(["ReleaseMachine", "WorkflowEndsFound"], local.of_deployment, [{ label = "end of a workflow execution", color = local.bad }]),
          ]
        },
        {
          title = "Messages in dead-letter queues", stat = "Maximum", period = 300, stacked = true, unit = "messages"
          metrics = [
            for source, queue in local.dead_letter_queues : ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", queue, { label = source }]
          ]
        },
        {
          title = "Errors of the functions", stat = "Sum", period = 300, stacked = true, unit = "errors"
          metrics = [
            for function, name in local.function_names : ["AWS/Lambda", "Errors", "FunctionName", name, { label = function }]
          ]
        },
      ]
    },
    {
      heading = "## What waits\nWhat waits now: `release-machine list`. For what it waits: `release-machine watch ID`."
      widgets = [
        {
          title = "Open now, as the hourly check measures it", stat = "Maximum", period = local.hour, stacked = false, unit = "seconds", right = "releases"
          metrics = [
            concat(["ReleaseMachine", "OldestWaitSeconds"], local.of_deployment, [{ label = "oldest wait (seconds)", color = local.warning }]),
            concat(["ReleaseMachine", "ReleasesPastDeadline"], local.of_deployment, [{ label = "past their deadline (releases)", color = local.bad, yAxis = "right" }]),
          ]
        },
        {
          title = "How long they waited, longest", stat = "Maximum", period = local.hour, stacked = false, unit = "seconds"
          metrics = [
            concat(["ReleaseMachine", "ReleaseWait"], local.of_deployment, [{ label = "releases, until they were opened", color = local.warning }]),
            concat(["ReleaseMachine", "PipelineWait"], local.of_deployment, [{ label = "pipelines, until they were started", color = local.neutral }]),
            concat(["ReleaseMachine", "ApprovalWait"], local.of_deployment, [{ label = "approvals, until people answered", color = "#cc79a7" }]),
          ]
        },
        {
          title = "Opened and started, each hour", stat = "Sum", period = local.hour, stacked = false, unit = "count"
          metrics = [
            concat(["ReleaseMachine", "ReleasesOpened"], local.of_deployment, [{ label = "releases opened", color = local.good }]),
            concat(["ReleaseMachine", "PipelinesStarted"], local.of_deployment, [{ label = "pipelines started", color = local.neutral }]),
          ]
        },
        {
          title = "Slowed down by AWS, each hour", stat = "Sum", period = local.hour, stacked = true, unit = "calls"
          metrics = concat(
            [concat(["ReleaseMachine", "StartsThrottled"], local.of_deployment, [{ label = "starts of pipelines", color = local.warning }])],
            [for function, name in local.function_names : ["AWS/Lambda", "Throttles", "FunctionName", name, { label = function }]],
            [for table in [aws_dynamodb_table.releases, aws_dynamodb_table.executions, aws_dynamodb_table.pipelines] : ["AWS/DynamoDB", "WriteThrottleEvents", "TableName", table.name, { label = "writes to ${table.name}" }]],
          )
        },
      ]
    },
    {
      heading = "## The workflow and the API\nAn execution of the workflow fails when its release fails. A fault is another error: then the workflow itself needs a person."
      widgets = [
        {
          title = "Executions of the workflow, each hour", stat = "Sum", period = local.hour, stacked = true, unit = "executions"
          metrics = [
            for name, shown in {
              ExecutionsSucceeded = { label = "succeeded", color = local.good }
              ExecutionsFailed    = { label = "failed", color = local.bad }
              ExecutionsAborted   = { label = "stopped", color = local.warning }
              ExecutionsTimedOut  = { label = "timed out", color = "#cc79a7" }
            } : ["AWS/States", name, "StateMachineArn", aws_sfn_state_machine.release.arn, shown]
          ]
        },
        {
          title = "Faults of the workflow, each hour", stat = "Sum", period = local.hour, stacked = true, unit = "faults"
          metrics = [
            concat(["ReleaseMachine", "WorkflowFaults"], local.of_deployment, [{ label = "ended by an error, not by its release", color = local.bad }]),
          ]
        },
        {
          title = "Answers of the API, each hour", stat = "Sum", period = local.hour, stacked = false, unit = "calls"
          metrics = [
            for name, shown in {
              Count      = { label = "all calls", color = local.neutral }
              "4XXError" = { label = "refused (4xx)", color = local.warning }
              "5XXError" = { label = "failed (5xx)", color = local.bad }
            } : ["AWS/ApiGateway", name, "ApiName", aws_api_gateway_rest_api.releases.name, "Stage", aws_api_gateway_stage.v1.stage_name, shown]
          ]
        },
      ]
    },
  ]

  dashboard_top = [
    {
      type = "text", x = 0, y = 0, width = 12, height = 5
      properties = {
        markdown = join("\n", [
          "# Releases of ${var.name_prefix}",
          "| You want to know | Run |",
          "|---|---|",
          "| the latest releases | `release-machine list` |",
          "| what a release does now, and what waits for what | `release-machine watch ID` |",
          "| what failed, where and why | `release-machine show ID` |",
          "| what the functions did | `release-machine logs --since 2h` |",
        ])
      }
    },
    {
      type = "metric", x = 12, y = 0, width = 12, height = 5
      properties = {
        title                = "In the time range"
        region               = local.region
        view                 = "singleValue"
        setPeriodToTimeRange = true
        sparkline            = false
        stat                 = "Sum"
        period               = local.hour
        metrics = concat(
          [for status, colour in local.release_colours : concat(["ReleaseMachine", "ReleasesEnded"], local.of_deployment, ["Status", status, { label = lower(status), color = colour }])],
          [concat(["ReleaseMachine", "ReleasesRejected"], local.of_deployment, [{ label = "rejected", color = local.neutral }])],
          [concat(["ReleaseMachine", "SettleLatency"], local.of_deployment, [{ label = "settle latency, seconds (90 of 100 are quicker)", stat = "p90", color = local.warning }])],
        )
      }
    },
  ]

  # A heading of 2 rows and graphs of 6 rows, side by side on 24 columns.
  section_height = 8
  dashboard_body = flatten([
    for number, section in local.dashboard_sections : [
      {
        type       = "text", x = 0, y = 5 + number * local.section_height, width = 24, height = 2
        properties = { markdown = section.heading, background = "transparent" }
      },
      [
        for place, widget in section.widgets : {
          type   = "metric"
          x      = place * 24 / length(section.widgets)
          y      = 5 + number * local.section_height + 2
          width  = 24 / length(section.widgets)
          height = 6
          properties = {
            title   = widget.title
            region  = local.region
            view    = "timeSeries"
            stacked = widget.stacked
            stat    = widget.stat
            period  = widget.period
            metrics = widget.metrics
            yAxis = merge(
              { left = { label = widget.unit, min = 0, showUnits = false } },
              try({ right = { label = widget.right, min = 0, showUnits = false } }, {}),
            )
            legend = { position = "bottom" }
          }
        }
      ],
    ]
  ])

  dashboard_end = [
    {
      type = "log", x = 0, y = 5 + length(local.dashboard_sections) * local.section_height, width = 24, height = 8
      properties = {
        title  = "Latest warnings and errors of the functions"
        region = local.region
        view   = "table"
        query = join(" | ", concat(
          [for name in values(local.function_names) : "SOURCE '/aws/lambda/${name}'"],
          [
            "fields @timestamp, coalesce(level, 'ERROR') as severity, release_id, pipeline, coalesce(message, errorMessage) as what",
            "filter level in ['WARNING', 'ERROR', 'CRITICAL'] or ispresent(errorType)",
            "sort @timestamp desc",
            "limit 50",
          ],
        ))
      }
    },
    {
      type = "alarm", x = 0, y = 13 + length(local.dashboard_sections) * local.section_height, width = 24, height = 8
      properties = {
        title  = "Alarms"
        alarms = local.every_alarm[*].arn
      }
    },
  ]
}

resource "aws_cloudwatch_dashboard" "releases" {
  dashboard_name = var.name_prefix

  dashboard_body = jsonencode({
    start          = "-P1D"
    periodOverride = "inherit" # A sum for each hour stays one, in any time range.
    widgets        = concat(local.dashboard_top, local.dashboard_body, local.dashboard_end)
  })
}
