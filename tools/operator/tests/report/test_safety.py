"""The HTML report has no secrets and no active content, and it needs no network."""

import hashlib
import re
from base64 import b64encode
from collections.abc import Callable

import pytest

from release_machine.release.model import Snapshot
from release_machine.report import html
from release_machine.report.markup import breakable, element, is_web_address, isolated, joined, link
from release_machine.report.parts import command
from release_machine.text.printable import visible
from tools.operator.tests.samples import report_samples as samples
from tools.operator.tests.samples.hostile_release import ENDLESS, HOSTILE, hostile
from tools.operator.tests.samples.made_release import REGION
from tools.operator.tests.samples.report_reading import Page

type Sample = Callable[[], Snapshot]
every_sample = pytest.mark.parametrize("sample", samples.SAMPLES.values())

PASSIVE = {
    *("html", "head", "meta", "title", "style", "body", "header", "main", "footer", "nav"),
    *("aside", "section", "article", "details", "summary", "figure", "figcaption"),
    *("h1", "h2", "h3", "p", "div", "span", "small", "b", "a", "code", "bdi", "time", "wbr"),
    *("ul", "ol", "li", "dl", "dt", "dd", "blockquote"),
    *("table", "caption", "thead", "tbody", "tr", "th", "td"),
    *("svg", "defs", "symbol", "use", "pattern", "g", "desc"),
    *("path", "rect", "circle", "line", "text"),
}


@every_sample
def test_no_active_content(sample: Sample) -> None:
    """The page has no script, form, frame, image or handler, whatever the texts are."""
    page = Page(html(sample(), console_region=REGION))
    assert {tag for tag, _ in page.elements} <= PASSIVE
    for _, attributes in page.elements:
        assert not {name for name in attributes if name.startswith("on")}
        assert not {"src", "srcset", "style", "action", "formaction", "xlink:href"} & set(
            attributes
        )


@every_sample
def test_every_link_is_valid(sample: Sample) -> None:
    """Every link is http(s) or leads to an id on the page, and ids are unique."""
    page = Page(html(sample(), console_region=REGION))
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    for address in page.values("href"):
        if address.startswith("#"):
            assert address[1:] in ids
        else:
            assert re.match(r"https?://[a-z0-9.-]+/", address)
    for name in page.values("aria-labelledby"):
        assert name in ids


@every_sample
def test_the_policy_allows_only_the_style_of_the_page(sample: Sample) -> None:
    """The policy allows the one style sheet by its hash, and comes before it."""
    text = html(sample())
    page = Page(text)
    (style,) = re.findall(r"<style>(.*?)</style>", text, flags=re.DOTALL)
    digest = b64encode(hashlib.sha256(style.encode()).digest()).decode()
    (policy,) = [
        each["content"]
        for each in page.all("meta")
        if each.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
    assert text.index("Content-Security-Policy") < text.index("<style>")
    assert "url(" not in style
    assert "@import" not in style


def test_hostile_texts_are_shown_as_text() -> None:
    """Markup, direction characters and endless texts are shown in full, as text."""
    text = html(hostile())
    page = Page(text)
    shown = visible(HOSTILE)
    assert shown in page.texts
    assert f"{shown}{ENDLESS}" in page.texts
    assert "\\u202egnp.exe" in shown
    for sign in ("\u202e", "\x00", "\x1b"):
        assert sign not in text
    text.encode()


def test_no_token_is_in_the_report() -> None:
    """A command that continues may have a token: the report leaves it out, unless it answers."""
    seen = samples.running()
    assert "SECRET" in (seen.activity["search"].way_out or "")
    assert "SECRET" not in html(seen)


def test_only_the_names_of_variables() -> None:
    """The report has the names of variables, and says that values are not shown."""
    text = Page(html(samples.good())).text
    assert "ENVIRONMENT, DB_PASSWORD" in text
    assert "Only the names of variables are shown" in text


@pytest.mark.parametrize(
    ("address", "leads"),
    [
        ("https://example.com/run/2?x=1#y", True),
        ("http://127.0.0.1:4566/run", True),
        ("javascript:alert(1)", False),
        ("JaVaScRiPt:alert(1)", False),
        ("java\nscript:alert(1)", False),
        ("data:text/html,x", False),
        ("file:///etc/passwd", False),
        ("//example.com/x", False),
        ("https:///x", False),
        ("https://example.com@evil.example/", False),
        ("https://example.com/\u202ex", False),
        ("https://[broken", False),
        ("", False),
    ],
)
def test_which_addresses_are_links(address: str, leads: bool) -> None:
    """Only an http(s) address with a host and without a user name becomes a link."""
    assert is_web_address(address) is leads
    assert ("<a " in link(address, "there").html) is leads
    assert "there" in link(address, "there").html


def test_text_is_escaped() -> None:
    """Text and attributes are escaped, in lists, too; elements are not."""
    made = element("p", "<b>", [element("i", "&"), None, "\"'"], title='"<&', data_x=1, lang=None)
    assert made.html == (
        '<p title="&quot;&lt;&amp;" data-x="1">&lt;b&gt;<i>&amp;</i>&quot;&#x27;</p>'
    )
    assert joined(["<", [">"]]).html == "&lt;&gt;"


def test_an_arn_may_break_after_a_colon() -> None:
    """A line may end after a colon or slash; copying gives the original text."""
    made = breakable("arn:aws:sts::1:assumed-role/<Role>/alice")
    assert made is not None
    parts = ("arn:", "aws:", "sts::", "1:", "assumed-role/", "&lt;Role&gt;/", "alice")
    wholes = "<wbr>".join(f'<span class="part">{part}</span>' for part in parts)
    assert made.html == f"<bdi>{wholes}</bdi>"
    assert breakable(None) is None


def test_an_arn_in_a_sentence() -> None:
    """Its parts stay whole as well; the words around it are plain text."""
    made = isolated("may not call arn:aws:ecs, see s3://logs/1")
    part = '<span class="part">{}</span>'.format
    arn = "<wbr>".join(map(part, ("arn:", "aws:", "ecs")))
    address = "<wbr>".join(map(part, ("s3://", "logs/", "1")))
    assert made is not None
    assert made.html == f"<bdi>may not call {arn}, see {address}</bdi>"
    named = isolated("by Releaser/alice@example.com")
    assert named is not None
    assert named.html == f"<bdi>by {part('Releaser/')}<wbr>{part('alice@example.com')}</bdi>"


def test_where_a_command_breaks() -> None:
    """Between its words, and in the name of a manual approval after a slash; no word is cut."""
    part = '<span class="part">{}</span>'.format
    words = [f"<bdi>{part(word)}</bdi>" for word in ("release-machine", "approve", "7")]
    name = "<wbr>".join(map(part, ("web/", "Approve/", "Ask")))
    shown = " ".join([*words, f"<bdi>{name}</bdi>"])
    made = command("release-machine approve 7 web/Approve/Ask")
    assert made.html == f'<code class="command">{shown}</code>'


def test_a_long_word_costs_little() -> None:
    """The search for addresses reads a text once; otherwise this test would take minutes."""
    for word in ("x" * 500_000, "=x" * 250_000):
        made = isolated(word)
        assert made is not None
        assert made.html == f"<bdi>{word}</bdi>"


def test_other_scripts_stay_readable() -> None:
    """Letters of any script and emoji are not escaped."""
    text = "שלום مرحبا 日本語 👩\u200d💻 café\n\tend"
    assert visible(text) == text
    assert visible("\ud800 \u2066x\u2069 \ufeff") == "\\ud800 \\u2066x\\u2069 \\ufeff"
