# Each variable rejects values that would fail later, or only on AWS.

mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }
}

variables {
  architecture = jsondecode(file("../.build/functions/open_release.zip.json")).architecture # as make built it
}

run "name_prefix_too_long_for_the_bucket" {
  command         = plan
  expect_failures = [var.name_prefix]

  variables {
    name_prefix = "abcdefghijklmnopqrstuvwxyz"
  }
}

run "name_prefix_with_capitals" {
  command         = plan
  expect_failures = [var.name_prefix]

  variables {
    name_prefix = "Release"
  }
}

run "name_prefix_with_a_hyphen_at_its_end" {
  command         = plan
  expect_failures = [var.name_prefix]

  variables {
    name_prefix = "release-"
  }
}

run "a_limit_of_a_function_that_does_not_exist" {
  command         = plan
  expect_failures = [var.reserved_concurrency]

  variables {
    reserved_concurrency = { start_release = 10 }
  }
}

run "a_limit_that_stops_a_function" {
  command         = plan
  expect_failures = [var.reserved_concurrency]

  variables {
    reserved_concurrency = { run_pipeline = 0 }
  }
}

run "architecture_as_docker_spells_it" {
  command         = plan
  expect_failures = [var.architecture]

  variables {
    architecture = "amd64"
  }
}

run "no_pipeline_patterns" {
  command         = plan
  expect_failures = [var.pipeline_name_patterns]

  variables {
    pipeline_name_patterns = []
  }
}

run "a_calendar_with_a_path" {
  command         = plan
  expect_failures = [var.change_calendars]

  variables {
    change_calendars = ["document/company"]
  }
}

run "a_calendar_that_is_an_arn_of_something_else" {
  command         = plan
  expect_failures = [var.change_calendars]

  variables {
    change_calendars = ["arn:aws:ssm:eu-west-1:111122223333:parameter/company"]
  }
}

run "a_calendar_twice" {
  command         = plan
  expect_failures = [var.change_calendars]

  variables {
    change_calendars = ["company", "company"]
  }
}

run "a_source_that_is_an_object" {
  command         = plan
  expect_failures = [var.source_arns]

  variables {
    source_arns = ["arn:aws:s3:::sources/app.zip"]
  }
}

run "a_source_that_is_every_bucket" {
  command         = plan
  expect_failures = [var.source_arns]

  variables {
    source_arns = ["arn:aws:s3:::*"]
  }
}

run "a_source_that_is_not_a_repository" {
  command         = plan
  expect_failures = [var.source_arns]

  variables {
    source_arns = ["arn:aws:ecr:eu-west-1:111122223333:web"]
  }
}

run "a_pipeline_pattern_with_a_colon" {
  command         = plan
  expect_failures = [var.pipeline_name_patterns]

  variables {
    pipeline_name_patterns = ["shop", "x:*"]
  }
}

run "a_pipeline_pattern_that_eventbridge_rejects" {
  command         = plan
  expect_failures = [var.pipeline_name_patterns]

  variables {
    pipeline_name_patterns = ["shop-**"]
  }
}

run "checks_that_fill_the_history_in_days" {
  command         = plan
  expect_failures = [var.look_after_seconds]

  variables {
    look_after_seconds = 599
  }
}

run "look_after_a_fraction_of_a_second" {
  command         = plan
  expect_failures = [var.look_after_seconds]

  variables {
    look_after_seconds = 600.5
  }
}

run "records_kept_for_zero_days" {
  command         = plan
  expect_failures = [var.record_retention_days]

  variables {
    record_retention_days = 0
  }
}

run "releases_kept_for_less_than_a_redrive_may_take" {
  command         = plan
  expect_failures = [var.release_retention_days]

  variables {
    release_retention_days = 29
  }
}

run "log_retention_that_cloudwatch_does_not_offer" {
  command         = plan
  expect_failures = [var.log_retention_days]

  variables {
    log_retention_days = 10
  }
}

run "alarm_pages_with_a_section" {
  command         = plan
  expect_failures = [var.alarm_pages]

  variables {
    alarm_pages = "docs/alarms.md#dead-letters"
  }
}

run "alarm_topic_by_name" {
  command         = plan
  expect_failures = [var.alarm_topic_arn]

  variables {
    alarm_topic_arn = "on-call"
  }
}

run "alarms_to_the_topic_of_the_people" {
  command         = plan
  expect_failures = [var.alarm_topic_arn]

  variables {
    name_prefix     = "two"
    alarm_topic_arn = "arn:aws:sns:eu-west-1:111122223333:two-people"
  }
}

run "a_key_by_its_alias" {
  command         = plan
  expect_failures = [var.kms_key_arn]

  variables {
    kms_key_arn = "arn:aws:kms:eu-west-1:111122223333:alias/release-machine"
  }
}

run "a_key_of_another_region" {
  command         = plan
  expect_failures = [var.kms_key_arn]

  override_data {
    target          = data.aws_region.current
    override_during = plan
    values          = { name = "eu-west-1" }
  }

  variables {
    kms_key_arn = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
  }
}

run "an_api_that_accepts_nothing" {
  command         = plan
  expect_failures = [var.api_rate_limit, var.api_burst_limit]

  variables {
    api_rate_limit  = 0
    api_burst_limit = 0
  }
}

run "an_api_that_accepts_more_than_the_account" {
  command         = plan
  expect_failures = [var.api_rate_limit, var.api_burst_limit]

  variables {
    api_rate_limit  = 10001
    api_burst_limit = 5001
  }
}

run "a_fraction_of_a_request_at_once" {
  command         = plan
  expect_failures = [var.api_burst_limit]

  variables {
    api_burst_limit = 1.5
  }
}
