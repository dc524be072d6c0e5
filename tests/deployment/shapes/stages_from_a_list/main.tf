# A V1 pipeline with one action for each stage, of providers that only declare; its source on GitHub has a token and a webhook.

variable "name" {
  type    = string
  default = "public-list"
}

variable "role_arn" {
  type    = string
  default = ""
}

variable "token" {
  type      = string
  default   = "not-a-token"
  sensitive = true
}

variable "cluster" {
  type    = string
  default = "shop"
}

locals {
  role_arn = var.role_arn == "" ? aws_iam_role.pipeline[0].arn : var.role_arn
  stages = [
    {
      name = "Source"
      action = {
        owner         = "ThirdParty", category = "Source", provider = "GitHub", inputs = [], outputs = ["Sources"]
        configuration = { Owner = "shop", Repo = "list", Branch = "main", PollForSourceChanges = "false", OAuthToken = var.token }
      }
    },
    {
      name = "Build"
      action = {
        owner         = "AWS", category = "Build", provider = "CodeBuild", inputs = ["Sources"], outputs = ["Built"]
        configuration = { ProjectName = "list" }
      }
    },
    {
      name = "Deploy"
      action = {
        owner         = "AWS", category = "Deploy", provider = "ECS", inputs = ["Built"], outputs = []
        configuration = { ClusterName = var.cluster, ServiceName = "list" }
      }
    },
  ]
}

resource "aws_iam_role" "pipeline" {
  count = var.role_arn == "" ? 1 : 0
  name  = "${var.name}-pipeline"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "codepipeline.amazonaws.com" } }]
  })
}

resource "aws_s3_bucket" "artifacts" {
  bucket        = "${var.name}-artifacts"
  force_destroy = true
}

resource "aws_codepipeline" "pipe" {
  name     = var.name
  role_arn = local.role_arn

  artifact_store {
    location = aws_s3_bucket.artifacts.bucket
    type     = "S3"
  }

  dynamic "stage" {
    for_each = local.stages
    content {
      name = stage.value.name
      action {
        name             = stage.value.name
        owner            = stage.value.action.owner
        version          = "1"
        category         = stage.value.action.category
        provider         = stage.value.action.provider
        input_artifacts  = stage.value.action.inputs
        output_artifacts = stage.value.action.outputs
        configuration    = stage.value.action.configuration
      }
    }
  }

  tags = { Name = var.name }
}

resource "aws_codepipeline_webhook" "pushed" {
  name            = var.name
  authentication  = "GITHUB_HMAC"
  target_action   = "Source"
  target_pipeline = aws_codepipeline.pipe.name

  authentication_configuration {
    secret_token = var.token
  }

  filter {
    json_path    = "$.ref"
    match_equals = "refs/heads/{Branch}"
  }
}
