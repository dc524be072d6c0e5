variable "name" {
  description = "Name of the function on AWS, and of its role and log group."
  type        = string
}

variable "description" {
  description = "What the function does, in one sentence."
  type        = string
}

variable "package" {
  description = "Path of the zip."
  type        = string
}

variable "handler" {
  description = "Handler, as package.module.function."
  type        = string
}

variable "architecture" {
  description = "arm64 or x86_64."
  type        = string
}

variable "timeout_seconds" {
  description = "Longest run of one invocation, in seconds."
  type        = number
}

variable "memory_mb" {
  description = "Memory, in MiB; the share of a processor grows with it."
  type        = number
  default     = 256
}

variable "environment" {
  description = "Environment variables."
  type        = map(string)
}

variable "policy_json" {
  description = "What the function may do, as an IAM policy. A resource of its own, so that it may name what depends on the function."
  type        = string
}

variable "asynchronous" {
  description = "Whether events invoke it: then what fails to the end is kept in a queue."
  type        = bool
  default     = false
}

variable "log_retention_days" {
  description = "How long logs are kept, in days."
  type        = number
}

variable "xray_enabled" {
  description = "Trace with X-Ray."
  type        = bool
  default     = false
}

variable "tags" {
  description = "Tags for everything made here."
  type        = map(string)
  default     = {}
}
