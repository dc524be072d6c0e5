variable "name" {
  description = "Name of the function, its role and its log group on AWS."
  type        = string
}

variable "description" {
  description = "Description of the function, in one sentence."
  type        = string
}

variable "package" {
  description = "Path of the zip."
  type        = string
}

variable "record" {
  description = "Path of a JSON file with the architecture and the sha256 of the zip: Terraform cannot read files in a zip. null for a zip that runs on each processor."
  type        = string
  default     = null
}

variable "handler" {
  description = "Handler: package.module.function."
  type        = string
}

variable "architecture" {
  description = "Processor of the function: arm64 or x86_64."
  type        = string
}

variable "timeout_seconds" {
  description = "Timeout of one invocation, in seconds."
  type        = number
}

variable "memory_mb" {
  description = "Memory in MiB. The share of a processor grows with it."
  type        = number
  default     = 256
}

variable "reserved_concurrency" {
  description = "Maximum number of simultaneous invocations, or null for no limit."
  type        = number
  default     = null
}

variable "environment" {
  description = "Environment variables."
  type        = map(string)
}

variable "policy_json" {
  description = "IAM policy of the function, as JSON. It is a separate resource, so it may name resources that depend on the function."
  type        = string
}

variable "asynchronous" {
  description = "Whether events invoke the function. If so, a dead-letter queue keeps the events on which it failed."
  type        = bool
  default     = false
}

variable "kms_key_arn" {
  description = "ARN of the KMS key that encrypts the environment, the logs and the dead-letter queue, or null for the keys of the services."
  type        = string
  default     = null
}

variable "key_actions" {
  description = "Actions of KMS that the function needs on the key, by the service that it uses, such as { dynamodb = [\"kms:Decrypt\"] }. Without kms_key_arn they have no effect. Those for its dead-letter queue are added."
  type        = map(list(string))
  default     = {}
}

variable "log_retention_days" {
  description = "Days to keep logs."
  type        = number
}

variable "xray_enabled" {
  description = "Trace the function with X-Ray."
  type        = bool
  default     = false
}

variable "tags" {
  description = "Tags of all resources of this module."
  type        = map(string)
  default     = {}
}
