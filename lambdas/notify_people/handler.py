"""The Lambda handler of notify_people."""

import os

from notify_people.telling import NotifyPeople
from release_core.aws.clients import Context, client
from release_core.settings import NotifyPeopleSettings, read_settings


def handler(event: object, _context: Context) -> None:
    """Tell people about one event of the release machine, if it is worth a message."""
    settings = read_settings(NotifyPeopleSettings, os.environ)
    NotifyPeople(sns=client("sns"), topic_arn=settings.people_topic).tell(event)
