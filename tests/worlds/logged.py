"""What the functions log during a test: nothing secret, and each line says what it is about."""

import logging
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from release_core.errors import ManifestUnreadable
from release_core.strict_json import read_json
from tests.fakes.secrets import SECRETS, keep_secret

LAMBDAS = Path(__file__).resolve().parents[2] / "lambdas"
PACKAGES = tuple(sorted(each.parent.name for each in LAMBDAS.glob("*/__init__.py")))
# Lines about no release, and about events that name none.
ABOUT_NOTHING = {
    ("change_freeze.freezing", "%s is frozen by %s, %d starts under way"),
    ("change_freeze.freezing", "the freeze of %s is lifted by %s"),
    ("change_freeze.freezing", "a change calendar is open, %d tasks were woken"),
    ("close_release.closing", "ignored: %s"),
    ("close_release.hourly", "a job of the hour failed: %s"),
    ("notify_people.telling", "ignored: %s"),
    ("release_core.api", "the request is not finished"),  # to freeze pipelines
    ("record_state_change.recording", "ignored: %s"),
}


# Tokens of the platform, and those of AWS without the = at their ends.
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TOKEN = re.compile(r"[A-Za-z0-9+/]{19,}")


# The place of a source in many tests, of which a variable may be the value.
_PUBLIC = {"app.zip"}


class Lines(logging.Handler):
    """Keeps the lines that the functions log."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.records: list[logging.LogRecord] = []
        self.secrets: set[str] = SECRETS

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line."""
        self.records.append(record)

    def check(self) -> None:
        """Fail if a line has a secret of this test, or does not say what it is about."""
        for record in self.records:
            text = text_of(record)
            shown = [secret for secret in self.secrets if secret in text]
            assert not shown, f"{record.name} logs {shown} in: {text}"
            known = is_about_nothing(record.name, record.getMessage())
            assert known or says_what_it_is_about(vars(record)), f"about what? {text}"


def is_about_nothing(logger: str, message: str) -> bool:
    """Whether this is one of the lines about nothing."""
    return any(
        name == logger and re.fullmatch(re.sub("%[sd]", ".*", message_of), message, re.DOTALL)
        for name, message_of in ABOUT_NOTHING
    )


def tokens_in(lines: Iterable[str], tokens: Collection[str]) -> set[str]:
    """Those of very many tokens that very many lines have, without a search for each of them."""
    known = {token.rstrip("="): token for token in tokens}
    text = "\n".join(lines)
    found = {*_UUID.findall(text), *_TOKEN.findall(text)}
    return {known[each] for each in found & known.keys()}


def says_what_it_is_about(fields: Mapping[str, Any]) -> bool:
    """Whether a line names a release, its workflow execution, or an execution of a pipeline."""
    named = {key for key in fields if fields[key]}
    return bool(named & {"release_id", "execution_arn"}) or {"pipeline", "execution_id"} <= named


def text_of(record: logging.LogRecord) -> str:
    """All that a line shows, also the error that it is about."""
    fields = {key: value for key, value in vars(record).items() if key not in {"msg", "args"}}
    error = logging.Formatter().formatException(record.exc_info) if record.exc_info else ""
    return "\n".join([record.getMessage(), *map(str, fields.values()), error])


def keep_variables_secret(document: str) -> None:
    """Name the values of all variables in a manifest, or in what was handed in instead."""
    with suppress(ManifestUnreadable):  # tests hand in what is no JSON, too
        _keep_values(read_json(document, place="the input"))


@contextmanager
def watched() -> Iterator[Lines]:
    """Keep what is logged in this block, apart from what is kept around it.

    No secret is known at its beginning.
    """
    known = set(SECRETS)
    SECRETS.clear()
    lines = Lines()
    loggers = [logging.getLogger(package) for package in PACKAGES]
    before = [(each.level, each.handlers) for each in loggers]
    for each in loggers:
        each.handlers = [lines]
        each.setLevel(logging.INFO)
    try:
        yield lines
    finally:
        for each, (level, handlers) in zip(loggers, before, strict=True):
            each.handlers = handlers
            each.setLevel(level)
        lines.secrets = set(SECRETS)
        SECRETS.clear()
        SECRETS.update(known)


def _keep_values(node: object) -> None:
    if isinstance(node, list):
        for each in node:
            _keep_values(each)
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "variables" and isinstance(value, dict):
                texts = {each for each in value.values() if isinstance(each, str)}
                keep_secret(*(texts - _PUBLIC))
            else:
                _keep_values(value)
