"""What is published is audited where advisories are reached; a finding is never a mere remark."""

import json
import sys
import urllib.error
from email.message import Message
from pathlib import Path

import pytest

from tools.checks import audit
from tools.checks.audit import AuditError, unreachable

FOUND = json.dumps({"vulnerabilities": [{"id": "PYSEC-2021-66"}]}).encode()


def answers(status: int) -> urllib.error.HTTPError:
    """An error of HTTP."""
    return urllib.error.HTTPError(audit.KNOWN, status, "reason", Message(), None)


def fails(error: Exception) -> audit.Fetch:
    """A read that fails."""

    def fetch() -> bytes:
        raise error

    return fetch


@pytest.fixture
def bills(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One bill with one release, in place of those of this project."""
    bill = tmp_path / "greet.cdx.json"
    bill.write_text(json.dumps({"components": [{"name": "inner", "version": "2.0"}]}))
    monkeypatch.setattr(audit, "write_bills", lambda *_: [bill, bill])


def pip_audit(monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Replace pip-audit by a script."""
    monkeypatch.setattr(audit, "PIP_AUDIT", (sys.executable, "-c", script))


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (
            urllib.error.URLError("No such name"),
            "does not answer: <urlopen error No such",
        ),
        (TimeoutError("timed out"), "does not answer: timed out"),
        (answers(403), "answers 403"),
        (answers(404), "answers 404"),
        (answers(429), "answers 429"),
        (answers(500), "answers 500"),
        (answers(503), "answers 503"),
        (answers(520), "answers 520"),
    ],
)
def test_a_source_that_is_not_reached(error: Exception, says: str) -> None:
    """No name, no connection, no answer, or a proxy or mirror that does not serve it."""
    assert says in str(unreachable(fails(error)))


@pytest.mark.parametrize(
    "answer", [b"<html>sign in</html>", b"{}", b"[]", b'{"vulnerabilities": []}']
)
def test_a_mirror_is_no_source(answer: bytes) -> None:
    """What does not know a vulnerability that everyone knows would find nothing."""
    assert "what answers for PyPI" in str(unreachable(lambda: answer))


def test_a_source_that_is_reached() -> None:
    """It knows the vulnerability of the old release."""
    assert unreachable(lambda: FOUND) is None


def test_another_answer_is_a_failure() -> None:
    """A request that PyPI rejects is an error of ours, which must be seen."""
    with pytest.raises(AuditError, match="answers 400"):
        unreachable(fails(answers(400)))


@pytest.mark.usefixtures("bills")
def test_what_is_not_audited_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a source nothing fails, and the output says that nothing was audited."""
    monkeypatch.setattr(audit, "ask", fails(answers(404)))
    assert audit.main() == 0
    assert "NOT AUDITED, because no source of advisories is reached" in capsys.readouterr().out


@pytest.mark.usefixtures("bills")
def test_each_release_is_asked_about_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In the bills' versions, without looking for others."""
    monkeypatch.setattr(audit, "ask", lambda: FOUND)
    pip_audit(monkeypatch, "import sys; print(open(sys.argv[2]).read(), *sys.argv[3:])")
    assert audit.main() == 0
    printed = capsys.readouterr().out
    assert "Audited 1 releases: inner==2.0\n" in printed
    assert "--no-deps --disable-pip --strict" in printed


@pytest.mark.usefixtures("bills")
def test_a_finding_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A vulnerability, or an audit that did not come to its end, is shown and fails."""
    monkeypatch.setattr(audit, "ask", lambda: FOUND)
    pip_audit(monkeypatch, "print('inner 2.0 PYSEC-2026-1'); raise SystemExit(1)")
    assert audit.main() == 1
    assert "inner 2.0 PYSEC-2026-1" in capsys.readouterr().err


@pytest.mark.usefixtures("bills")
@pytest.mark.parametrize(
    "said",
    [
        "ERROR:pip_audit._cli:Could not connect to PyPI's vulnerability feed",
        "Traceback (most recent call last):\nrequests.exceptions.ConnectionError: ('aborted',)",
        "requests.exceptions.ReadTimeout: HTTPSConnectionPool(host='advisories', port=443)",
        "requests.exceptions.HTTPError: 503 Server Error: Unavailable\npip_audit.ServiceError",
    ],
)
def test_a_source_that_is_lost_during_the_audit(
    said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As one that is not reached before it: the output says that nothing was audited."""
    monkeypatch.setattr(audit, "ask", lambda: FOUND)
    pip_audit(monkeypatch, f"import sys; sys.stderr.write({said!r}); raise SystemExit(1)")
    assert audit.main() == 0
    printed = capsys.readouterr().out
    assert "NOT AUDITED, because no source of advisories is reached" in printed
    assert "Audited 1" not in printed


@pytest.mark.usefixtures("bills")
@pytest.mark.parametrize(
    "script",
    [
        "sys.stderr.write('requests.exceptions.HTTPError: 400 Client Error: Bad Request')",
        "sys.stderr.write('requests.exceptions.ReadTimeout: x'); print('inner 2.0 PYSEC-2026-1')",
    ],
)
def test_all_else_fails(script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A request that PyPI rejects, and findings whatever else is printed."""
    monkeypatch.setattr(audit, "ask", lambda: FOUND)
    pip_audit(monkeypatch, f"import sys; {script}; raise SystemExit(1)")
    assert audit.main() == 1
