output "state_machine_arn" {
  description = "ARN of the state machine. Its input is a manifest."
  value       = aws_sfn_state_machine.release.arn
}

output "manifest_bucket" {
  description = "Bucket for manifests. An object whose key ends in .json starts a release."
  value       = aws_s3_bucket.manifests.bucket
}

output "api_url" {
  description = "URL for manifests: POST requests that are signed with IAM credentials."
  value       = "${aws_api_gateway_stage.v1.invoke_url}${aws_api_gateway_resource.releases.path}"
}

output "api_root_url" {
  description = "URL that all paths of the API begin with, such as /approvals/{approval}/{releaseId}."
  value       = aws_api_gateway_stage.v1.invoke_url
}

output "releases_table" {
  description = "Table of the releases."
  value       = aws_dynamodb_table.releases.name
}

output "executions_table" {
  description = "Table of the pipelines' executions."
  value       = aws_dynamodb_table.executions.name
}

output "pipelines_table" {
  description = "Table of the pipelines: the lock of each one, and the revisions of its last success."
  value       = aws_dynamodb_table.pipelines.name
}

output "event_bus" {
  description = "Event bus for the outcomes of releases (source release-machine)."
  value       = data.aws_cloudwatch_event_bus.default.name
}

output "dead_letter_queue_urls" {
  description = "URLs of the dead-letter queues: by rule for events that were not delivered, by function for events on which it failed."
  value = merge(
    { for rule, queue in aws_sqs_queue.undelivered : rule => queue.url },
    { for function, queue in local.failure_queues : function => queue.url },
  )
}

output "function_names" {
  description = "Name of each function on AWS."
  value       = { for function, made in module.microfunction : function => made.name }
}

output "people_topic_arn" {
  description = "SNS topic of the messages to people. Subscribe addresses, chats and queues to it."
  value       = local.people_topic_arn
}

output "dashboard_name" {
  description = "Name of the CloudWatch dashboard: how quick, how true, what waits, what failed."
  value       = aws_cloudwatch_dashboard.releases.dashboard_name
}
