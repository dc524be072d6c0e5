variable "name_prefix" {
  description = "Begins the name of everything made here. Two copies in one account need two prefixes, also in two Regions, because IAM names are global."
  type        = string
  default     = "release-machine"

  validation {
    # 25: the bucket's name, <prefix>-manifests-<account>-<region>, may have 63 characters.
    condition     = can(regex("^[a-z][a-z0-9-]{0,23}[a-z0-9]$", var.name_prefix))
    error_message = "name_prefix has 2 to 25 lower-case letters, digits and hyphens, begins with a letter and does not end with a hyphen."
  }
}

variable "architecture" {
  description = "Processor of the functions; the zips in functions_dir must be built for it."
  type        = string
  default     = "arm64"

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "architecture is arm64 or x86_64."
  }
}

variable "functions_dir" {
  description = "Folder that holds one <function>.zip per function, from tools/build_functions.py; null means .build/functions beside this folder."
  type        = string
  default     = null

  validation {
    condition     = var.functions_dir != ""
    error_message = "functions_dir is a path, or null for the default."
  }
}

variable "pipeline_name_patterns" {
  description = "Names of the pipelines the machine may drive, with * as in IAM. Narrow it to what you release; two deployments in one Region must have no pipeline in common."
  type        = list(string)
  default     = ["*"]

  validation {
    condition = length(var.pipeline_name_patterns) > 0 && alltrue([
      for pattern in var.pipeline_name_patterns : can(regex("^[A-Za-z0-9.@_*-]{1,100}$", pattern))
    ])
    error_message = "pipeline_name_patterns holds at least one pattern of letters, digits, . @ - _ and *, each at most 100 long."
  }

  validation {
    condition     = alltrue([for pattern in var.pipeline_name_patterns : !strcontains(pattern, "**")])
    error_message = "A pattern of pipeline_name_patterns has two * in a row, which EventBridge refuses; one means the same."
  }
}

variable "source_arns" {
  description = "S3 buckets, CodeCommit and ECR repositories in which a dry run may look for pinned revisions; of others it says that nobody looked."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for arn in var.source_arns : can(regex("^arn:[a-z-]+:(s3:::[^:/*?]+|codecommit:[^:*?]+:[0-9]{12}:[^:*?]+|ecr:[^:*?]+:[0-9]{12}:repository/[^:*?]+)$", arn))])
    error_message = "source_arns holds whole ARNs of S3 buckets (without a path), CodeCommit repositories and ECR repositories."
  }
}

variable "look_after_seconds" {
  description = "How long a pipeline's task waits in silence before the machine looks once at CodePipeline, in seconds."
  type        = number
  default     = 3600

  validation {
    # An execution's history takes 25,000 events. A look of a pipeline writes 8 of them and a look of a release that waits for
    # others 13, so with 600 seconds they can wait for 21 and 13 days. An approval may take 7 days.
    # 99999999 is the longest timeout Step Functions accepts.
    condition     = floor(var.look_after_seconds) == var.look_after_seconds && var.look_after_seconds >= 600 && var.look_after_seconds <= 99999999
    error_message = "look_after_seconds is a whole number from 600 to 99999999. With more frequent looks a pipeline that waits for days, as for an approval, would fill the history of its execution, which then fails."
  }
}

variable "record_retention_days" {
  description = "How long the records of single pipeline executions are kept, in days. Releases and manifests are kept for ever."
  type        = number
  default     = 365

  validation {
    condition     = floor(var.record_retention_days) == var.record_retention_days && var.record_retention_days >= 1 && var.record_retention_days <= 36500
    error_message = "record_retention_days is a whole number from 1 to 36500."
  }
}

variable "log_retention_days" {
  description = "How long logs are kept, in days: one of the periods CloudWatch Logs knows."
  type        = number
  default     = 90

  validation {
    condition = contains(
      [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653],
      var.log_retention_days
    )
    error_message = "log_retention_days is one of CloudWatch's: 1 3 5 7 14 30 60 90 120 150 180 365 400 545 731 1096 1827 2192 2557 2922 3288 3653."
  }
}

variable "deletion_protection" {
  description = "Refuse to destroy the tables and a bucket that still holds manifests. Turn it off, apply, then destroy."
  type        = bool
  default     = true
}

variable "xray_enabled" {
  description = "Trace the machine and the functions with X-Ray."
  type        = bool
  default     = false
}

variable "api_access_logs" {
  description = "Log every call of the API. Needs the account's API Gateway log role, one per account and Region, which a module must not own."
  type        = bool
  default     = false
}

variable "alarm_topic_arn" {
  description = "SNS topic that the alarms notify; null leaves them without an action."
  type        = string
  default     = null

  validation {
    condition     = var.alarm_topic_arn == null || can(regex("^arn:[a-z-]+:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}$", var.alarm_topic_arn))
    error_message = "alarm_topic_arn is the ARN of an SNS topic, or null."
  }
}

variable "tags" {
  description = "Tags for everything that can have them, beside ReleaseMachine = name_prefix."
  type        = map(string)
  default     = {}
}
