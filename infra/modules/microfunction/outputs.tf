output "arn" {
  description = "ARN of the function."
  value       = aws_lambda_function.function.arn
}

output "invoke_arn" {
  description = "ARN by which API Gateway invokes the function."
  value       = aws_lambda_function.function.invoke_arn
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
