"""The documents tell the truth about what can be called, found and met."""

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from pydantic import BaseModel

from release_core.aws.step_functions import PIPELINE_ERRORS
from release_core.domain.release import PipelineStatus, ReleaseStatus
from release_core.errors import Rejection
from release_core.manifest.model import Manifest, ManifestApproval, ManifestPipeline
from release_machine import exit_codes
from release_machine.cli import COMMANDS, cli
from release_machine.errors import OperatorError
from release_machine.terminal.following import NOT_RELEASED, RELEASED
from tests.e2e.command.guides import GUIDES, Command, read

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
OPERATING = ROOT / "docs" / "operating.md"
OURS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
DOCUMENTS = [*OURS, *sorted(ROOT.glob("tools/*/README.md"))]
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("0*.md"))
MAKE_TARGETS = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))

# Wording that makes a reader stop. Each has a plain replacement, such as "the function".
PUZZLING = re.compile(
    r"\b(whoever|nobody|unheard|(is|are|was) none|one that|so (many|much|often)( that)?"
    r"|(what )?is no (manifest|release|pipeline)|(is|are|was) told|hears?|heard"
    r"|to the letter|dead letter)\b",
    re.IGNORECASE,
)

every_document = pytest.mark.parametrize(
    "document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT))
)


def code_of(document: Path) -> Iterator[str]:
    """Every line of a fenced block and every span of code in the running text."""
    parts = re.split(r"^```.*$", document.read_text(encoding="utf-8"), flags=re.MULTILINE)
    for number, part in enumerate(parts):
        if number % 2:
            yield from part.strip().splitlines()
        else:
            yield from re.findall(r"`([^`]+)`", part)


def anchors_of(document: Path) -> set[str]:
    """The anchors that GitHub makes of a document's headings."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-") for heading in headings}


def options_of(command: click.Command) -> set[str]:
    """All spellings of a command's options."""
    return {spelling for parameter in command.params for spelling in parameter.opts} | {"--help"}


@every_document
def test_make_targets_exist(document: Path) -> None:
    """Every make target that a document names can be made."""
    named = {
        target
        for code in code_of(document)
        for target in re.findall(r"\bmake (?:-s )?([a-z][a-z-]*)", code)
    }
    assert named <= MAKE_TARGETS


@every_document
def test_commands_exist(document: Path) -> None:
    """Every release-machine command that a document shows exists, with the options it shows."""
    for code in code_of(document):
        called = re.match(r"release-machine(?= )(.*)", code)
        if called is None:
            continue
        words = re.sub(r"   .*", "", called[1]).split()
        name = next((word for word in words if word in COMMANDS), None)
        command = cli.get_command(click.Context(cli), name) if name else None
        # Without a command it is a matter of options, such as --version.
        assert command or not any(map(str.isalpha, words)), code
        shown = {word for word in words if word.startswith("--")}
        assert shown <= options_of(cli) | (options_of(command) if command else set()), code


@pytest.mark.parametrize("caller", ["Makefile", "tools/demo/demo.sh"])
def test_called_commands_exist(caller: str) -> None:
    """Whatever make and the demo call the command with is one of its commands."""
    text = (ROOT / caller).read_text(encoding="utf-8")
    called = re.findall(r"(?:\$\(OPERATOR\)|tools/operator\.sh) (?:\$\(if[^,]*,)?(\S+)", text)
    assert called
    assert set(called) <= set(COMMANDS)


@every_document
def test_links_resolve(document: Path) -> None:
    """Every link to a file or heading of this repository leads there."""
    text = document.read_text(encoding="utf-8")
    for link in re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r'(?:src|href)="([^"]+)"', text):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        assert target.exists(), link
        assert not anchor or anchor in anchors_of(target), link


@every_document
def test_paths_exist(document: Path) -> None:
    """Every path that begins in a folder of this repository leads somewhere."""
    folders = "|".join(re.escape(path.name) for path in ROOT.iterdir() if path.is_dir())
    for code in code_of(document):
        for path in re.findall(rf"(?:^|\s)((?:{folders})/[\w./-]*)", code):
            made_later = path.startswith((".platform/", ".build/", ".venv/", "build/"))
            assert made_later or (ROOT / path).exists(), path


@pytest.mark.parametrize(
    ("table", "model", "in_the_text"),
    [
        ("Key of the release", Manifest, {"$schema", "releaseId", "pipelines"}),
        ("Key of a pipeline", ManifestPipeline, {"name"}),
        ("Key of an approval", ManifestApproval, set()),
    ],
)
def test_every_key_of_a_manifest_is_in_the_reference(
    table: str, model: type[BaseModel], in_the_text: set[str]
) -> None:
    """Each in the table of its object, but for those that the text above explains."""
    _, _, rows = OPERATING.read_text(encoding="utf-8").partition(f"| {table} | Means |\n")
    listed = re.findall(r"^\| `(\w+)` \|", rows.partition("\n\n")[0], re.MULTILINE)
    keys = {str(each.alias) for each in model.model_fields.values()}
    assert set(listed) == keys - in_the_text


@pytest.mark.parametrize("document", OURS, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_wording_is_plain(document: Path) -> None:
    """No sentence has to be solved; outputs and names in code are the program's business."""
    text = re.sub(r"^```.*?^```$", "", document.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    prose = re.sub(r"`[^`]*`|<!--.*?-->", "", text)
    assert [line for line in prose.splitlines() if PUZZLING.search(line)] == []


def test_each_test_that_security_names_exists() -> None:
    """A threat is answered by a test that is there, in the file that the page names."""
    named = re.findall(r"`(\S+?)::(\w+)`", (ROOT / "docs" / "security.md").read_text("utf-8"))
    assert len(named) > 30
    for path, test in named:
        kind = "run" if path.endswith(".tftest.hcl") else "def"
        wanted = rf'^{kind} "?{test}\b'
        assert re.search(wanted, (ROOT / path).read_text("utf-8"), re.MULTILINE), (path, test)


def test_security_answers_each_threat() -> None:
    """Each row of the tables of threats has what stops it, and a test unless AWS alone does."""
    text = (ROOT / "docs" / "security.md").read_text("utf-8")
    page, _, open_ends = text.partition("\n## What is")
    rows = [line.strip("|").split("|") for line in page.splitlines() if line.startswith("| ")]
    threats = [row for row in rows if row[0].strip() != "Could"]
    assert all(len(row) == 3 and row[1].strip() for row in threats)
    assert [row[0].strip() for row in threats if "::" not in row[2]] == [
        "put an event as if CodePipeline or Step Functions had sent it"
    ]
    assert open_ends


def test_every_document_is_reachable() -> None:
    """Links lead from the README to every document."""
    found, to_follow = set[Path](), [README]
    while to_follow:
        document = to_follow.pop()
        if document in found:
            continue
        found.add(document)
        links = re.findall(r"\]\(([^)\s#]+\.md)", document.read_text(encoding="utf-8"))
        to_follow += [(document.parent / link).resolve() for link in links if ":" not in link]
    assert set(DOCUMENTS) - found == set()


def test_decisions_are_listed() -> None:
    """The list of decisions has each of them, with the title that it has itself."""
    titles = {
        f"| [{path.read_text('utf-8').partition('. ')[0][2:]}]({path.name}) | "
        f"{path.read_text('utf-8').splitlines()[0].partition('. ')[2]} |"
        for path in DECISIONS
    }
    index = (ROOT / "docs" / "decisions" / "README.md").read_text("utf-8")
    assert set(re.findall(r"^\| \[\d.*$", index, re.MULTILINE)) == titles


@pytest.mark.parametrize("decision", DECISIONS, ids=lambda path: path.stem)
def test_decisions_have_one_form(decision: Path) -> None:
    """A decision has a context, the decision, and its consequences, in this order."""
    sections = re.findall(r"^## (.+)$", decision.read_text("utf-8"), re.MULTILINE)
    assert sections == ["Context", "Decision", "Consequences"]


def test_every_promise_is_explained() -> None:
    """The protocol's table has each promise that the simulation checks, and no other."""
    text = (ROOT / "docs" / "protocol.md").read_text("utf-8")
    table = text.partition("| Promise |")[2].partition("\n\n")[0]
    checked = {
        name
        for path in ROOT.glob("tests/simulation/*/*.py")
        for name in re.findall(r'Violated\(\s*"(\w+)"', path.read_text("utf-8"))
    }
    assert set(re.findall(r"`([a-z_]+)`", table)) == checked


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.stem)
def test_guides_are_short_and_linked(guide: Path) -> None:
    """A guide is read at night, and the reference leads to it."""
    assert len(guide.read_text(encoding="utf-8").splitlines()) < 130
    assert f"](guides/{guide.name})" in OPERATING.read_text(encoding="utf-8")


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.stem)
def test_what_is_not_run_has_a_reason(guide: Path) -> None:
    """Every remark of a guide is one that its runner knows, and what is not run says why."""
    commands = [step for step in read(guide) if isinstance(step, Command)]
    remarks = re.findall("<!--", guide.read_text(encoding="utf-8"))
    understood = [each for each in commands if each.exits or each.not_run]
    assert len(understood) == len(remarks)
    reasons = [each.not_run for each in commands if each.not_run]
    assert all(len(reason.split()) >= 5 for reason in reasons), reasons


def test_guides_run_every_command() -> None:
    """There is no command of release-machine that no guide runs."""
    run = "\n".join(
        step.code
        for guide in GUIDES
        for step in read(guide)
        if isinstance(step, Command) and not step.not_run
    )
    assert set(COMMANDS) <= set(re.findall(r"release-machine ([\w-]+)", run))


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.stem)
def test_command_lines_stand_in_fences(guide: Path) -> None:
    """A sentence of a guide may name a command; one with its arguments is run, in a fence."""
    text = re.sub(r"^```.*?^```$", "", guide.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    assert re.findall(r"`release-machine [^`\s]+ [^`\s][^`]*`", text) == []


def test_readme_is_short() -> None:
    """The README has fewer than 150 lines."""
    assert len(README.read_text(encoding="utf-8").splitlines()) < 150


def test_quick_start_is_two_commands() -> None:
    """A stranger types two commands."""
    section = README.read_text(encoding="utf-8").split("## Try it")[1].split("\n## ")[0]
    (block,) = re.findall(r"^```\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    assert block.splitlines() == ["make demo", "make test"]


def test_readme_lists_the_functions() -> None:
    """The table of functions names exactly the functions there are."""
    section = README.read_text(encoding="utf-8").split("## The functions")[1].split("\n## ")[0]
    named = re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)
    assert sorted(named) == sorted(path.parent.name for path in ROOT.glob("lambdas/*/handler.py"))


def test_readme_shows_the_layout() -> None:
    """The layout names every folder of the repository and of its tools."""
    layout = README.read_text(encoding="utf-8").partition("## Layout")[2].partition("\n\n|")[0]
    listed = re.findall(r"^([\w/-]+?)(?:\{([\w,-]+)\})?/? {2,}", layout, re.MULTILINE)
    named = {folder + each for folder, names in listed for each in names.split(",")}
    folders = {
        str(path.relative_to(ROOT))
        for path in [*ROOT.glob("*"), *ROOT.glob("tools/*")]
        if path.is_dir()
        and re.fullmatch("[a-z-]+", path.name)
        and path.name not in {"build", "tools"}
    }
    assert folders == named


def test_every_error_is_explained() -> None:
    """Whatever error an execution can end with has a line that says what it means."""
    explained = set(re.findall(r"`(\w+)`", OPERATING.read_text(encoding="utf-8")))
    rejections = {error.__name__ for error in Rejection.__subclasses__()}
    assert rejections | set(PIPELINE_ERRORS.values()) <= explained


def test_every_exit_code_is_explained() -> None:
    """The reference and ``--help`` list each exit code of the command, and no other."""
    problems = {each.exit_code for each in OperatorError.__subclasses__()}
    signals = {code for name, code in vars(exit_codes).items() if name.isupper()}
    table = OPERATING.read_text("utf-8").partition("### Exit codes")[2].partition("\n#")[0]
    for pattern, text in ((r"\| (\d+) \|", table), (r" (\d+)  ", cli.help or "")):
        listed = sorted(map(int, re.findall(pattern, text)))
        assert listed == sorted({RELEASED, NOT_RELEASED} | problems | signals), text


def test_every_outcome_is_explained() -> None:
    """Every status in which a release or a pipeline can end has a line that says what it means."""
    explained = set(re.findall(r"^\| `([A-Z_]+)`", OPERATING.read_text("utf-8"), re.MULTILINE))
    pipelines = {status.value for status in PipelineStatus if status.ended}
    releases = {status.value for status in ReleaseStatus} - {ReleaseStatus.RUNNING.value}
    assert pipelines | releases <= explained
