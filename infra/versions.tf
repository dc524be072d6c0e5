locals {
  release_machine_version = "0.3.0.dev0" # As in tools/operator/pyproject.toml. release-machine --version compares the two.
}

terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source = "hashicorp/aws"
      # A range, so that other projects can use this folder as a module. .terraform.lock.hcl pins our own version.
      version = "~> 5.100"
    }
  }
}
