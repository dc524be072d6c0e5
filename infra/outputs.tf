output "state_machine_arn" {
  description = "The machine; start it with a manifest as its input."
  value       = aws_sfn_state_machine.release.arn
}

output "manifest_bucket" {
  description = "Bucket to drop manifests into (keys that end in .json)."
  value       = aws_s3_bucket.manifests.bucket
}

output "api_url" {
  description = "Address to POST manifests to, signed with IAM credentials."
  value       = "${aws_api_gateway_stage.v1.invoke_url}${aws_api_gateway_resource.releases.path}"
}

output "releases_table" {
  description = "Table of releases."
  value       = aws_dynamodb_table.releases.name
}

output "executions_table" {
  description = "Table of pipeline executions."
  value       = aws_dynamodb_table.executions.name
}

output "pipelines_table" {
  description = "Table of pipelines and their last good revisions."
  value       = aws_dynamodb_table.pipelines.name
}

output "event_bus" {
  description = "Bus on which outcomes are announced (source release-machine)."
  value       = data.aws_cloudwatch_event_bus.default.name
}

output "dead_letter_queue_urls" {
  description = "Queues of events that were not delivered, by rule, and of events that a function failed on, by function."
  value = merge(
    { for rule, queue in aws_sqs_queue.undelivered : rule => queue.url },
    { for function, queue in local.failure_queues : function => queue.url },
  )
}

output "function_names" {
  description = "Name on AWS of each function."
  value       = { for function, made in module.microfunction : function => made.name }
}
