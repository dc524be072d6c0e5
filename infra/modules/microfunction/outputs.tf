output "arn" {
  description = "ARN of the function."
  value       = aws_lambda_function.function.arn
}

output "name" {
  description = "Name of the function."
  value       = aws_lambda_function.function.function_name
}

output "environment" {
  description = "The environment the function got, for tests."
  value       = var.environment
}

output "memory_mb" {
  description = "The memory the function got, in MiB, for tests."
  value       = aws_lambda_function.function.memory_size
}

output "failure_queue" {
  description = "The queue of failed events {arn, name, url}, or null when nothing invokes the function asynchronously."
  value = one([
    for queue in aws_sqs_queue.failures : { arn = queue.arn, name = queue.name, url = queue.url }
  ])
}
