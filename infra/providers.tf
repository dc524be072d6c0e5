# There is no provider block, because a module that configures its own provider cannot be used with count, for_each,
# depends_on or another account. Region and credentials come from the environment (AWS_REGION, AWS_PROFILE), or from the
# root that calls this folder as a module.

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  region    = data.aws_region.current.name

  tags = merge({ ReleaseMachine = var.name_prefix }, var.tags)
}
