# The buckets for sources, for CodePipeline's artifacts, and for the deployed services.

data "aws_caller_identity" "current" {}

data "aws_region" "current" {}

locals {
  sources_dir = coalesce(var.sources_dir, "${path.module}/../../.build/demo")
  tags        = { ReleaseMachineDemo = var.name_prefix }
}

resource "aws_s3_bucket" "shop" {
  for_each = toset(["sources", "artifacts", "site"])

  bucket        = "${var.name_prefix}-${each.key}-${data.aws_caller_identity.current.account_id}-${data.aws_region.current.name}"
  force_destroy = true # The demo can build all its objects again.
  tags          = local.tags
}

# CodePipeline reads sources only from versioned buckets.
resource "aws_s3_bucket_versioning" "shop" {
  for_each = aws_s3_bucket.shop

  bucket = each.value.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_public_access_block" "shop" {
  for_each = aws_s3_bucket.shop

  bucket                  = each.value.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_object" "source" {
  # Objects uploaded before versioning is on have no version to release.
  depends_on = [aws_s3_bucket_versioning.shop]
  for_each   = local.services

  bucket      = aws_s3_bucket.shop["sources"].id
  key         = "${each.key}.zip"
  source      = "${local.sources_dir}/${each.key}.zip"
  source_hash = filemd5("${local.sources_dir}/${each.key}.zip")
  tags        = local.tags
}
