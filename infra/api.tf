# POST /releases starts the state machine with the unchanged body, and answers at once. Functions answer the other routes.

locals {
  # Only the shape. open_release checks the rest and reports all problems at once, which API Gateway cannot do. As at the
  # other doors, null means that an optional key is absent.
  manifest_schema = {
    "$schema"            = "http://json-schema.org/draft-04/schema#"
    title                = "Manifest"
    type                 = "object"
    required             = ["releaseId", "pipelines"]
    additionalProperties = false
    properties = {
      "$schema"      = { type = ["string", "null"] }
      releaseId      = { type = ["string", "number"] }
      pipelines      = { type = "array", minItems = 1, items = { type = ["string", "object"] } }
      title          = { type = ["string", "null"] }
      notes          = { type = ["string", "null"] }
      kind           = { type = "string" }
      approvals      = { type = "array", items = { type = "object" } }
      onFailure      = { type = "string" }
      onSkipped      = { type = "string" }
      maxConcurrency = { type = ["integer", "null"] }
      stopMode       = { type = "string" }
      notBefore      = { type = ["string", "null"] }
      holdLocks      = { type = "boolean" }
      deadline       = { type = ["string", "null"] }
      onBusy         = { type = "string" }
      resume         = { type = "boolean" }
      dryRun         = { type = "boolean" }
      rollbackOf     = { type = ["string", "number", "null"] }
    }
  }

  stage_name = "v1"

  # API Gateway compares a content type as text, with its parameters. JSON is always UTF-8.
  json_content_types = toset(flatten([
    "application/json",
    [for space in ["", " "] : [for charset in ["utf-8", "UTF-8"] : "application/json;${space}charset=${charset}"]],
  ]))
}

resource "aws_api_gateway_rest_api" "releases" {
  name        = var.name_prefix
  description = "Starts releases, takes the answers of people to their approvals, and freezes pipelines."
  tags        = local.tags

  endpoint_configuration {
    types = ["REGIONAL"]
  }
}

resource "aws_api_gateway_resource" "releases" {
  rest_api_id = aws_api_gateway_rest_api.releases.id
  parent_id   = aws_api_gateway_rest_api.releases.root_resource_id
  path_part   = "releases"
}

resource "aws_api_gateway_model" "manifest" {
  rest_api_id  = aws_api_gateway_rest_api.releases.id
  name         = "Manifest"
  content_type = "application/json"
  schema       = jsonencode(local.manifest_schema)
}

resource "aws_api_gateway_request_validator" "body" {
  rest_api_id           = aws_api_gateway_rest_api.releases.id
  name                  = "body"
  validate_request_body = true
}

resource "aws_api_gateway_method" "post_release" {
  rest_api_id          = aws_api_gateway_rest_api.releases.id
  resource_id          = aws_api_gateway_resource.releases.id
  http_method          = "POST"
  authorization        = "AWS_IAM"
  request_validator_id = aws_api_gateway_request_validator.body.id
  request_models       = { for type in local.json_content_types : type => aws_api_gateway_model.manifest.name }
}

resource "aws_api_gateway_integration" "post_release" {
  rest_api_id             = aws_api_gateway_rest_api.releases.id
  resource_id             = aws_api_gateway_resource.releases.id
  http_method             = aws_api_gateway_method.post_release.http_method
  type                    = "AWS"
  integration_http_method = "POST"
  uri                     = "arn:${local.partition}:apigateway:${local.region}:states:action/StartExecution"
  credentials             = aws_iam_role.api.arn
  # API Gateway does not validate other content types, so they are rejected (415).
  passthrough_behavior = "NEVER"
  request_templates    = { for type in local.json_content_types : type => local.start_execution_template }
}

locals {
  # The template inserts the body as text and does not parse it: 5.10 must not become 5.1. The caller's identity comes after
  # the body: of two equal keys the last one counts, so no body can claim another identity. escapeJavaScript writes ' as \',
  # which is not valid JSON, so the template undoes that.
  start_execution_template = templatefile("${path.module}/templates/start_execution.vtl", {
    state_machine_arn = aws_sfn_alias.api.arn
  })
}

resource "aws_api_gateway_method_response" "post_release" {
  for_each = toset(["202", "400", "429", "502"])

  rest_api_id     = aws_api_gateway_rest_api.releases.id
  resource_id     = aws_api_gateway_resource.releases.id
  http_method     = aws_api_gateway_method.post_release.http_method
  status_code     = each.key
  response_models = { "application/json" = "Empty" }
}

resource "aws_api_gateway_integration_response" "accepted" {
  depends_on = [aws_api_gateway_integration.post_release]

  rest_api_id        = aws_api_gateway_rest_api.releases.id
  resource_id        = aws_api_gateway_resource.releases.id
  http_method        = aws_api_gateway_method.post_release.http_method
  status_code        = aws_api_gateway_method_response.post_release["202"].status_code
  selection_pattern  = "200"
  response_templates = { "application/json" = file("${path.module}/templates/accepted.vtl") }
}

resource "aws_api_gateway_integration_response" "refused" {
  depends_on = [aws_api_gateway_integration.post_release]

  rest_api_id        = aws_api_gateway_rest_api.releases.id
  resource_id        = aws_api_gateway_resource.releases.id
  http_method        = aws_api_gateway_method.post_release.http_method
  status_code        = aws_api_gateway_method_response.post_release["400"].status_code
  selection_pattern  = "4\\d{2}"
  response_templates = { "application/json" = file("${path.module}/templates/refused.vtl") }
}

# Without a pattern: for all other answers of Step Functions.
resource "aws_api_gateway_integration_response" "unavailable" {
  depends_on = [aws_api_gateway_integration.post_release]

  rest_api_id = aws_api_gateway_rest_api.releases.id
  resource_id = aws_api_gateway_resource.releases.id
  http_method = aws_api_gateway_method.post_release.http_method
  status_code = aws_api_gateway_method_response.post_release["502"].status_code
  response_templates = {
    "application/json" = jsonencode({ message = "Step Functions is not available. Nothing was released. Try again." })
  }
}

resource "aws_api_gateway_gateway_response" "bad_body" {
  rest_api_id   = aws_api_gateway_rest_api.releases.id
  response_type = "BAD_REQUEST_BODY"
  status_code   = "400"
  # API Gateway inserts the values as they are. messageString is a JSON string; validationErrorString contains quotes, so it
  # has no place in JSON.
  response_templates = {
    "application/json" = "{\"message\": \"The body does not have the shape of a manifest. release-machine validate names each problem.\", \"error\": $context.error.messageString}"
  }
}

resource "aws_api_gateway_gateway_response" "unsupported_media_type" {
  rest_api_id   = aws_api_gateway_rest_api.releases.id
  response_type = "UNSUPPORTED_MEDIA_TYPE"
  status_code   = "415"
  response_templates = {
    "application/json" = jsonencode({ message = "Send the manifest with Content-Type: application/json." })
  }
}

resource "aws_api_gateway_gateway_response" "throttled" {
  rest_api_id   = aws_api_gateway_rest_api.releases.id
  response_type = "THROTTLED"
  status_code   = "429"
  response_templates = {
    "application/json" = jsonencode({ message = "More requests came at once than the API accepts. This one was not carried out. Try again in a moment." })
  }
}

module "api_routes" {
  source = "./modules/api_routes"

  api = {
    id               = aws_api_gateway_rest_api.releases.id
    root_resource_id = aws_api_gateway_rest_api.releases.root_resource_id
    execution_arn    = aws_api_gateway_rest_api.releases.execution_arn
    stage_name       = local.stage_name
  }

  # In a permission, * stands for slashes, too. So what a policy grants comes first in a path.
  routes = {
    "POST /approvals/{approval}/{releaseId}" = module.microfunction["answer_approval"]
    "POST /freezes"                          = module.microfunction["change_freeze"]
    "DELETE /freezes/{scope}"                = module.microfunction["change_freeze"]
    "POST /overrides/{releaseId}"            = module.microfunction["change_freeze"]
  }
}

resource "aws_api_gateway_deployment" "releases" {
  depends_on = [
    module.api_routes,
    aws_api_gateway_integration.post_release,
    aws_api_gateway_integration_response.accepted,
    aws_api_gateway_integration_response.refused,
    aws_api_gateway_integration_response.unavailable,
    aws_api_gateway_gateway_response.bad_body,
    aws_api_gateway_gateway_response.throttled,
    aws_api_gateway_gateway_response.unsupported_media_type,
  ]

  rest_api_id = aws_api_gateway_rest_api.releases.id
  description = "Releases, approvals, freezes and overrides"

  # A deployment is a snapshot: each change needs a new one. The hash is of the sources, because AWS returns the resources
  # with other empty values than Terraform wrote.
  triggers = {
    parts = sha1(join("\n", [
      file("${path.module}/api.tf"),
      file("${path.module}/modules/api_routes/main.tf"),
      file("${path.module}/templates/accepted.vtl"),
      file("${path.module}/templates/refused.vtl"),
      local.start_execution_template,
    ]))
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_api_gateway_stage" "v1" {
  #checkov:skip=CKV_AWS_73: xray_enabled turns tracing on.
  #checkov:skip=CKV_AWS_76: Logs need a role that is one setting for all APIs of the account; api_access_logs turns them on.
  #checkov:skip=CKV_AWS_120: Each call changes something, so no answer may come from a cache.
  #checkov:skip=CKV2_AWS_4: As for CKV_AWS_76. The functions log their errors themselves.
  #checkov:skip=CKV2_AWS_29: Each call is signed with IAM credentials, and throttled. A web ACL is the account's decision.
  #checkov:skip=CKV2_AWS_51: The API calls AWS services only, with the permissions of a role. No server behind it needs a proof.
  rest_api_id          = aws_api_gateway_rest_api.releases.id
  deployment_id        = aws_api_gateway_deployment.releases.id
  stage_name           = local.stage_name
  xray_tracing_enabled = var.xray_enabled
  tags                 = local.tags

  dynamic "access_log_settings" {
    for_each = aws_cloudwatch_log_group.api[*].arn

    content {
      destination_arn = access_log_settings.value
      format = jsonencode({
        requestId = "$context.requestId"
        time      = "$context.requestTime"
        caller    = "$context.identity.userArn"
        sourceIp  = "$context.identity.sourceIp"
        method    = "$context.httpMethod"
        path      = "$context.path"
        status    = "$context.status"
        latencyMs = "$context.responseLatency"
        error     = "$context.error.responseType" # Not the message: it may contain quotes.
      })
    }
  }
}

resource "aws_cloudwatch_log_group" "api" {
  count = var.api_access_logs ? 1 : 0

  name              = "/aws/apigateway/${var.name_prefix}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
  tags              = local.tags
}

# Releases are rare. This limits the executions that a caller with a bug can start. It counts the calls of all callers together.
resource "aws_api_gateway_method_settings" "throttle" {
  #checkov:skip=CKV_AWS_225: Each call changes something, so no answer may come from a cache.
  rest_api_id = aws_api_gateway_rest_api.releases.id
  stage_name  = aws_api_gateway_stage.v1.stage_name
  method_path = "*/*"

  settings {
    throttling_rate_limit  = var.api_rate_limit
    throttling_burst_limit = var.api_burst_limit
  }
}

data "aws_iam_policy_document" "api_trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["apigateway.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "api" {
  name               = "${var.name_prefix}-api"
  assume_role_policy = data.aws_iam_policy_document.api_trust.json
  tags               = local.tags
}

data "aws_iam_policy_document" "start_through_api" {
  statement {
    sid     = "StartMachine"
    actions = ["states:StartExecution"]
    # For a start through an alias, IAM compares the ARN of the state machine, and the condition tells the alias. The ARN of
    # the alias is for a start that is compared with it.
    resources = [aws_sfn_state_machine.release.arn, aws_sfn_alias.api.arn]

    condition {
      test     = "ForAnyValue:StringEquals"
      variable = "states:StateMachineQualifier"
      values   = [aws_sfn_alias.api.name]
    }
  }
}

resource "aws_iam_role_policy" "api" {
  name   = "start-machine"
  role   = aws_iam_role.api.id
  policy = data.aws_iam_policy_document.start_through_api.json
}
