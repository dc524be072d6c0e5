"""Lets LocalStack's SSM keep change calendars, tell their state, and announce its changes.

LocalStack answers SSM's calls with moto, which knows the document type ChangeCalendar but neither
the format TEXT, in which AWS keeps calendars, nor GetCalendarState.
"""

import json
import re
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any

from localstack.aws.api import CommonServiceException, RequestContext
from localstack.http import Request, Response
from localstack.runtime import hooks
from localstack.services.edge import ROUTER

from localstack_change_calendar.calendar_text import State
from localstack_change_calendar.faults import Faults, InvalidFaultError
from localstack_change_calendar.operation import (
    CALENDAR,
    CalendarApiError,
    Document,
    get_calendar_state,
    iso,
    state_of,
)
from localstack_change_calendar.watcher import Calendar, Timer, Watcher

PATH = "/_ssm/calendar-faults"
ARN = re.compile(r"arn:aws[\w-]*:ssm:(?P<region>[^:]+):(?P<account>\d+):document/(?P<name>.+)")

FAULTS = Faults()


@hooks.on_infra_start(priority=30)  # type: ignore[untyped-decorator] # LocalStack ships without types
def serve_change_calendars() -> None:
    """Adds what SSM's provider lacks, before it is loaded at priority 0; serves the faults."""
    # Imported late: LocalStack is being set up until then.
    from localstack.services.ssm.provider import SsmProvider  # noqa: PLC0415 - as above

    SsmProvider.get_calendar_state = _get_calendar_state
    SsmProvider.create_document = _watched
    SsmProvider.update_document = _watched
    SsmProvider.update_document_default_version = _watched
    SsmProvider.delete_document = _watched
    ROUTER.add(PATH, _serve_faults, methods=["GET", "POST", "DELETE"])


@hooks.on_infra_shutdown()  # type: ignore[untyped-decorator] # LocalStack ships without types
def stop_watching_calendars() -> None:
    """Ends the timers."""
    WATCHER.stop()


def _get_calendar_state(
    _provider: Any,
    context: RequestContext,
    calendar_names: list[str],
    at_time: str | None = None,
    **_: Any,
) -> dict[str, str]:
    names = [name.rpartition("/")[2] for name in calendar_names]
    fault = FAULTS.take(names, "throttle", "fail", "delay") or {}
    if fault.get("effect") == "delay":
        time.sleep(fault["seconds"])
    elif fault:
        raise CommonServiceException(
            fault.get("code", "ThrottlingException"),
            fault.get("message", "Rate exceeded"),
            status_code=int(fault.get("status", 400)),
            sender_fault=fault.get("status", 400) < 500,
        )
    try:
        return get_calendar_state(
            calendar_names, at_time, find=_finder(context.account_id, context.region), now=_now()
        )
    except CalendarApiError as error:
        raise CommonServiceException(
            error.code, error.message, status_code=error.status, sender_fault=True
        ) from error


def _watched(_provider: Any, context: RequestContext, *_: Any, **__: Any) -> Any:
    """Let moto write the document, and look at the calendar then."""
    from localstack.services.moto import call_moto  # noqa: PLC0415 - as above

    _allow_text()
    answer = call_moto(context)
    request = context.service_request or {}
    WATCHER.look(Calendar(context.account_id, context.region, request["Name"]))
    return answer


@cache  # once; moto's SSM takes a third of a second to import, so not at the start
def _allow_text() -> None:
    """Let moto keep calendars as text: it reads its documents as JSON or YAML."""
    from localstack.utils.patch import patch  # noqa: PLC0415 - as above
    from moto.ssm import models  # noqa: PLC0415 - as above

    @patch(models._validate_document_format)  # type: ignore[untyped-decorator] # LocalStack ships without types
    def check(check: Callable[..., None], document_format: str) -> None:
        if document_format != "TEXT":
            check(document_format=document_format)

    @patch(models.Document.__init__)  # type: ignore[untyped-decorator] # LocalStack ships without types
    def keep(init: Callable[..., None], document: Any, **given: Any) -> None:
        is_text = given["document_format"] == "TEXT" and given["document_type"] == CALENDAR
        read = {"content": '{"schemaVersion": "1.0"}', "document_format": "JSON"}
        init(document, **(given | read if is_text else given))
        if is_text:
            document.content, document.document_format = given["content"], "TEXT"

    @patch(models.SimpleSystemManagerBackend._generate_document_information)  # type: ignore[untyped-decorator] # LocalStack ships without types
    def show(show: Callable[..., Any], backend: Any, document: Any, document_format: str) -> Any:
        is_text = document.document_format == "TEXT"
        return show(backend, document, "TEXT" if is_text else document_format)


def _finder(account: str, region: str) -> Callable[[str], Document | None]:
    """Finds documents by their names in this account and Region, and others by their ARNs."""
    from moto.ssm.models import ssm_backends  # noqa: PLC0415 - as above

    def find(name: str) -> Document | None:
        arn = ARN.fullmatch(name)
        home = (arn["account"], arn["region"]) if arn else (account, region)
        kept = ssm_backends[home[0]][home[1]]._documents.get(arn["name"] if arn else name)
        if kept is None:
            return None
        version = kept.get_default_version()
        return Document(version.document_type, version.content)

    return find


def _state_of(calendar: Calendar, at: datetime) -> State | None:
    find = _finder(calendar.account, calendar.region)
    try:
        return state_of([calendar.name], at, find=find)
    except CalendarApiError:
        return None  # deleted, no calendar, or not readable: there is nothing to announce


def _announce(calendar: Calendar, state: State, at: datetime) -> None:
    from localstack.aws.connect import connect_to  # noqa: PLC0415 - as above

    if FAULTS.take([calendar.name], "lose event"):
        return
    detail = {"state": "OPEN" if state.is_open else "CLOSED", "atTime": iso(at)}
    if state.changes_at:
        detail["nextTransitionTime"] = iso(state.changes_at)
    arn = f"arn:aws:ssm:{calendar.region}:{calendar.account}:document/{calendar.name}"
    entry = {
        "Source": "aws.ssm",
        "DetailType": "Calendar State Change",
        "Detail": json.dumps(detail),
        "Resources": [arn],
        "Time": at,
    }
    clients = connect_to(aws_access_key_id=calendar.account, region_name=calendar.region)
    clients.events.put_events(Entries=[entry])


def _call_later(seconds: float, call: Callable[[], None]) -> Timer:
    timer = threading.Timer(seconds, call)
    timer.daemon = True
    timer.start()
    return timer


def _now() -> datetime:
    return datetime.now(UTC)


WATCHER = Watcher(state_of=_state_of, announce=_announce, clock=_now, call_later=_call_later)


def _serve_faults(request: Request) -> Response:
    """List the faults, add one, or remove all."""
    status, answer = 200, dict[str, Any](faults=FAULTS.shown())
    if request.method == "DELETE":
        FAULTS.clear()
        answer = {"faults": FAULTS.shown()}
    elif request.method == "POST":
        try:
            status, answer = 201, FAULTS.add(json.loads(request.get_data()))
        except InvalidFaultError as error:
            status, answer = 400, {"error": str(error)}
        except ValueError as error:
            status, answer = 400, {"error": f"the body is not JSON: {error}"}
    return Response(json.dumps(answer), status=status, mimetype="application/json")
