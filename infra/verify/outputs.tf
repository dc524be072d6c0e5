output "release_machine" {
  description = "The outputs of the copy."
  value       = module.release_machine
}

output "verified" {
  description = "What the tests make their pipelines with, and the queue with the events of these."
  value = {
    name_prefix = var.name_prefix
    bucket      = aws_s3_bucket.pipelines.bucket
    role_arn    = aws_iam_role.pipeline.arn
    events_url  = aws_sqs_queue.seen.url
  }
}
