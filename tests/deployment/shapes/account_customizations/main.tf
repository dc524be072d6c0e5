# A pipeline whose settings are in SSM parameters, with an encrypted store and builds in several run orders.

variable "account" {
  type    = string
  default = "123456789012"
}

variable "script" {
  type    = string
  default = "before.sh"
}

locals {
  settings = {
    "vcs/provider"        = "github"
    "vcs/connection"      = "arn:aws:codeconnections:us-east-1:000000000000:connection/11111111-2222-4333-8444-555555555555"
    "global/repository"   = "shop/global"
    "global/branch"       = "main"
    "accounts/repository" = "shop/accounts"
    "accounts/branch"     = "main"
  }
  on_codecommit = local.settings["vcs/provider"] == "codecommit"
  sources       = ["global", "accounts"]
}

resource "aws_ssm_parameter" "setting" {
  for_each = local.settings
  name     = "/public/${each.key}"
  type     = "String"
  value    = each.value
}

data "aws_ssm_parameter" "setting" {
  for_each = aws_ssm_parameter.setting
  name     = each.value.name
}

resource "aws_kms_key" "artifacts" {
  description             = "The artifacts of a pipeline"
  deletion_window_in_days = 7
}

resource "aws_kms_alias" "artifacts" {
  name          = "alias/public-customizations"
  target_key_id = aws_kms_key.artifacts.id
}

data "aws_kms_alias" "artifacts" {
  name = aws_kms_alias.artifacts.name
}

resource "aws_s3_bucket" "artifacts" {
  bucket        = "public-customizations"
  force_destroy = true
}

resource "aws_iam_role" "pipeline" {
  name = "public-customizations"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "codepipeline.amazonaws.com" } }]
  })
}

resource "aws_codepipeline" "customizations" {
  count    = local.on_codecommit ? 0 : 1
  name     = "${var.account}-customizations-pipeline"
  role_arn = aws_iam_role.pipeline.arn

  artifact_store {
    location = aws_s3_bucket.artifacts.id
    type     = "S3"
    encryption_key {
      id   = data.aws_kms_alias.artifacts.arn
      type = "KMS"
    }
  }

  stage {
    name = "Source"
    dynamic "action" {
      for_each = local.sources
      content {
        name             = action.value
        category         = "Source"
        owner            = "AWS"
        provider         = "CodeStarSourceConnection"
        version          = "1"
        output_artifacts = ["source-${action.value}"]
        configuration = {
          ConnectionArn        = data.aws_ssm_parameter.setting["vcs/connection"].value
          FullRepositoryId     = data.aws_ssm_parameter.setting["${action.value}/repository"].value
          BranchName           = data.aws_ssm_parameter.setting["${action.value}/branch"].value
          DetectChanges        = false
          OutputArtifactFormat = "CODE_ZIP"
        }
      }
    }
  }

  dynamic "stage" {
    for_each = local.sources
    content {
      name = "Apply-${stage.value}"
      dynamic "action" {
        for_each = { Before = var.script, Apply = null, After = "after.sh" }
        content {
          name            = action.key
          category        = "Build"
          owner           = "AWS"
          provider        = "CodeBuild"
          version         = "1"
          input_artifacts = ["source-${stage.value}"]
          run_order       = { Before = 1, Apply = 2, After = 3 }[action.key]
          configuration = {
            ProjectName = "public-${lower(action.key)}"
            EnvironmentVariables = jsonencode(concat(
              [{ name = "ACCOUNT", value = var.account, type = "PLAINTEXT" }],
              action.value == null ? [] : [{ name = "SCRIPT", value = action.value, type = "PLAINTEXT" }],
            ))
          }
        }
      }
    }
  }
}
