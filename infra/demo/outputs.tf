output "pipelines" {
  description = "Pipelines that run to their end by themselves."
  value       = [for service, made in aws_codepipeline.service : made.name if local.services[service].gate != "approval"]
}

output "approval_pipelines" {
  description = "Pipelines that wait for a person's approval."
  value       = [for service, made in aws_codepipeline.service : made.name if local.services[service].gate == "approval"]
}

output "sources_bucket" {
  description = "Bucket that the pipelines take their sources from, a zip for each service."
  value       = aws_s3_bucket.shop["sources"].bucket
}

output "site_bucket" {
  description = "Bucket that the services are deployed to, each in a folder of its own."
  value       = aws_s3_bucket.shop["site"].bucket
}

output "look" {
  description = "Command that shows which version of each service is deployed."
  value       = "for service in ${join(" ", keys(local.services))}; do aws s3 cp s3://${aws_s3_bucket.shop["site"].bucket}/$service/version.json - ; done"
}
