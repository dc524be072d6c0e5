"""How the guides are parsed, and how their output is compared."""

from pathlib import Path

import pytest

from tests.e2e.command.guides import (
    DAY,
    Command,
    File,
    GuideError,
    is_as_expected,
    on_a_day_of_its_own,
    read,
)

GUIDE = """
# Try

The file `release.json`:

```json
{}
```

<!-- exits with 1 -->
```sh
release-machine submit release.json
```

```text
FAILED
```

<!-- not run: it needs a person -->
```sh
approve
```
"""


@pytest.fixture
def guide(tmp_path: Path) -> Path:
    """A guide with a file, a command with output, and a command that is not run."""
    path = tmp_path / "guide.md"
    path.write_text(GUIDE, encoding="utf-8")
    return path


def test_a_guide_is_parsed_into_files_and_commands(guide: Path) -> None:
    """Files and commands come in order, with their remarks and expected output."""
    assert read(guide) == [
        File(name="release.json", content="{}\n"),
        Command(
            line=11,
            code="release-machine submit release.json\n",
            exits=1,
            prints="FAILED\n",
        ),
        Command(line=20, code="approve\n", not_run="it needs a person"),
    ]


@pytest.mark.parametrize(
    "fence",
    [
        "```\nrelease-machine list\n```",
        "```json\n{}\n```",
        "Some words.\n\n```text\nof nobody\n```",
    ],
)
def test_a_block_that_cannot_be_run_is_an_error(guide: Path, fence: str) -> None:
    """A code block without a meaning is an error with its line."""
    guide.write_text(GUIDE + "\n" + fence + "\n", encoding="utf-8")
    with pytest.raises(GuideError, match=r"guide\.md:\d+"):
        read(guide)


def test_each_run_has_its_own_release_ids(guide: Path, tmp_path: Path) -> None:
    """Each run of a guide gets other release ids of the same length."""
    guide.write_text(f"release-machine watch {DAY}-1", encoding="utf-8")
    (tmp_path / "home").mkdir()
    first, second = (
        on_a_day_of_its_own(guide, tmp_path / "home").read_text("utf-8") for _ in range(2)
    )
    assert len({first, second, guide.read_text("utf-8")}) == 3
    assert len(first) == len(guide.read_text("utf-8"))


PRINTED = """2026-11-22T18:00:01Z release 1: opened
2026-11-22T18:00:02Z catalog  RUNNING execution 4c46
2026-11-22T18:00:09Z release 1: FAILED after 0:08
"""


@pytest.mark.parametrize(
    ("expected", "fits"),
    [
        (PRINTED, True),
        (PRINTED.replace("18:00", "09:30").replace("0:08", "1:02:03"), True),
        ("...\n2026-11-22T18:00:09Z release 1: FAILED after 0:01\n", True),
        ("...\n2026-11-22T18:00:09Z catalog RUNNING execution …\n...\n", True),
        ("2026-11-22T18:00:09Z release 1: FAILED after 0:01\n", False),
        ("...\n2026-11-22T18:00:02Z catalog RUNNING execution …\n", False),
        ("...\n2026-11-22T18:00:09Z release 1: SUCCEEDED after 0:01\n", False),
        ("...\n2026-11-22T18:00:09Z release 1\n...\n", False),
    ],
)
def test_outputs_are_compared(expected: str, *, fits: bool) -> None:
    """Times and durations may differ; other text must match, except where the guide has dots."""
    assert is_as_expected(PRINTED, expected) is fits
