variable "api" {
  description = "The REST API: its id, the id of its root resource, its execution ARN and the name of its stage."
  type = object({
    id               = string
    root_resource_id = string
    execution_arn    = string
    stage_name       = string
  })
}

variable "routes" {
  description = "The function {name, alias, invoke_arn} that answers each route. A route is a method and a path of at most three segments, such as \"POST /approvals/{approval}/{releaseId}\"."
  type = map(object({
    name       = string
    alias      = string
    invoke_arn = string
  }))

  validation {
    condition = alltrue([
      for route in keys(var.routes) : can(regex("^(DELETE|GET|POST|PUT) (/([a-z]+|\\{[A-Za-z]+\\})){1,3}$", route))
    ])
    error_message = "A route must be a method (DELETE, GET, POST or PUT), a space and a path of one to three segments, each lower-case letters or a parameter in braces."
  }
}
