"""Finds names of pipelines that no release has run, such as one with a typing error."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from release_core.manifest.nearest import NearestName
from release_machine.deployment.aws_problems import is_denied

if TYPE_CHECKING:
    from release_machine.deployment.session import Session

WHICH_THERE_ARE = "See which pipelines there are with: release-machine status"


def unknown_names(session: Session, names: Iterable[str]) -> dict[str, str]:
    """A problem for each of the names that no release has run, in the order of the names.

    Nothing is known to a user who may not list pipelines, and can still read the releases of one.
    """
    wanted = sorted(set(names))
    if not wanted:
        return {}
    try:
        known = {each.lock.pipeline for each in session.ledger.uses()}
    except ClientError as error:
        if not is_denied(error):
            raise
        return {}
    nearest = NearestName(known)
    return {each: _problem(each, nearest(each)) for each in wanted if each not in known}


def _problem(name: str, near: str | None) -> str:
    return f"No release has run a pipeline {name}{f' (did you mean {near}?)' if near else ''}."
