"""``show --html`` writes the report."""

from pathlib import Path

from tools.operator.tests.conftest import Run
from tools.operator.tests.samples.fake_deployment import FakeAws
from tools.operator.tests.samples.report_reading import Page


def test_the_report_is_written(run: Run, aws: FakeAws, tmp_path: Path) -> None:
    """The file has the whole page, and the command prints its name."""
    result = run("show", "2026.11.22-1", "--html", "release.html")
    assert (result.exit_code, result.output) == (0, "wrote release.html\n")
    page = Page((tmp_path / "release.html").read_text(encoding="utf-8"))
    assert page.text.startswith("Release 2026.11.22-1: SUCCEEDED ")
    assert page.text.endswith("All times are UTC.")
    console = "https://us-east-1.console.aws.amazon.com/"
    assert any(each.startswith(console) for each in page.values("href"))


def test_the_report_is_printed(run: Run, aws: FakeAws, tmp_path: Path) -> None:
    """With - as its file, the page goes to standard output, and nothing else does."""
    result = run("show", "2026.11.22-1", "--html", "-")
    assert result.exit_code == 0
    assert result.stdout.startswith("<!DOCTYPE html>\n<html")
    assert result.stdout.endswith("</html>\n")
    assert Page(result.stdout).text.endswith("All times are UTC.")
    assert result.stderr == ""
    assert [each.name for each in tmp_path.iterdir()] == ["manifest.json"]


def test_a_file_that_cannot_be_written(run: Run, aws: FakeAws) -> None:
    """A file in a missing folder is wrong usage, and the error names it."""
    result = run("show", "2026.11.22-1", "--html", "nowhere/release.html")
    assert result.exit_code == 2
    assert "nowhere/release.html cannot be written: No such file or directory." in result.output
