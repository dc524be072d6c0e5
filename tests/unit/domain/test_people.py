"""Only what a signer cannot choose tells two people apart."""

import pytest

from release_core.domain.people import person_of

ADA = "arn:aws:iam::111122223333:user/team/ada"
ROLE = "arn:aws:sts::111122223333:assumed-role/Releaser"
SSO = "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Releaser_0123456789abcdef"
OTHER_SSO = "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Approver_fedcba9876543210"
ANY_ROLE = "arn:aws:sts::111122223333:assumed-role/*"
FEDERATED = "arn:aws:sts::111122223333:federated-user"


@pytest.mark.parametrize(
    ("arn", "person"),
    [
        (ADA, ADA),
        ("arn:aws:iam::111122223333:root", "arn:aws:iam::111122223333:root"),
        (f"{ROLE}/ada", ROLE),
        (f"{ROLE}/AWSReservedSSO_grace", ROLE),
        (f"{SSO}/ada@example.com", f"{ANY_ROLE}/ada@example.com"),
        (f"{OTHER_SSO}/ada@example.com", f"{ANY_ROLE}/ada@example.com"),
        (f"{FEDERATED}/ada", f"{FEDERATED}/*"),
        (ROLE.replace("arn:aws:", "arn:aws-cn:") + "/a", ROLE.replace("arn:aws:", "arn:aws-cn:")),
    ],
)
def test_a_session_name_counts_only_where_the_caller_cannot_choose_it(
    arn: str, person: str
) -> None:
    """A user is a person, a role is one person, and a user of Identity Center is a person."""
    assert person_of(arn, session_names_are_pinned=False) == person


@pytest.mark.parametrize(
    ("arn", "person"),
    [
        (ADA, ADA),
        (f"{ROLE}/ada", f"{ANY_ROLE}/ada"),
        (f"{ROLE}Too/ada", f"{ANY_ROLE}/ada"),
        (f"{SSO}/ada", f"{ANY_ROLE}/ada"),
        (f"{FEDERATED}/ada", f"{FEDERATED}/*"),
    ],
)
def test_pinned_session_names_count(arn: str, person: str) -> None:
    """A deployment whose trust policies pin the session names tells sessions apart.

    Two roles of one person have the same name. A trust policy says nothing of federated users.
    """
    assert person_of(arn, session_names_are_pinned=True) == person
