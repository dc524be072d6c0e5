# A pipeline that an EventBridge rule starts when its source object changes: stages from a variable, buckets and roles of its own.

variable "name" {
  type    = string
  default = "public-event"
}

variable "question" {
  type    = string
  default = "Go live?"
}

variable "stages" {
  type = list(object({
    stage         = string
    action        = string
    category      = string
    provider      = string
    configuration = optional(map(string), {})
    inputs        = optional(list(string), [])
    outputs       = optional(list(string), [])
    run_order     = optional(number)
    namespace     = optional(string)
  }))
  default = [
    {
      stage         = "Source"
      action        = "Object"
      category      = "Source"
      provider      = "S3"
      configuration = { S3Bucket = "public-event-source", S3ObjectKey = "app.zip", PollForSourceChanges = "false" }
      outputs       = ["Object"]
    },
    { stage = "Gate", action = "Approve", category = "Approval", provider = "Manual" },
  ]
}

resource "aws_s3_bucket" "artifacts" {
  bucket        = "${var.name}-artifacts"
  force_destroy = true
}

resource "aws_s3_bucket" "source" {
  bucket        = "${var.name}-source"
  force_destroy = true
}

resource "aws_s3_bucket_versioning" "source" {
  bucket = aws_s3_bucket.source.id
  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "source" {
  bucket = aws_s3_bucket.source.id
  rule {
    bucket_key_enabled = true
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_notification" "source" {
  bucket      = aws_s3_bucket.source.id
  eventbridge = true
}

data "aws_iam_policy_document" "assumed_by" {
  for_each = toset(["codepipeline", "events"])
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["${each.key}.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "pipeline" {
  statement {
    actions   = ["s3:*"]
    resources = flatten([for bucket in [aws_s3_bucket.artifacts, aws_s3_bucket.source] : [bucket.arn, "${bucket.arn}/*"]])
  }
}

resource "aws_iam_role" "pipeline" {
  name               = "${var.name}-pipeline"
  assume_role_policy = data.aws_iam_policy_document.assumed_by["codepipeline"].json
}

resource "aws_iam_role_policy" "pipeline" {
  name   = "pipeline"
  role   = aws_iam_role.pipeline.id
  policy = data.aws_iam_policy_document.pipeline.json
}

resource "aws_codepipeline" "this" {
  name          = var.name
  role_arn      = aws_iam_role.pipeline.arn
  pipeline_type = "V2"

  artifact_store {
    location = aws_s3_bucket.artifacts.bucket
    type     = "S3"
  }

  dynamic "stage" {
    for_each = var.stages
    content {
      name = stage.value.stage
      action {
        name             = stage.value.action
        category         = stage.value.category
        owner            = "AWS"
        provider         = stage.value.provider
        version          = "1"
        configuration    = stage.value.provider == "Manual" ? { CustomData = var.question } : stage.value.configuration
        input_artifacts  = stage.value.inputs
        output_artifacts = stage.value.outputs
        run_order        = stage.value.run_order
        namespace        = stage.value.namespace
      }
    }
  }

  tags = { Name = var.name }
}

resource "aws_cloudwatch_event_rule" "uploaded" {
  name = "${var.name}-uploaded"
  event_pattern = jsonencode({
    source      = ["aws.s3"]
    detail-type = ["Object Created"]
    detail      = { bucket = { name = [aws_s3_bucket.source.id] }, object = { key = ["app.zip"] } }
  })
}

resource "aws_cloudwatch_event_target" "pipeline" {
  rule      = aws_cloudwatch_event_rule.uploaded.name
  target_id = "pipeline"
  arn       = aws_codepipeline.this.arn
  role_arn  = aws_iam_role.events.arn
}

resource "aws_iam_role" "events" {
  name               = "${var.name}-events"
  assume_role_policy = data.aws_iam_policy_document.assumed_by["events"].json
}

resource "aws_iam_policy" "start" {
  name = "${var.name}-start"
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "codepipeline:StartPipelineExecution", Resource = aws_codepipeline.this.arn }]
  })
}

resource "aws_iam_role_policy_attachment" "start" {
  role       = aws_iam_role.events.name
  policy_arn = aws_iam_policy.start.arn
}
