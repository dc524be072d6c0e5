# Small configurations with the shapes of public ones. All are applied together, because Terraform's start takes longest.

terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "5.100.0"
    }
  }
}

variable "changed" {
  description = "Whether each configuration has its second state."
  type        = bool
  default     = false
}

# As nexient-llc/tf-aws-module-codepipeline, examples/complete: an EventBridge rule starts the pipeline.
module "event_target" {
  source   = "./event_target"
  question = var.changed ? "Really?" : "Go live?"
}

# As customizations_pipeline of AWS Control Tower Account Factory for Terraform.
module "account_customizations" {
  source = "./account_customizations"
  script = var.changed ? "first.sh" : "before.sh"
}

# As JamesWoolfenden/terraform-aws-codepipeline: one action for each stage of a list.
module "stages_from_a_list" {
  source  = "./stages_from_a_list"
  cluster = var.changed ? "market" : "shop"
}
