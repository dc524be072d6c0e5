variable "name_prefix" {
  description = "First part of the name of every resource. The manifests in this folder use the default."
  type        = string
  default     = "shop"

  validation {
    # 25, because the longest bucket name, <prefix>-artifacts-<account>-<region>, may have 63 characters.
    condition     = can(regex("^[a-z][a-z0-9-]{0,23}[a-z0-9]$", var.name_prefix))
    error_message = "name_prefix must have 2 to 25 lower-case letters, digits and hyphens, begin with a letter and not end with a hyphen."
  }
}

variable "architecture" {
  description = "Processor architecture of the check's function: arm64 or x86_64."
  type        = string
  default     = "arm64"

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "architecture must be arm64 or x86_64."
  }
}

variable "sources_dir" {
  description = "Folder with the zips of build_sources.py. null means .build/demo in the root of the repository."
  type        = string
  default     = null
}
