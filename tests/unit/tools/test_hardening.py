"""A failed check of the plan is a problem, and so is a skip without a reason or without a use."""

from pathlib import Path
from typing import Any

from tools.checks.hardening import INFRA, NOT_DEPLOYED, Skip, problems, skips_in


def result(check: str, file: str) -> dict[str, Any]:
    """A result as Checkov reports it."""
    return {
        "check_id": check,
        "check_name": f"Ensure {check}",
        "file_path": file,
        "file_line_range": [7, 9],
        "resource_address": 'module.one["x"].aws_sqs_queue.it',
    }


def report(failed: list[Any], skipped: list[Any], **summary: int) -> dict[str, Any]:
    """A report of Checkov."""
    counts = {"passed": 3, "parsing_errors": 0, **summary}
    return {"results": {"failed_checks": failed, "skipped_checks": skipped}, "summary": counts}


def test_a_failed_check_is_named_with_its_place() -> None:
    """File, line, check and resource."""
    assert list(problems(report([result("CKV_1", "a.tf")], []), [])) == [
        'a.tf:7: CKV_1 Ensure CKV_1: module.one["x"].aws_sqs_queue.it'
    ]


def test_a_skip_has_a_reason_and_a_use() -> None:
    """A comment that skips nothing would hide the next failure."""
    skips = [Skip("a.tf", "CKV_1", "why"), Skip("a.tf", "CKV_2"), Skip("b.tf", "CKV_1", "why")]
    found = problems(report([], [result("CKV_1", "a.tf"), result("CKV_2", "a.tf")]), skips)
    assert list(found) == [
        "a.tf: the skip of CKV_2 has no reason",
        "b.tf: nothing fails CKV_1, so its skip must go",
    ]


def test_a_plan_that_was_not_read_is_a_problem() -> None:
    """No failure is shown by a report about nothing."""
    assert "was not read" in "".join(problems(report([], [], passed=0), []))
    assert "was not read" in "".join(problems(report([], [], parsing_errors=1), []))


def test_skips_are_read_with_their_reasons(tmp_path: Path) -> None:
    """As Checkov reads them."""
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules/a.tf").write_text(
        'resource "a" "b" {\n  #checkov:skip=CKV_1: For a reason.\n  #checkov:skip=CKV_2\n}\n'
    )
    assert skips_in(tmp_path) == [
        Skip("modules/a.tf", "CKV_1", "For a reason."),
        Skip("modules/a.tf", "CKV_2"),
    ]


def test_each_skip_of_ours_has_a_reason() -> None:
    """Also before the plan is checked."""
    skips = [each for each in skips_in(INFRA) if Path(each.file).parts[0] not in NOT_DEPLOYED]
    assert skips
    assert all(len(each.reason.split()) >= 4 for each in skips)
