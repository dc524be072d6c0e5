terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source = "hashicorp/aws"
      # A range, so that others can use this folder as a module; .terraform.lock.hcl pins the one version we use.
      version = "~> 5.100"
    }
  }
}
