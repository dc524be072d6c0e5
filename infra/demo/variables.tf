variable "name_prefix" {
  description = "Begins the name of everything made here; the manifests beside this file name pipelines of the default."
  type        = string
  default     = "shop"

  validation {
    # 25: the longest bucket, <prefix>-artifacts-<account>-<region>, may have 63 characters.
    condition     = can(regex("^[a-z][a-z0-9-]{0,23}[a-z0-9]$", var.name_prefix))
    error_message = "name_prefix has 2 to 25 lower-case letters, digits and hyphens, begins with a letter and does not end with a hyphen."
  }
}

variable "architecture" {
  description = "Processor of the check's function."
  type        = string
  default     = "arm64"

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "architecture is arm64 or x86_64."
  }
}

variable "sources_dir" {
  description = "Folder of what build_sources.py has made; null means .build/demo at the root of the repository."
  type        = string
  default     = null
}
