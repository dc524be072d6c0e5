# The tables of the ledger and the bucket for manifests.
#
# The tables are encrypted with kms_key_arn, or else with the account's aws/dynamodb key, not with DynamoDB's own key: the
# releases table holds task tokens, and CloudTrail records only the use of a KMS key. DynamoDB calls KMS at most once in five
# minutes per caller.

resource "aws_dynamodb_table" "releases" {
  #checkov:skip=CKV_AWS_119: It is encrypted with the account's key aws/dynamodb; kms_key_arn gives it a key of the customer.
  name                        = "${var.name_prefix}-releases"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "release_id"
  range_key                   = "item"
  deletion_protection_enabled = var.deletion_protection
  tags                        = local.tags

  attribute {
    name = "release_id"
    type = "S"
  }

  attribute {
    name = "item"
    type = "S"
  }

  attribute {
    name = "listing"
    type = "S"
  }

  attribute {
    name = "opened_at"
    type = "S"
  }

  # Only the header of a release has "listing", and the item of a workflow execution while its release waits. So the index
  # holds one entry per release.
  global_secondary_index {
    name            = "by_time"
    hash_key        = "listing"
    range_key       = "opened_at"
    projection_type = "ALL"
  }

  point_in_time_recovery {
    enabled = true
  }

  server_side_encryption {
    enabled     = true
    kms_key_arn = var.kms_key_arn
  }
}

resource "aws_dynamodb_table" "executions" {
  #checkov:skip=CKV_AWS_119: It is encrypted with the account's key aws/dynamodb; kms_key_arn gives it a key of the customer.
  name                        = "${var.name_prefix}-executions"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "execution_id"
  deletion_protection_enabled = var.deletion_protection
  tags                        = local.tags

  attribute {
    name = "execution_id"
    type = "S"
  }

  ttl {
    enabled        = true
    attribute_name = "expires_at"
  }

  point_in_time_recovery {
    enabled = true
  }

  server_side_encryption {
    enabled     = true
    kms_key_arn = var.kms_key_arn
  }
}

resource "aws_dynamodb_table" "pipelines" {
  #checkov:skip=CKV_AWS_119: It is encrypted with the account's key aws/dynamodb; kms_key_arn gives it a key of the customer.
  name                        = "${var.name_prefix}-pipelines"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "pipeline"
  deletion_protection_enabled = var.deletion_protection
  tags                        = local.tags

  attribute {
    name = "pipeline"
    type = "S"
  }

  point_in_time_recovery {
    enabled = true
  }

  server_side_encryption {
    enabled     = true
    kms_key_arn = var.kms_key_arn
  }
}

resource "aws_s3_bucket" "manifests" {
  #checkov:skip=CKV_AWS_18: A log needs another bucket, which is the account's decision. CloudTrail can record each object that is written.
  #checkov:skip=CKV_AWS_144: A deployment and its pipelines are in one Region.
  #checkov:skip=CKV_AWS_145: S3 encrypts it; kms_key_arn gives it a key of the customer.
  #checkov:skip=CKV2_AWS_61: Manifests are a part of the record of a release, and never expire.
  bucket        = "${var.name_prefix}-manifests-${local.account}-${local.region}"
  force_destroy = !var.deletion_protection
  tags          = local.tags
}

# Old versions never expire: manifests are small, and the manifest is part of the record of a release.
resource "aws_s3_bucket_versioning" "manifests" {
  bucket = aws_s3_bucket.manifests.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_ownership_controls" "manifests" {
  bucket = aws_s3_bucket.manifests.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_public_access_block" "manifests" {
  bucket                  = aws_s3_bucket.manifests.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_server_side_encryption_configuration" "manifests" {
  bucket = aws_s3_bucket.manifests.id

  rule {
    # With a bucket key, S3 calls KMS once for many objects.
    bucket_key_enabled = var.kms_key_arn != null

    apply_server_side_encryption_by_default {
      sse_algorithm     = var.kms_key_arn == null ? "AES256" : "aws:kms"
      kms_master_key_id = var.kms_key_arn
    }
  }
}

data "aws_iam_policy_document" "manifests" {
  statement {
    sid       = "RefuseWithoutTls"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [aws_s3_bucket.manifests.arn, "${aws_s3_bucket.manifests.arn}/*"]

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

resource "aws_s3_bucket_policy" "manifests" {
  # S3 rejects two such changes of one bucket at the same time.
  depends_on = [aws_s3_bucket_public_access_block.manifests]
  bucket     = aws_s3_bucket.manifests.id
  policy     = data.aws_iam_policy_document.manifests.json
}

resource "aws_s3_bucket_notification" "manifests" {
  bucket      = aws_s3_bucket.manifests.id
  eventbridge = true
}
