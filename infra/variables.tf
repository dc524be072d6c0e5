variable "name_prefix" {
  description = "Prefix of all names. Two deployments in one account need different prefixes, even in different Regions, because IAM names are global."
  type        = string
  default     = "release-machine"

  validation {
    # A bucket's name, here <prefix>-manifests-<account>-<region>, has at most 63 characters.
    condition     = can(regex("^[a-z][a-z0-9-]{0,23}[a-z0-9]$", var.name_prefix))
    error_message = "name_prefix must have 2 to 25 lower-case letters, digits and hyphens, start with a letter and not end with a hyphen."
  }
}

variable "architecture" {
  description = "Processor of the functions, arm64 or x86_64. The zips in functions_dir must be built for it."
  type        = string
  default     = "arm64"

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "architecture must be arm64 or x86_64."
  }
}

variable "functions_dir" {
  description = "Folder of the zips that tools/build_functions.py builds, with the record <function>.zip.json beside each. null means .build/functions in the repository."
  type        = string
  default     = null

  validation {
    condition     = var.functions_dir != ""
    error_message = "functions_dir must be a path, or null for the default."
  }
}

variable "pipeline_name_patterns" {
  description = "Names of the pipelines that releases may contain; * stands for any characters. Two deployments in one Region must have no pipeline in common."
  type        = list(string)
  default     = ["*"]

  validation {
    condition = length(var.pipeline_name_patterns) > 0 && alltrue([
      for pattern in var.pipeline_name_patterns : can(regex("^[A-Za-z0-9.@_*-]{1,100}$", pattern))
    ])
    error_message = "pipeline_name_patterns must hold at least one pattern. A pattern has 1 to 100 letters, digits and the characters . @ - _ *"
  }

  validation {
    condition     = alltrue([for pattern in var.pipeline_name_patterns : !strcontains(pattern, "**")])
    error_message = "A pattern in pipeline_name_patterns has two * in a row, which EventBridge rejects. Write one *: it means the same."
  }
}

variable "source_arns" {
  description = "ARNs of the S3 buckets, CodeCommit repositories and ECR repositories in which a dry run looks up pinned and newest revisions. It warns about pins of other sources, which it does not check."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for arn in var.source_arns : can(regex("^arn:[a-z-]+:(s3:::[^:/*?]+|codecommit:[^:*?]+:[0-9]{12}:[^:*?]+|ecr:[^:*?]+:[0-9]{12}:repository/[^:*?]+)$", arn))])
    error_message = "source_arns must hold full ARNs of S3 buckets (without a path), CodeCommit repositories or ECR repositories, without *."
  }
}

variable "look_after_seconds" {
  description = "Seconds without an event after which run_pipeline reads the state of a pipeline from CodePipeline."
  type        = number
  default     = 3600

  validation {
    # The history of an execution holds 25,000 events. Each check of a pipeline writes 8 of them, and each check of a release
    # in a queue 13. With 600 seconds they can wait for 21 and for 13 days. A manual approval may take 7 days.
    # 99999999 is the longest timeout that Step Functions accepts.
    condition     = floor(var.look_after_seconds) == var.look_after_seconds && var.look_after_seconds >= 600 && var.look_after_seconds <= 99999999
    error_message = "look_after_seconds must be a whole number from 600 to 99999999. With more frequent checks, a pipeline that waits for days would fill the history of its workflow execution, which then fails."
  }
}

variable "release_retention_days" {
  description = "Days to keep the records of closed releases and rejected manifests. null keeps them for ever."
  type        = number
  default     = null

  validation {
    # A workflow execution can be redriven for 14 days after its end, and a release be resumed as long as it is on record.
    condition     = var.release_retention_days == null ? true : floor(var.release_retention_days) == var.release_retention_days && var.release_retention_days >= 30 && var.release_retention_days <= 36500
    error_message = "release_retention_days must be a whole number from 30 to 36500, or null to keep releases for ever."
  }
}

variable "record_retention_days" {
  description = "Days to keep the records of single pipeline executions. They tell which release started an execution, and so which builds releases have rolled back: a plan no longer warns of a build once these records are gone."
  type        = number
  default     = 365

  validation {
    condition     = floor(var.record_retention_days) == var.record_retention_days && var.record_retention_days >= 1 && var.record_retention_days <= 36500
    error_message = "record_retention_days must be a whole number from 1 to 36500."
  }
}

variable "log_retention_days" {
  description = "Days to keep logs: one of the periods that CloudWatch Logs offers."
  type        = number
  default     = 90

  validation {
    condition = contains(
      [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653],
      var.log_retention_days
    )
    error_message = "log_retention_days must be one of these periods of CloudWatch Logs: 1 3 5 7 14 30 60 90 120 150 180 365 400 545 731 1096 1827 2192 2557 2922 3288 3653."
  }
}

variable "reserved_concurrency" {
  description = "Maximum number of simultaneous invocations by function (open_release, run_pipeline, record_state_change, close_release, answer_approval, change_freeze, notify_people), reserved from the account's. A function that is not named has no limit."
  type        = map(number)
  default     = {}

  validation {
    condition = alltrue([
      for function in keys(var.reserved_concurrency) : contains(["open_release", "run_pipeline", "record_state_change", "close_release", "answer_approval", "change_freeze", "notify_people"], function)
    ])
    error_message = "reserved_concurrency names a function that does not exist. The functions are open_release, run_pipeline, record_state_change, close_release, answer_approval, change_freeze and notify_people."
  }

  validation {
    condition     = alltrue([for limit in values(var.reserved_concurrency) : limit >= 1 && floor(limit) == limit])
    error_message = "A limit in reserved_concurrency must be a whole number from 1. With 0, the function would never run."
  }
}

variable "deletion_protection" {
  description = "Keep terraform destroy from deleting the tables, and the bucket while it holds manifests. To destroy them, set it to false and apply first."
  type        = bool
  default     = true
}

variable "change_calendars" {
  description = "Names of change calendars of AWS Systems Manager in this account and Region, or ARNs of calendars that other accounts share. No pipeline is started while one of them is closed or cannot be read."
  type        = list(string)
  default     = []

  validation {
    condition = alltrue([
      for calendar in var.change_calendars : can(regex("^(arn:[a-z-]+:ssm:[a-z0-9-]+:[0-9]{12}:document/)?[A-Za-z0-9_.-]{3,128}$", calendar))
    ])
    error_message = "change_calendars must hold names of SSM documents, of 3 to 128 letters, digits and the characters . - _, or ARNs such as arn:aws:ssm:eu-west-1:111122223333:document/company."
  }

  validation {
    # More would not fit into the pattern of the rule, of 2,048 characters.
    condition     = length(var.change_calendars) <= 10 && length(distinct(var.change_calendars)) == length(var.change_calendars)
    error_message = "change_calendars must hold at most 10 calendars, each once."
  }
}

variable "kms_key_arn" {
  description = "ARN of the customer managed KMS key that encrypts the tables, the bucket, the queues, the topic, the logs and the environment of the functions, or null for the keys of the services. Its key policy must let EventBridge and CloudWatch Logs use it."
  type        = string
  default     = null

  validation {
    # Not an alias: IAM compares the ARN of the key, and DynamoDB accepts no other.
    condition     = var.kms_key_arn == null || can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$", var.kms_key_arn))
    error_message = "kms_key_arn must be the ARN of a key, such as arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab, and not of an alias; or null."
  }

  validation {
    condition     = var.kms_key_arn == null || try(split(":", var.kms_key_arn)[3], null) == local.region
    error_message = "kms_key_arn must be a key of the Region of the deployment: DynamoDB and SQS use no other."
  }
}

variable "api_rate_limit" {
  description = "Requests per second that the API accepts on average, of all callers together. Further requests are answered with 429."
  type        = number
  default     = 10

  validation {
    condition     = var.api_rate_limit >= 1 && var.api_rate_limit <= 10000
    error_message = "api_rate_limit must be a number from 1 to 10000. API Gateway accepts no more in an account and Region."
  }
}

variable "api_burst_limit" {
  description = "Requests that the API accepts at the same time, of all callers together."
  type        = number
  default     = 20

  validation {
    condition     = floor(var.api_burst_limit) == var.api_burst_limit && var.api_burst_limit >= 1 && var.api_burst_limit <= 5000
    error_message = "api_burst_limit must be a whole number from 1 to 5000. API Gateway accepts no more in an account and Region."
  }
}

variable "session_names_are_pinned" {
  description = "Whether the trust policies of all roles that may call the API fix the name of the session (sts:RoleSessionName). If so, each session is a person, for four eyes and for the votes of an approval. If not, all sessions of a role are one person, except those of IAM Identity Center."
  type        = bool
  default     = false
}

variable "xray_enabled" {
  description = "Trace the API, the state machine and the functions with X-Ray."
  type        = bool
  default     = false
}

variable "api_access_logs" {
  description = "Log each call of the API. Requires the API Gateway log role of the account and Region, a setting for all APIs that this module does not manage."
  type        = bool
  default     = false
}

variable "alarm_topic_arn" {
  description = "ARN of the SNS topic that the alarms notify, or null for no notification."
  type        = string
  default     = null

  validation {
    condition     = var.alarm_topic_arn == null || can(regex("^arn:[a-z-]+:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}$", var.alarm_topic_arn))
    error_message = "alarm_topic_arn must be the ARN of an SNS topic, or null."
  }

  validation {
    condition     = var.alarm_topic_arn == null || var.notify_topic_arn != null || try(split(":", var.alarm_topic_arn)[5], "") != "${var.name_prefix}-people"
    error_message = "alarm_topic_arn is the topic of the messages to people, to which only notify_people may publish: no alarm would arrive. Create another topic for the alarms."
  }
}

variable "alarm_pages" {
  description = "Where people find docs/alarms.md: its path, or the URL of your copy of it. Each alarm names its section there."
  type        = string
  default     = "docs/alarms.md"

  validation {
    condition     = can(regex("^[^#[:space:]]{1,200}$", var.alarm_pages))
    error_message = "alarm_pages must be a path or a URL of at most 200 characters, without white space and #."
  }
}

variable "notify_topic_arn" {
  description = "ARN of an existing SNS topic for the messages to people, in this Region, or null to create one. If it has a customer managed KMS key other than kms_key_arn, topic and key must be in this account, and the policy of the key must allow the role <name_prefix>-notify-people kms:Decrypt and kms:GenerateDataKey. A topic of another account must have no key, and its policy must let the role publish."
  type        = string
  default     = null

  validation {
    condition     = var.notify_topic_arn == null || can(regex("^arn:[a-z-]+:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}$", var.notify_topic_arn))
    error_message = "notify_topic_arn must be the ARN of a standard SNS topic, or null. A FIFO topic sends no e-mails."
  }
}

variable "tags" {
  description = "Tags of all resources that can have tags, in addition to ReleaseMachine = name_prefix."
  type        = map(string)
  default     = {}
}
