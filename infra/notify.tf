# Telling people: the rule for the release machine's own events, and the SNS topic that notify_people publishes to.

locals {
  # Pipeline Settled is not among them: a release of a thousand pipelines would send a thousand messages. Release Failing and the
  # outcome say which pipelines failed. Release Orphaned is between functions.
  told_types = [
    "Release Started",
    "Release Rejected",
    "Release Held",
    "Release Failing",
    "Approval Requested",
    "Approval Answered",
    "Release Stuck",
    "Release Succeeded",
    "Release Failed",
    "Release Cancelled",
  ]

  people_topic_name = "${var.name_prefix}-people"
  people_topic_arn  = one(concat(aws_sns_topic.people[*].arn, var.notify_topic_arn[*]))
}

# The deployment is in the pattern, because two deployments in one Region put their events on the same bus.
resource "aws_cloudwatch_event_rule" "people_told" {
  name        = local.rule_names["people_told"]
  description = "Tell people what happens to releases."
  tags        = local.tags

  event_pattern = jsonencode({
    account     = [local.account]
    region      = [local.region]
    source      = ["release-machine"]
    detail-type = local.told_types
    detail      = { deployment = [var.name_prefix] }
  })

  lifecycle {
    precondition {
      condition     = var.notify_topic_arn == null ? true : split(":", var.notify_topic_arn)[3] == local.region
      error_message = "notify_topic_arn is in another Region than the release machine (${local.region}), and SNS accepts a message only in the Region of the topic. Create a topic in ${local.region}."
    }
  }
}

resource "aws_sns_topic" "people" {
  count = var.notify_topic_arn == null ? 1 : 0

  name              = local.people_topic_name
  display_name      = var.name_prefix # The sender's name in e-mails.
  kms_master_key_id = coalesce(var.kms_key_arn, "alias/aws/sns")
  policy            = data.aws_iam_policy_document.people.json
  tags              = local.tags
}

# People act on what they read there, so nothing else may publish, whatever its IAM policies allow.
#
# The ARNs are built from names, as those of the dead-letter queues.
data "aws_iam_policy_document" "people" {
  statement {
    sid       = "PublishByFunctionOnly"
    effect    = "Deny"
    actions   = ["sns:Publish"]
    resources = ["arn:${local.partition}:sns:${local.region}:${local.account}:${local.people_topic_name}"]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "ArnNotEquals"
      variable = "aws:PrincipalArn"
      values   = ["arn:${local.partition}:iam::${local.account}:role/${var.name_prefix}-notify-people"]
    }
  }

  statement {
    sid       = "EncryptedOnly"
    effect    = "Deny"
    actions   = ["sns:Publish", "sns:Subscribe"]
    resources = ["arn:${local.partition}:sns:${local.region}:${local.account}:${local.people_topic_name}"]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}
