# What make verify deploys and destroys: a copy of the release machine, and what the pipelines of its tests need. The tests
# make the pipelines themselves, with names that begin with name_prefix.

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {}

locals {
  account = data.aws_caller_identity.current.account_id
  region  = data.aws_region.current.name
  pattern = "${var.name_prefix}-*"
  seen    = "${var.name_prefix}-seen"
  tags    = { ReleaseMachineVerify = var.name_prefix }
}

module "release_machine" {
  source = "../"

  name_prefix            = var.name_prefix
  architecture           = var.architecture
  pipeline_name_patterns = [local.pattern]
  deletion_protection    = false
  log_retention_days     = 1
  tags                   = local.tags
}

# The sources, artifacts and sites of the pipelines.
resource "aws_s3_bucket" "pipelines" {
  bucket        = "${var.name_prefix}-pipelines-${local.account}-${local.region}"
  force_destroy = true
  tags          = local.tags
}

# CodePipeline reads sources only from versioned buckets.
resource "aws_s3_bucket_versioning" "pipelines" {
  bucket = aws_s3_bucket.pipelines.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_public_access_block" "pipelines" {
  bucket                  = aws_s3_bucket.pipelines.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

data "aws_iam_policy_document" "pipeline_trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["codepipeline.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }
}

resource "aws_iam_role" "pipeline" {
  name               = "${var.name_prefix}-pipeline"
  assume_role_policy = data.aws_iam_policy_document.pipeline_trust.json
  tags               = local.tags
}

data "aws_iam_policy_document" "pipeline" {
  statement {
    sid       = "SeeBucket"
    actions   = ["s3:GetBucketAcl", "s3:GetBucketLocation", "s3:GetBucketVersioning", "s3:ListBucket"]
    resources = [aws_s3_bucket.pipelines.arn]
  }

  statement {
    sid       = "ReadAndWriteObjects"
    actions   = ["s3:GetObject", "s3:GetObjectTagging", "s3:GetObjectVersion", "s3:GetObjectVersionTagging", "s3:PutObject"]
    resources = ["${aws_s3_bucket.pipelines.arn}/*"]
  }
}

resource "aws_iam_role_policy" "pipeline" {
  name   = "pipeline"
  role   = aws_iam_role.pipeline.id
  policy = data.aws_iam_policy_document.pipeline.json
}

# Every event of the pipelines, for the capture.
resource "aws_cloudwatch_event_rule" "seen" {
  name        = local.seen
  description = "Keep the events of the verified pipelines."
  tags        = local.tags

  event_pattern = jsonencode({
    source = ["aws.codepipeline"]
    detail = { pipeline = [{ wildcard = local.pattern }] }
  })
}

resource "aws_cloudwatch_event_target" "seen" {
  rule      = aws_cloudwatch_event_rule.seen.name
  target_id = "seen"
  arn       = aws_sqs_queue.seen.arn
}

data "aws_iam_policy_document" "seen" {
  statement {
    sid       = "KeepEvents"
    actions   = ["sqs:SendMessage"]
    resources = ["arn:${data.aws_partition.current.partition}:sqs:${local.region}:${local.account}:${local.seen}"]

    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = [aws_cloudwatch_event_rule.seen.arn]
    }
  }
}

resource "aws_sqs_queue" "seen" {
  name                    = local.seen
  sqs_managed_sse_enabled = true
  policy                  = data.aws_iam_policy_document.seen.json
  tags                    = local.tags
}
