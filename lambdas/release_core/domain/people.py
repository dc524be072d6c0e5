"""Which person stands behind the ARN that signed a request."""

# Roles that IAM Identity Center creates. It sets the session name itself: the name of the user.
_SINGLE_SIGN_ON = "AWSReservedSSO_"


def person_of(arn: str, *, session_names_are_pinned: bool) -> str:
    """The part of a signer's ARN that the signer cannot choose; equal parts are one person.

    A caller who assumes a role chooses the name of the session, and so does a caller who asks for
    a federated user. So all sessions of a role are one person, unless Identity Center made the
    role, or the deployment says that the trust policies of its roles pin the session names.
    """
    prefix, separator, resource = arn.partition(":assumed-role/")
    if separator:
        role = resource.split("/")[0]
        is_pinned = session_names_are_pinned or role.startswith(_SINGLE_SIGN_ON)
        return arn if is_pinned else f"{prefix}{separator}{role}"
    prefix, separator, _ = arn.partition(":federated-user/")
    return f"{prefix}{separator}*" if separator and not session_names_are_pinned else arn
