# The module of the API's routes, alone.

mock_provider "aws" {}

variables {
  api = {
    id               = "abc"
    root_resource_id = "root"
    execution_arn    = "arn:aws:execute-api:eu-west-1:111122223333:abc"
    stage_name       = "v1"
  }
  routes = {
    "POST /votes/{topic}/{pollId}" = { name = "two-vote", alias = "live", invoke_arn = "arn:invoke:vote" }
    "POST /locks"                  = { name = "two-lock", alias = "live", invoke_arn = "arn:invoke:lock" }
    "DELETE /locks/{name}"         = { name = "two-lock", alias = "live", invoke_arn = "arn:invoke:lock" }
  }
}

run "routes_share_the_resources_of_their_paths" {
  command = apply

  module {
    source = "./modules/api_routes"
  }

  assert {
    condition = [keys(aws_api_gateway_resource.first), keys(aws_api_gateway_resource.second), keys(aws_api_gateway_resource.third)] == [
      ["locks", "votes"], ["locks/{name}", "votes/{topic}"], ["votes/{topic}/{pollId}"],
    ]
    error_message = "The API has other resources than the paths of its routes."
  }

  assert {
    condition = [
      aws_api_gateway_resource.first["votes"].parent_id, aws_api_gateway_resource.second["votes/{topic}"].parent_id, aws_api_gateway_resource.third["votes/{topic}/{pollId}"].parent_id,
    ] == ["root", aws_api_gateway_resource.first["votes"].id, aws_api_gateway_resource.second["votes/{topic}"].id]
    error_message = "A resource has another parent than the path before it."
  }

  assert {
    condition = { for route, method in aws_api_gateway_method.route : route => [method.http_method, method.resource_id] } == {
      "POST /votes/{topic}/{pollId}" = ["POST", aws_api_gateway_resource.third["votes/{topic}/{pollId}"].id]
      "POST /locks"                  = ["POST", aws_api_gateway_resource.first["locks"].id]
      "DELETE /locks/{name}"         = ["DELETE", aws_api_gateway_resource.second["locks/{name}"].id]
    }
    error_message = "A route has another method or path than its key."
  }
}

run "callers_sign_and_functions_answer" {
  command = apply

  module {
    source = "./modules/api_routes"
  }

  assert {
    condition     = alltrue([for method in aws_api_gateway_method.route : method.authorization == "AWS_IAM"])
    error_message = "A route takes calls without IAM credentials."
  }

  assert {
    condition     = alltrue([for route, made in aws_api_gateway_integration.route : made.type == "AWS_PROXY" && made.integration_http_method == "POST" && made.uri == var.routes[route].invoke_arn])
    error_message = "A route does not pass the signed request to its function."
  }
}

run "a_function_is_invoked_for_its_routes_only" {
  command = apply

  module {
    source = "./modules/api_routes"
  }

  assert {
    condition = { for permission in aws_lambda_permission.route : permission.source_arn => [permission.principal, permission.function_name, permission.qualifier, permission.statement_id] } == {
      "arn:aws:execute-api:eu-west-1:111122223333:abc/v1/POST/votes/*/*" = ["apigateway.amazonaws.com", "two-vote", "live", "api-post-votes-topic-pollid"]
      "arn:aws:execute-api:eu-west-1:111122223333:abc/v1/POST/locks"     = ["apigateway.amazonaws.com", "two-lock", "live", "api-post-locks"]
      "arn:aws:execute-api:eu-west-1:111122223333:abc/v1/DELETE/locks/*" = ["apigateway.amazonaws.com", "two-lock", "live", "api-delete-locks-name"]
    }
    error_message = "The API may invoke a function for other requests than its routes."
  }
}

run "a_path_deeper_than_three_segments_is_rejected" {
  command         = plan
  expect_failures = [var.routes]

  module {
    source = "./modules/api_routes"
  }

  variables {
    routes = { "POST /a/b/c/d" = { name = "two-vote", alias = "live", invoke_arn = "arn:invoke:vote" } }
  }
}
