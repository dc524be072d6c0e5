"""The report that the command writes of a release, in a browser."""

from pathlib import Path

import pytest

from tests.e2e.command.command_line import run_command
from tests.e2e.releasing.pipelines import Pipelines, unique
from tests.e2e.releasing.releases import Releases, manifest
from tools.operator.tests.samples.chromium import Chromium
from tools.operator.tests.samples.page_checks import DESK, PHONE, check_contrast, check_fit

pytestmark = pytest.mark.platform


def test_the_report_in_a_browser(pipelines: Pipelines, releases: Releases, tmp_path: Path) -> None:
    """It tells what failed and why, on a desk and on a phone, in the light and in the dark."""
    release_id, plain, gated = unique("r"), pipelines.make(), pipelines.make(approval=True)
    arn = releases.start(manifest(release_id, plain, {"name": gated, "dependsOn": [plain]}))
    pipelines.approve(gated, releases.started(release_id, gated), approve=False)
    releases.end(arn)
    page, told = tmp_path / "release.html", (plain, gated, "not fit to ship")
    called = run_command("show", release_id, "--html", str(page))
    assert called.returncode == 0, called.stderr
    with Chromium(tmp_path / "profile") as chromium:
        for width in (PHONE, DESK):
            for scheme in ("light", "dark"):
                check_fit(chromium, page, width=width, scheme=scheme)
                check_contrast(chromium, page, width=width, scheme=scheme)
                assert chromium.evaluate("document.title") == f"Release {release_id}: FAILED"
                text = chromium.evaluate("document.body.innerText")
                assert [each for each in told if each not in text] == []
