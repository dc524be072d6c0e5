# Routes of a REST API that functions answer. Callers sign their requests, and IAM decides who may call which path.

locals {
  methods = { for route in keys(var.routes) : route => split(" ", route)[0] }
  paths   = { for route in keys(var.routes) : route => trimprefix(split(" ", route)[1], "/") }

  # Each path and its parents, such as approvals and approvals/{approval}.
  all_paths = toset(flatten([
    for path in values(local.paths) : [
      for depth in range(length(split("/", path))) : join("/", slice(split("/", path), 0, depth + 1))
    ]
  ]))

  resource_ids = merge([
    for depth in [aws_api_gateway_resource.first, aws_api_gateway_resource.second, aws_api_gateway_resource.third] : {
      for path, resource in depth : path => resource.id
    }
  ]...)
}

# One block for each depth: a resource cannot name another one of the same block as its parent.
resource "aws_api_gateway_resource" "first" {
  for_each = toset([for path in local.all_paths : path if length(split("/", path)) == 1])

  rest_api_id = var.api.id
  parent_id   = var.api.root_resource_id
  path_part   = basename(each.key)
}

resource "aws_api_gateway_resource" "second" {
  for_each = toset([for path in local.all_paths : path if length(split("/", path)) == 2])

  rest_api_id = var.api.id
  parent_id   = aws_api_gateway_resource.first[dirname(each.key)].id
  path_part   = basename(each.key)
}

resource "aws_api_gateway_resource" "third" {
  for_each = toset([for path in local.all_paths : path if length(split("/", path)) == 3])

  rest_api_id = var.api.id
  parent_id   = aws_api_gateway_resource.second[dirname(each.key)].id
  path_part   = basename(each.key)
}

resource "aws_api_gateway_method" "route" {
  #checkov:skip=CKV2_AWS_53: The functions check each request, and name all its problems.
  for_each = var.routes

  rest_api_id   = var.api.id
  resource_id   = local.resource_ids[local.paths[each.key]]
  http_method   = local.methods[each.key]
  authorization = "AWS_IAM"
}

resource "aws_api_gateway_integration" "route" {
  for_each = var.routes

  rest_api_id             = var.api.id
  resource_id             = local.resource_ids[local.paths[each.key]]
  http_method             = aws_api_gateway_method.route[each.key].http_method
  type                    = "AWS_PROXY"
  integration_http_method = "POST"
  uri                     = each.value.invoke_arn
}

# The API may invoke the function for this method and path only. In the ARN of a request, * stands for a parameter of the path.
resource "aws_lambda_permission" "route" {
  for_each = var.routes

  statement_id  = "api-${lower(replace(replace(each.key, "/[{}]/", ""), "/[ ]?//", "-"))}"
  action        = "lambda:InvokeFunction"
  function_name = each.value.name
  qualifier     = each.value.alias
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${var.api.execution_arn}/${var.api.stage_name}/${local.methods[each.key]}/${replace(local.paths[each.key], "/{[A-Za-z]+}/", "*")}"

  # The API calls the old target until its stage is deployed again.
  lifecycle {
    create_before_destroy = true
  }
}
