"""Finds AWS keys and private keys in the texts of a manifest; never repeats them."""

import re
from collections.abc import Iterator, Mapping

from release_core.problems import Problem

# Access keys have these prefixes: long-term ones AKIA, temporary ones ASIA.
_KEY_ID = re.compile(r"(?<![A-Za-z0-9])A[KS]IA[A-Z0-9]{16}(?![A-Za-z0-9])")
_SESSION_TOKEN = re.compile(r"(?:IQoJb3JpZ2lu|F[Qw]oGZXIvYXdz)[A-Za-z0-9/+=]{80}")
_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY")
# 40 characters of base64 may also be a commit id, a path or a checksum. So they count only where
# another sign says what they are.
_FORTY = re.compile(r"(?<![A-Za-z0-9/+])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])")
_MIXED = re.compile(r"(?=.*[a-z])(?=.*[A-Z])(?=.*[0-9])(?=.*[g-zG-Z/+])")
_NAMED = re.compile(r"secret[_ .-]*(?:access[_ .-]*)?key", re.IGNORECASE)

_REMEDY = (
    "everyone who may read an execution sees the values of its variables; keep the secret in "
    "Secrets Manager and give its name here; replace it if this manifest was handed in"
)
_REMEDY_OF_TEXT = (
    "everyone who may read the release sees it; remove it; replace the secret if this manifest was "
    "handed in"
)


def credential_problems(position: int, entry: object) -> Iterator[Problem]:
    """The problems of variables that look like keys, of the pipeline at a position of a manifest.

    The entry may be invalid.
    """
    variables = entry.get("variables") if isinstance(entry, dict) else None
    if not isinstance(variables, dict):
        return
    texts = {name: value for name, value in variables.items() if isinstance(value, str)}
    for name, what in _found(texts):
        place = ("pipelines", position, "variables", name)
        yield Problem(place, f"looks like {what}; {_REMEDY}")


def text_problems(document: Mapping[str, object]) -> Iterator[Problem]:
    """The problems of a title and notes that look like keys; the manifest may be invalid."""
    for name in ("title", "notes"):
        text = document.get(name)
        for _, what in _found({name: text}) if isinstance(text, str) else ():
            yield Problem((name,), f"looks like {what}; {_REMEDY_OF_TEXT}")


def _found(texts: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    beside_key_id = any(map(_KEY_ID.search, texts.values()))
    for name, value in texts.items():
        if _KEY_ID.search(value):
            yield name, "an AWS access key"
        elif _SESSION_TOKEN.search(value):
            yield name, "an AWS session token"
        elif _PRIVATE_KEY.search(value):
            yield name, "a private key"
        elif _has_forty(value) and (beside_key_id or _NAMED.search(name) or _NAMED.search(value)):
            yield name, "an AWS secret access key"


def _has_forty(value: str) -> bool:
    return any(_MIXED.match(each) for each in _FORTY.findall(value))
