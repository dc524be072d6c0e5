"""A bill of materials names what a zip really holds, and what the command needs."""

import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from tools.sbom import COMMAND, SUFFIX, bill_of_command, bill_of_zip, write_bills

OUTER = "Name: Outer_Part\nVersion: 1.5\nLicense-Expression: MIT\nRequires-Dist: inner>=2\n"
INNER = "Name: inner\nVersion: 2.0\nRequires-Dist: absent; extra == 'more'\n"


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """The zip of a function, with two parts of other projects."""
    path = tmp_path / "greet.zip"
    with zipfile.ZipFile(path, "w") as package:
        package.writestr("greet/handler.py", "")
        package.writestr("outer_part-1.5.dist-info/METADATA", OUTER)
        package.writestr("inner-2.0.dist-info/METADATA", INNER)
    return path


def needs(bill: dict[str, Any]) -> dict[str, list[str]]:
    """What depends on what, by reference."""
    return {each["ref"]: each.get("dependsOn", []) for each in bill["dependencies"]}


def test_the_bill_of_a_zip_names_what_it_holds(archive: Path) -> None:
    """Each part with its version, its licence and what it needs; the zip with its checksum."""
    bill = json.loads(bill_of_zip(archive))
    function = bill["metadata"]["component"]
    assert function["name"] == "greet"
    checksum = hashlib.sha256(archive.read_bytes()).hexdigest()
    assert function["hashes"] == [{"alg": "SHA-256", "content": checksum}]
    parts = {each["name"]: each for each in bill["components"]}
    assert {name: each["version"] for name, each in parts.items()} == {
        "outer-part": "1.5",
        "inner": "2.0",
    }
    assert parts["outer-part"]["licenses"] == [{"license": {"id": "MIT"}}]
    outer, inner = (parts[name]["purl"] for name in ("outer-part", "inner"))
    assert needs(bill) == {"greet": [outer], outer: [inner], inner: []}


def test_a_zip_of_our_own_code_has_a_bill_too(tmp_path: Path) -> None:
    """It says that nothing of other projects is in it."""
    path = tmp_path / "greet.zip"
    with zipfile.ZipFile(path, "w") as package:
        package.writestr("greet/handler.py", "")
    bill = json.loads(bill_of_zip(path))
    assert "components" not in bill
    assert needs(bill) == {"greet": []}


def test_the_bill_of_the_command_goes_down_to_the_last_part() -> None:
    """The parts that its package names, and what these need."""
    bill = json.loads(bill_of_command())
    parts = {each["name"]: each["purl"] for each in bill["components"]}
    assert needs(bill)[COMMAND] == sorted(
        parts[each] for each in ("boto3", "click", "pydantic", "rich", "typing-extensions")
    )
    assert {"botocore", "urllib3", "pydantic-core"} <= parts.keys()
    assert {"pytest", "mypy"}.isdisjoint(parts)


def test_bills_follow_the_schema_and_are_reproducible(archive: Path, tmp_path: Path) -> None:
    """CycloneDX's own schema accepts each, and the same sources give the same bytes."""
    files = write_bills(tmp_path / "one", archive.parent)
    assert [file.name for file in files] == [f"greet{SUFFIX}", f"{COMMAND}{SUFFIX}"]
    again = write_bills(tmp_path / "two", archive.parent)
    for one, two in zip(files, again, strict=True):
        assert one.read_bytes() == two.read_bytes()
        assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(one.read_text()) is None
    numbers = {json.loads(file.read_text())["serialNumber"] for file in files}
    assert len(numbers) == len(files)
