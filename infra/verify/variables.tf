variable "name_prefix" {
  description = "Prefix of all names of the copy, and of its pipelines. The suffix -verify keeps it apart from every deployment that people use."
  type        = string
  default     = "release-machine-verify"

  validation {
    # 25, as in infra/variables.tf.
    condition     = can(regex("^[a-z][a-z0-9-]{0,17}-verify$", var.name_prefix))
    error_message = "name_prefix must have at most 25 lower-case letters, digits and hyphens, start with a letter and end with -verify."
  }
}

variable "architecture" {
  description = "Processor of the functions, arm64 or x86_64."
  type        = string
  default     = "arm64"
}
