# A function of a runtime that the platform cannot run.

resource "aws_iam_role" "function" {
  name = "public-other-runtime"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "lambda.amazonaws.com" } }]
  })
}

variable "archive" {
  type = string
}

resource "aws_lambda_function" "other" {
  function_name = "public-other-runtime"
  role          = aws_iam_role.function.arn
  runtime       = "nodejs22.x"
  handler       = "index.handler"
  filename      = var.archive
}
