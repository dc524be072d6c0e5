"""A failed check of the plan is a problem, and so is a skip without a reason or without a use."""

import json
from pathlib import Path
from typing import Any

import pytest

from tools.checks import hardening
from tools.checks.hardening import INFRA, NOT_DEPLOYED, Skip, check, copy_of, problems, skips_in


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


def test_files_of_a_deployment_under_way_are_not_copied(tmp_path: Path) -> None:
    """Tflocal writes them beside the sources, and removes them at any time."""
    infra = tmp_path / "infra"
    (infra / "modules").mkdir(parents=True)
    (infra / "tests").mkdir()
    for name in ("a.tf", "modules/b.tf", "x_override.tf", "tests/c.tf"):
        (infra / name).write_text("")
    copied = copy_of(infra, tmp_path / "copy")
    found = {str(path.relative_to(copied)) for path in copied.rglob("*.tf")}
    assert found == {"a.tf", "modules/b.tf"}


def test_checkov_asks_for_no_newer_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would ask PyPI at its start."""
    checkov = tmp_path / "checkov"
    checkov.write_text('#!/bin/sh\necho "{\\"skips\\": \\"$CKV_SKIP_PACKAGE_UPDATE_CHECK\\"}"\n')
    checkov.chmod(0o755)
    monkeypatch.setattr(hardening, "CHECKOV", checkov)
    assert check(json.dumps({}), tmp_path) == {"skips": "true"}
