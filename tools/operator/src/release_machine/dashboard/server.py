"""The pages of the dashboard and their addresses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from release_machine.dashboard import pages
from release_machine.dashboard.actions import Actions
from release_machine.dashboard.door import Door
from release_machine.dashboard.loop import Frame, ReadLoop
from release_machine.dashboard.offers import ACTIONS, offer
from release_machine.dashboard.reporting import Report, safely
from release_machine.dashboard.requests import form_of, is_let_in, topic_of, visitor_of
from release_machine.dashboard.security import OWN_PAGES, Guard, cookie_name
from release_machine.dashboard.state import Confirmation, History, Seen, Site
from release_machine.dashboard.stream import FULL, EventStream, Streams
from release_machine.dashboard.topics import (
    EVENTS,
    AboutApprovals,
    AboutEstate,
    AboutHistory,
    AboutMetrics,
    AboutRelease,
    Topic,
    release_path,
)
from release_machine.report.markup import Markup

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

# A page comes without its content when the first read takes longer.
# A client without script gets only what was read by then.
FIRST_READ_SECONDS = 10.0
_STATIC = {
    "dashboard.css": "text/css",
    "report.css": "text/css",
    "dashboard.js": "text/javascript",
    **{f"{tone}.svg": "image/svg+xml" for tone in ("good", "bad", "run", "stop", "wait")},
}
_FOLDERS = {"report.css": "report"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the pages are served from."""

    site: Site
    port: int
    door: Door
    loop: ReadLoop
    streams: Streams
    actions: Actions | None
    report: Report


def render(site: Site, topic: Topic, seen: Seen[Any]) -> str:
    """The content of the page of a topic."""
    return _content(site, topic, seen).html


def _content(site: Site, topic: Topic, seen: Seen[Any]) -> Markup:
    match topic:
        case AboutRelease(release_id=release_id):
            return pages.release(site, release_id, seen)
        case AboutEstate():
            return pages.estate(site, seen)
        case AboutApprovals():
            return pages.approvals(site, seen)
        case AboutHistory(filters=filters):
            return pages.history(site, filters, seen)
        case AboutMetrics(days=days):
            return pages.metrics(site, days, seen)


class Dashboard:
    """The web application."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._site = parts.site
        self._acting = ThreadPoolExecutor(1, thread_name_prefix="dashboard-actions")

    def app(self) -> Guard:
        """The application, which refuses what is not from its own pages."""
        paths = ("/", "/releases/{release_id:path}", "/history", "/approvals", "/metrics")
        app = Starlette(
            routes=[
                Route("/start/{secret}", self._start),
                Route("/static/{name}", self._static),
                *(Route(path, self._page) for path in paths),
                *(Route(EVENTS + path, self._events) for path in paths),
                Route("/actions/{action}/{release_id:path}", self._action, methods=["GET", "POST"]),
            ],
            lifespan=self._lifespan,
            exception_handlers={404: self._not_found, Exception: self._fault},
        )
        parts = self._parts
        return Guard(app, door=parts.door, port=parts.port, refused=self._refused)

    @asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncGenerator[None, None]:
        reading = asyncio.create_task(self._parts.loop.run())
        try:
            yield
        finally:
            reading.cancel()
            await asyncio.wait([reading])
            self._acting.shutdown(wait=False, cancel_futures=True)

    async def _start(self, request: Request) -> Response:
        visitor = self._parts.door.enter(request.path_params["secret"])
        if visitor is None:
            return self._message(
                request.scope,
                "This link was used before",
                "Each link lets one browser in, once.",
                "Use the latest link that the command has printed.",
                status=403,
            )
        # Redirected away: the secret stays neither in the history nor in a Referer.
        answer: Response
        if request.headers.get("sec-fetch-site", "none") in OWN_PAGES:
            answer = RedirectResponse("/", status_code=303)
        else:
            # After a link of another page or of a file, a browser keeps a strict cookie from the
            # redirect. It sends it when this page leads on.
            answer = self._message(
                request.scope, "You are in", "The dashboard is loaded.", None, status=200
            )
            answer.headers["Refresh"] = "0; url=/"
        answer.set_cookie(
            cookie_name(self._parts.port), visitor.cookie, httponly=True, samesite="strict"
        )
        return answer

    async def _static(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name not in _STATIC:
            return await self._not_found(request, None)
        folder = files("release_machine").joinpath(_FOLDERS.get(name, "dashboard/static"))
        return Response(folder.joinpath(name).read_bytes(), media_type=_STATIC[name])

    async def _page(self, request: Request) -> Response:
        topic = topic_of(request, request.url.path)
        seen, frame = await self._parts.loop.first(topic, within=FIRST_READ_SECONDS)
        stream = f"{EVENTS}{topic.path}"
        if frame is not None:
            stream += f"{'&' if '?' in stream else '?'}{urlencode({'after': frame.id})}"
        page = pages.document(
            self._site,
            title=topic.title,
            current=topic.current,
            content=self._loaded(request, topic, seen, frame),
            stream=stream,
            notice=visitor_of(request).take_notice(),
            read_at=seen.read_at,
        )
        return HTMLResponse(page, status_code=_status(seen))

    def _loaded(
        self, request: Request, topic: Topic, seen: Seen[Any], frame: Frame | None
    ) -> Markup:
        """The content of a page that is loaded; the first page may search for a pipeline."""
        name = request.query_params.get("name")
        if isinstance(topic, AboutEstate) and name:
            return pages.estate(self._site, seen, name=name)
        return Markup(frame.html) if frame else _content(self._site, topic, Seen())

    async def _events(self, request: Request) -> Response | EventStream:
        if self._parts.streams.full:
            return Response(FULL, media_type="text/event-stream")
        topic = topic_of(request, request.url.path.removeprefix(EVENTS))
        after = request.headers.get("last-event-id") or request.query_params.get("after")
        return EventStream(self._parts.streams, topic, after=after)

    async def _action(self, request: Request) -> Response:
        action = request.path_params["action"]
        release_id, name = request.path_params["release_id"], request.query_params.get("name")
        if action not in ACTIONS:
            return await self._not_found(request, None)
        asked = offer(action, release_id, name)
        actions = self._parts.actions
        if actions is None:
            return self._message(
                request.scope,
                "This dashboard only reads",
                f"In a terminal: {asked.command}",
                "To act here, start it again with: release-machine dashboard --allow-actions",
                status=403,
            )
        if request.method == "GET":
            known = await self._in_thread(partial(actions.confirmation, asked))
            return self._confirmation(request, known)
        form = await form_of(request)
        visitor = visitor_of(request)
        if form is None or not visitor.proves(form.get("csrf", "")):
            return self._message(
                request.scope,
                "Nothing was done",
                "The form is not from this dashboard.",
                "Go back, load the page again, and repeat it.",
                status=403,
            )
        done = await self._in_thread(
            partial(
                actions.perform,
                asked,
                attempt=form.get("attempt", ""),
                subject=form.get("subject", ""),
                words=form.get("words", "").replace("\r\n", "\n").strip(),
            )
        )
        if isinstance(done, Confirmation):
            return self._confirmation(request, done, status=409)
        visitor.notices.append(done.notice)
        self._parts.loop.hurry()
        return RedirectResponse(release_path(done.release_id), status_code=303)

    async def _in_thread(self, call: Callable[[], Any]) -> Any:
        """Call AWS for one action after the other, beside the reads."""
        return await asyncio.get_running_loop().run_in_executor(self._acting, call)

    def _confirmation(
        self, request: Request, asked: Confirmation, *, status: int = 200
    ) -> Response:
        content = pages.confirmation(self._site, asked, csrf=visitor_of(request).csrf)
        return self._document(asked.question, content, status=status)

    async def _refused(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what does not come from a page of this dashboard."""
        answer = self._message(
            scope,
            "Not allowed",
            scope["state"]["refusal"] or "This browser was not let in, or the dashboard has ended.",
            "Use the latest link that release-machine dashboard has printed.",
            status=403,
        )
        await answer(scope, receive, send)

    async def _not_found(self, request: Request, _error: Exception | None) -> Response:
        return self._message(
            request.scope,
            "There is no such page",
            "Its address is not one of the dashboard.",
            None,
            status=404,
        )

    async def _fault(self, request: Request, error: Exception) -> Response:
        safely(self._parts.report)(error)
        return self._message(
            request.scope,
            "A fault of this command",
            f"{type(error).__name__}",
            "The terminal of the command says more. Running releases continue.",
            status=500,
        )

    def _message(
        self, scope: Scope, title: str, said: str, next_step: str | None, *, status: int
    ) -> Response:
        content = pages.message(title, said, next_step)
        if is_let_in(scope):
            return self._document(title, content, status=status)
        return HTMLResponse(pages.bare_document(title, content), status_code=status)

    def _document(self, title: str, content: Markup, *, status: int) -> Response:
        page = pages.document(
            self._site, title=title, current=None, content=content, stream=None, notice=None
        )
        return HTMLResponse(page, status_code=status)


def _status(seen: Seen[Any]) -> int:
    if isinstance(seen.value, History) and seen.value.wrong and not seen.value.releases:
        return 400
    if seen.value is not None or seen.trouble is None:
        return 200
    return 404 if seen.trouble.absent else 503
