"""The services that the platform loads."""

import pytest

from tools.platform.services import OWN, available, missing, wanted


def test_services_are_added_to_those_of_the_project() -> None:
    """SERVICES adds to the project's services, and names may repeat."""
    assert wanted("") == OWN
    assert set(wanted(" ses, s3,ec2,")) == {*OWN, "ses", "ec2"}


@pytest.mark.parametrize("more", ["SSM", "ssm ec2", "ssm;ec2", "../x"])
def test_malformed_list_is_rejected(more: str) -> None:
    """A list without commas between names of services is rejected, and the error shows how."""
    with pytest.raises(ValueError, match=r"SERVICES must list names .* such as ec2"):
        wanted(more)


def test_services_that_do_not_run_are_missing() -> None:
    """A disabled, broken or unknown service is missing; one that starts later is not."""
    states = {"s3": "running", "ssm": "available", "ec2": "disabled", "ses": "error"}
    assert missing(["s3", "ssm", "ec2", "ses", "typo"], states) == ["ec2", "ses", "typo"]


def test_services_that_can_be_added_are_named() -> None:
    """The list for an error leaves out what is always there."""
    assert available({"s3": "running", "rds": "disabled", "ec2": "disabled"}) == ["ec2", "rds"]
