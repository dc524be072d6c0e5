"""How lists name rejected manifests."""

import pytest

from release_core.domain.release import Release, ReleaseStatus
from release_machine.release.short_ids import short_id
from tools.operator.tests.conftest import BEGIN, MACHINE

UUID = "0b2f7c1e-8a8e-4f8c-9d53-6f1a1c0f7e55"
EXECUTION = MACHINE.replace(":stateMachine:", ":execution:")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (UUID, "0b2f7c1e"),
        (f"{UUID}_{UUID}", "0b2f7c1e"),
        ("nightly-run-17", "nightly-run-17"),
        (UUID.replace("-", ""), UUID.replace("-", "")),
    ],
)
def test_a_rejected_manifest(name: str, expected: str) -> None:
    """A name that AWS has given is shortened; one that a person gave is not."""
    release = Release(
        release_id=f"{EXECUTION}:{name}",
        status=ReleaseStatus.REJECTED,
        execution_arn=f"{EXECUTION}:{name}",
        opened_at=BEGIN,
    )
    assert short_id(release) == expected


def test_a_release_has_its_id() -> None:
    """It is never shortened, also if it looks like a name of AWS."""
    release = Release(
        release_id=UUID, status=ReleaseStatus.FAILED, execution_arn=EXECUTION, opened_at=BEGIN
    )
    assert short_id(release) == UUID
