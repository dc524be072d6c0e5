"""SSM Change Calendar: reads whether the change calendars of the deployment are open."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from release_core.aws.codepipeline import is_throttled
from release_core.domain.calendars import CalendarState
from release_core.domain.release import Failure

if TYPE_CHECKING:
    from types_boto3_ssm import SSMClient


class Calendars:
    """The change calendars with these names or ARNs; at least one.

    ``client`` returns the client of SSM: most invocations start nothing and need none.
    """

    def __init__(self, client: "Callable[[], SSMClient]", names: tuple[str, ...]) -> None:
        self._client = client
        self.names = names

    def read(self) -> CalendarState:
        """The state of all of them together, in one call; never raises an error of AWS."""
        try:
            answer = self._client().get_calendar_state(CalendarNames=list(self.names))
        except ClientError as error:
            detail = error.response["Error"]
            failure = Failure(message=detail.get("Message", ""), code=detail["Code"])
            return CalendarState(
                is_open=False, trouble=failure.reason, throttled=is_throttled(error)
            )
        except BotoCoreError as error:
            return CalendarState(is_open=False, trouble=str(error))
        return state_in(answer)


def state_in(answer: Mapping[str, Any]) -> CalendarState:
    """What an answer of GetCalendarState means. A state that is not known counts as closed."""
    state = answer.get("State")
    if state not in {"OPEN", "CLOSED"}:
        return CalendarState(is_open=False, trouble=f"SSM answered the unknown state {state}")
    changes_at = _moment(answer.get("NextTransitionTime"))
    return CalendarState(is_open=state == "OPEN", changes_at=changes_at)


def _moment(text: object) -> datetime | None:
    """The time; None if there is none, or if it cannot be read."""
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=UTC)
