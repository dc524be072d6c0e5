"""Writes the software bill of materials of each thing that is published, in CycloneDX.

What a zip holds is read from the zip itself. The command names ranges of versions, so its bill has
those in the environment that runs this, with which it is tested. The same sources give the same
bytes. Run as ``make dist`` and, into .build/sbom, as a part of ``make prove``.
"""

from __future__ import annotations

import sys
import tomllib
import uuid
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from importlib.metadata import Distribution, distribution
from pathlib import Path

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools.build_functions import FUNCTIONS, ROOT, digest_of

BILLS = ROOT / ".build/sbom"
SUFFIX = ".cdx.json"
COMMAND = "release-machine-operator"
# A bill has the time of what it describes, which is that of all files in the zips.
ALWAYS = datetime(1980, 1, 1, tzinfo=UTC)
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "release-machine/sbom")

# Distributions by their canonical names.
type Installed = Mapping[str, Distribution]


def bill_of_zip(archive: Path) -> str:
    """The bill of the zip of a function, with what the zip holds of other projects."""
    function = Component(
        type=ComponentType.APPLICATION,
        name=archive.stem,
        version=_our_version(),
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=digest_of(archive))],
        bom_ref=archive.stem,
    )
    held = {_name_of(each): each for each in Distribution.discover(path=[str(archive)])}
    inner = {name for each in held.values() for name in _needs(each, held)}
    return _bill(function, held, direct=held.keys() - inner)


def bill_of_command() -> str:
    """The bill of the command, with all that it needs as it is installed here."""
    command = Component(
        type=ComponentType.APPLICATION, name=COMMAND, version=_our_version(), bom_ref=COMMAND
    )
    needed: dict[str, Distribution] = {}
    waiting = direct = list(_required(distribution(COMMAND)))
    while waiting:
        name, *waiting = waiting
        if name not in needed:
            needed[name] = distribution(name)
            waiting += _required(needed[name])
    return _bill(command, needed, direct=direct)


def write_bills(folder: Path, zips: Path) -> list[Path]:
    """Write the bills of the command and of all zips in a folder; returns their files."""
    bills = {archive.stem: bill_of_zip(archive) for archive in sorted(zips.glob("*.zip"))}
    bills[COMMAND] = bill_of_command()
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for name, bill in bills.items():
        files.append(folder / f"{name}{SUFFIX}")
        files[-1].write_text(bill, encoding="utf-8")
    return files


def _bill(described: Component, held: Installed, *, direct: Iterable[str]) -> str:
    """The text of a bill; ``direct`` names what the described component itself needs."""
    components = {name: _component(each) for name, each in held.items()}
    bom = Bom(components=components.values(), serial_number=_NAMESPACE)
    bom.metadata.component = described
    bom.metadata.timestamp = ALWAYS
    bom.register_dependency(described, [components[name] for name in direct])
    for name, component in components.items():
        bom.register_dependency(component, [components[each] for each in _needs(held[name], held)])
    # The number of a bill stands for its content.
    bom.serial_number = uuid.uuid5(_NAMESPACE, _text(bom))
    return _text(bom)


def _text(bom: Bom) -> str:
    return f"{JsonV1Dot6(bom).output_as_string(indent=2)}\n"


def _component(found: Distribution) -> Component:
    name, metadata = _name_of(found), found.metadata
    address = PackageURL("pypi", name=name, version=found.version)
    said = metadata.get("License-Expression") or metadata.get("License")
    return Component(
        type=ComponentType.LIBRARY,
        name=name,
        version=found.version,
        description=metadata.get("Summary"),
        licenses=[LicenseFactory().make_from_string(said)] if said else [],
        purl=address,
        bom_ref=address.to_string(),
    )


def _needs(found: Distribution, held: Installed) -> list[str]:
    """What a distribution requires, as far as it is held."""
    return [name for name in _required(found) if name in held]


def _required(found: Distribution) -> Iterator[str]:
    """The names of what a distribution requires on this machine, without extras."""
    for text in found.requires or []:
        requirement = Requirement(text)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield canonicalize_name(requirement.name)


def _name_of(found: Distribution) -> str:
    return canonicalize_name(found.metadata["Name"])


def _our_version() -> str:
    project = tomllib.loads((ROOT / "tools/operator/pyproject.toml").read_text("utf-8"))["project"]
    return str(project["version"])


def main() -> int:
    """Write the bills of the built zips and of the command; returns 0."""
    files = write_bills(BILLS, FUNCTIONS)
    sys.stdout.write(f"Wrote {len(files)} bills of materials to {BILLS.relative_to(ROOT)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
