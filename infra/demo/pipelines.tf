# A small shop: one pipeline per service with an S3 source, sometimes a gate, and an S3 deployment.

locals {
  # gate: the stage between source and deployment, "check" (a function checks the site) or "approval" (a person approves).
  services = {
    catalog       = { mode = "SUPERSEDED", gate = null }
    orders        = { mode = "QUEUED", gate = null }
    payments      = { mode = "QUEUED", gate = "approval" }
    storefront    = { mode = "SUPERSEDED", gate = "check" }
    notifications = { mode = "PARALLEL", gate = null }
  }

  gates = {
    check = {
      category      = "Invoke"
      provider      = "Lambda"
      inputs        = ["site"]
      configuration = { FunctionName = module.check_site.name }
    }
    approval = {
      category      = "Approval"
      provider      = "Manual"
      inputs        = []
      configuration = { CustomData = "This service moves money. Review the change before you approve." }
    }
  }
}

resource "aws_codepipeline" "service" {
  depends_on = [aws_iam_role_policy.pipeline, aws_s3_object.source]
  for_each   = local.services

  name           = "${var.name_prefix}-${each.key}"
  role_arn       = aws_iam_role.pipeline.arn
  pipeline_type  = "V2"
  execution_mode = each.value.mode
  tags           = local.tags

  artifact_store {
    location = aws_s3_bucket.shop["artifacts"].bucket
    type     = "S3"
  }

  stage {
    name = "Source"

    action {
      name             = "Source"
      category         = "Source"
      owner            = "AWS"
      provider         = "S3"
      version          = "1"
      output_artifacts = ["site"]

      configuration = {
        S3Bucket    = aws_s3_bucket.shop["sources"].bucket
        S3ObjectKey = aws_s3_object.source[each.key].key
        # Releases start the pipeline; new sources do not.
        PollForSourceChanges = "false"
      }
    }
  }

  dynamic "stage" {
    for_each = each.value.gate == null ? {} : { (each.value.gate) = local.gates[each.value.gate] }

    content {
      name = title(stage.key)

      action {
        name            = title(stage.key)
        category        = stage.value.category
        owner           = "AWS"
        provider        = stage.value.provider
        version         = "1"
        input_artifacts = stage.value.inputs
        configuration   = merge(stage.value.configuration, stage.key == "check" ? { UserParameters = each.key } : {})
      }
    }
  }

  stage {
    name = "Deploy"

    action {
      name            = "Deploy"
      category        = "Deploy"
      owner           = "AWS"
      provider        = "S3"
      version         = "1"
      input_artifacts = ["site"]

      configuration = {
        BucketName = aws_s3_bucket.shop["site"].bucket
        ObjectKey  = each.key
        Extract    = "true"
      }
    }
  }
}

module "check_site" {
  source = "../modules/microfunction"

  name               = "${var.name_prefix}-check-site"
  description        = "Checks that a site is complete before it is deployed."
  package            = "${local.sources_dir}/check_site.zip"
  handler            = "handler.handler"
  architecture       = var.architecture
  timeout_seconds    = 30
  environment        = {}
  policy_json        = data.aws_iam_policy_document.check_site.json
  log_retention_days = 7
  tags               = local.tags
}

data "aws_iam_policy_document" "check_site" {
  statement {
    sid       = "AnswerJobs"
    actions   = ["codepipeline:PutJobFailureResult", "codepipeline:PutJobSuccessResult"]
    resources = ["*"] # CodePipeline has no resource type for jobs. The job's own credentials allow reading the artifact.
  }
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
      values   = [data.aws_caller_identity.current.account_id]
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
    sid       = "SeeBuckets"
    actions   = ["s3:GetBucketAcl", "s3:GetBucketLocation", "s3:GetBucketVersioning", "s3:ListBucket"]
    resources = [for bucket in aws_s3_bucket.shop : bucket.arn]
  }

  statement {
    sid       = "ReadSources"
    actions   = ["s3:GetObject", "s3:GetObjectTagging", "s3:GetObjectVersion", "s3:GetObjectVersionTagging"]
    resources = ["${aws_s3_bucket.shop["sources"].arn}/*"]
  }

  statement {
    sid       = "KeepArtifacts"
    actions   = ["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"]
    resources = ["${aws_s3_bucket.shop["artifacts"].arn}/*"]
  }

  statement {
    sid       = "Deploy"
    actions   = ["s3:PutObject"]
    resources = ["${aws_s3_bucket.shop["site"].arn}/*"]
  }

  statement {
    sid       = "Check"
    actions   = ["lambda:InvokeFunction"]
    resources = [module.check_site.arn]
  }
}

resource "aws_iam_role_policy" "pipeline" {
  name   = "pipeline"
  role   = aws_iam_role.pipeline.id
  policy = data.aws_iam_policy_document.pipeline.json
}
