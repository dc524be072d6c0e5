output "pipelines" {
  description = "Pipelines that need no approval."
  value       = [for service, made in aws_codepipeline.service : made.name if local.services[service].gate != "approval"]
}

output "approval_pipelines" {
  description = "Pipelines that wait for a manual approval."
  value       = [for service, made in aws_codepipeline.service : made.name if local.services[service].gate == "approval"]
}

output "sources_bucket" {
  description = "Bucket with the pipelines' sources, one zip for each service."
  value       = aws_s3_bucket.shop["sources"].bucket
}

output "site_bucket" {
  description = "Bucket to which the services are deployed, one folder for each service."
  value       = aws_s3_bucket.shop["site"].bucket
}

output "look" {
  description = "Command that shows which version of each service is deployed."
  value       = "for service in ${join(" ", keys(local.services))}; do aws s3 cp s3://${aws_s3_bucket.shop["site"].bucket}/$service/version.json - ; done"
}
