"""The roles may do what they do, and nothing else: proved with the calls of the whole suite.

It comes after the end-to-end tests, on their platform, which has recorded the calls of each role.
"""

import pytest

from tests.least_privilege.deployed import Deployed
from tests.least_privilege.judgement import denied, not_explained, outdated, unused
from tests.least_privilege.page import PAGE, renewed
from tests.least_privilege.planned import Permission
from tests.least_privilege.reasons import DENIALS, REASONS

pytestmark = pytest.mark.platform


@pytest.fixture(scope="module")
def deployed() -> Deployed:
    """The deployment that the end-to-end tests have used."""
    return Deployed.from_environment()


@pytest.fixture(scope="module")
def left(deployed: Deployed) -> list[Permission]:
    """The permissions that no test has used."""
    return unused(deployed.planned, deployed.recorded)


def test_every_call_is_allowed(deployed: Deployed) -> None:
    """The platform enforces no policy: a missing permission would first be noticed on AWS."""
    assert denied(deployed.planned, deployed.recorded, DENIALS) == []


def test_every_permission_is_used_or_explained(left: list[Permission]) -> None:
    """A permission that no call needs and no reason explains has to go."""
    assert not_explained(left, REASONS) == []


def test_every_reason_explains_a_permission(deployed: Deployed, left: list[Permission]) -> None:
    """Not one that a test has used, and not one that is gone."""
    assert list(outdated(deployed.planned.permissions, left, REASONS)) == []


def test_the_page_shows_the_permissions(deployed: Deployed) -> None:
    """docs/permissions.md; python -m tests.least_privilege writes it anew."""
    page = PAGE.read_text()
    assert page == renewed(page, deployed.planned.permissions, REASONS, DENIALS)
