output "arn" {
  description = "ARN of the alias: rules invoke it."
  value       = aws_lambda_alias.live.arn
  depends_on  = [aws_lambda_function_event_invoke_config.function] # No event before its failures are kept.
}

output "invoke_arn" {
  description = "ARN by which API Gateway invokes the alias."
  value       = aws_lambda_alias.live.invoke_arn
}

output "alias" {
  description = "Name of the alias. A permission to invoke the alias names it as its qualifier."
  value       = aws_lambda_alias.live.name
}

output "version_arn" {
  description = "ARN of the newest version. It never runs other code."
  value       = aws_lambda_function.function.qualified_arn
}

output "function_arn" {
  description = "ARN of the function without a version, for policies."
  value       = aws_lambda_function.function.arn
}

output "name" {
  description = "Name of the function."
  value       = aws_lambda_function.function.function_name
}

output "environment" {
  description = "Environment variables of the function, for tests."
  value       = var.environment
}

output "memory_mb" {
  description = "Memory of the function in MiB, for tests."
  value       = aws_lambda_function.function.memory_size
}

output "kms_key_arn" {
  description = "ARN of the key of the function, or null, for tests."
  value       = var.kms_key_arn
}

output "failure_queue" {
  description = "Dead-letter queue of the function {arn, name, url}, or null when no events invoke it."
  value = one([
    for queue in aws_sqs_queue.failures : { arn = queue.arn, name = queue.name, url = queue.url }
  ])
}

output "traced" {
  description = "Whether X-Ray traces the function and it may write traces, for tests."
  value       = one(aws_lambda_function.function.tracing_config).mode == "Active" && anytrue([for statement in data.aws_iam_policy_document.runtime.statement : statement.sid == "Trace"])
}
