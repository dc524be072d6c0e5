"""Each alarm has a page, and each page an alarm."""

import re
from pathlib import Path
from typing import Any

import hcl2
import pytest

from tests.contract.terraform_files import terraform_files

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/alarms.md").read_text(encoding="utf-8")
SECTIONS = {
    title.lower().replace(" ", "-").replace("'", ""): text
    for title, text in re.findall(r"^## (.+)\n((?:(?!## ).*\n)*)", PAGE, re.MULTILINE)
}
LINK = re.compile(r"\$\{var\.alarm_pages\}#([\w-]+)$")


def parsed() -> list[dict[str, Any]]:
    """All files of Terraform, parsed."""
    found = []
    for path in terraform_files():
        with path.open(encoding="utf-8") as file:
            found.append(hcl2.load(file))
    return found


def alarms() -> dict[str, dict[str, Any]]:
    """The alarms of Terraform, by the name of the resource."""
    return {
        name.strip('"'): body
        for terraform in parsed()
        for resource in terraform.get("resource", [])
        for kind, named in resource.items()
        if kind.strip('"') == "aws_cloudwatch_metric_alarm"
        for name, body in named.items()
    }


def hangs() -> dict[str, dict[str, Any]]:
    """What the alarms of hangs have in common only in form."""
    blocks = [block for terraform in parsed() for block in terraform.get("locals", [])]
    return next(block["hangs"] for block in blocks if "hangs" in block)


def pages_of(name: str) -> list[str]:
    """The sections that the descriptions of an alarm name."""
    description = alarms()[name]["alarm_description"].strip('"')
    if "each.value.page" in description:
        return [each["page"].strip('"') for each in hangs().values()]
    found = LINK.search(description)
    assert found, description
    return [found[1]]


@pytest.mark.parametrize("name", sorted(alarms()))
def test_an_alarm_names_its_section(name: str) -> None:
    """Its description ends with the section, which says what the alarm means and what to do."""
    for page in pages_of(name):
        assert page in SECTIONS, page
        for part in ("**Alarm:** ", "**Means:** ", "**Do:** "):
            assert SECTIONS[page].count(part) == 1, (page, part)


def test_each_section_has_an_alarm() -> None:
    """No section is left of an alarm that is gone."""
    assert {page for name in alarms() for page in pages_of(name)} == set(SECTIONS)


@pytest.mark.parametrize("name", sorted(alarms()))
def test_an_alarm_notifies_the_topic(name: str) -> None:
    """Each notifies the topic if there is one, and says what missing data means."""
    alarm = alarms()[name]
    assert alarm["alarm_actions"] == "${local.alarm_actions}"
    missing = "breaching" if name == "hangs" else "notBreaching"
    assert alarm["treat_missing_data"].strip('"') == missing
