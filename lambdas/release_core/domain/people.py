"""Which person stands behind the ARN that signed a request."""

# Roles that IAM Identity Center creates. It sets the session name itself: the name of the user.
_SINGLE_SIGN_ON = "AWSReservedSSO_"


def person_of(arn: str, *, session_names_are_pinned: bool) -> str:
    """The part of a signer's ARN that the signer cannot choose; equal parts are one person.

    A caller who assumes a role chooses the name of the session. So all sessions of a role are one
    person, unless Identity Center made the role, or the deployment says that the trust policies of
    its roles pin the session names. Then all sessions of a name in an account are one person: a
    user may have several roles. A caller who asks for a federated user always chooses its name.
    """
    prefix, separator, resource = arn.partition(":assumed-role/")
    if separator:
        role, _, session = resource.partition("/")
        is_pinned = session_names_are_pinned or role.startswith(_SINGLE_SIGN_ON)
        who = f"*/{session}" if is_pinned else role
        return f"{prefix}{separator}{who}"
    prefix, separator, _ = arn.partition(":federated-user/")
    return f"{prefix}{separator}*" if separator else arn


def is_federated(arn: str) -> bool:
    """Whether a federated user signed: any user who may ask for one, under any name."""
    return ":federated-user/" in arn
