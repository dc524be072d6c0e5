"""Commands that can be copied from a terminal of any width."""

import subprocess

import pytest

from release_machine.release.ways_out import copyable

COMMAND = (
    "aws codepipeline put-approval-result --pipeline-name "
    + "checkout-and-payments-" * 4
    + "x --stage-name Approval --token 3c4d5e6f-0000-4000-8000-000000000003"
)


@pytest.mark.parametrize("width", [40, 50, 80, 100, 120, 300])
def test_a_shell_joins_the_lines(width: int) -> None:
    """A shell reads the same words, however narrow the terminal is."""
    told = copyable(COMMAND, width=width)
    assert max(map(len, told.splitlines())) <= width
    heard = subprocess.run(
        ["sh", "-c", f"printf '%s\\n' {told}"], capture_output=True, text=True, check=True
    )
    assert heard.stdout.split("\n")[:-1] == COMMAND.split()


def test_a_command_that_fits() -> None:
    """A command that fits stays on one line."""
    assert copyable(COMMAND, width=300) == COMMAND
