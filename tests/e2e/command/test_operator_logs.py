"""logs: what the functions wrote about one release, and what its failed actions wrote."""

from typing import Any

import pytest

from tests.e2e.account.account import Account
from tests.e2e.account.waiting import wait_until
from tests.e2e.command.command_line import run_command
from tests.e2e.releasing.pipelines import DEPLOY_STAGE, Pipelines, unique
from tests.e2e.releasing.releases import Releases, manifest

pytestmark = pytest.mark.platform

CHECK: dict[str, Any] = {
    "name": "Check",
    "actionTypeId": {"category": "Invoke", "owner": "AWS", "provider": "Lambda", "version": "1"},
    "configuration": {"FunctionName": "shop-check-site", "UserParameters": "storefront"},
    "runOrder": 2,
}


def checked(account: Account, pipelines: Pipelines) -> str:
    """A pipeline that deploys, then lets a function check the site, which finds it incomplete."""
    name = pipelines.make()
    declaration: Any = account.codepipeline.get_pipeline(name=name)["pipeline"]
    (artifact,) = declaration["stages"][-1]["actions"][0]["inputArtifacts"]
    declaration["stages"][-1]["actions"].append(CHECK | {"inputArtifacts": [artifact]})
    account.codepipeline.update_pipeline(pipeline=declaration)
    return name


def test_the_logs_of_a_release(account: Account, releases: Releases, pipelines: Pipelines) -> None:
    """Lines of other releases are left out; the function that failed the action is heard."""
    name, release_id, other = checked(account, pipelines), unique("logged"), unique("other")
    releases.end(releases.start(manifest(other, pipelines.make())))
    ended = releases.end(releases.start(manifest(release_id, name)))
    assert ended["status"] == "FAILED"

    def shown() -> str:
        told = run_command("logs", release_id)
        assert told.returncode == 0, told.stderr
        return told.stdout

    heading = f"{name}, {DEPLOY_STAGE} → Check failed: /aws/lambda/shop-check-site"
    # Logs are stored a little later than they are written.
    wait_until("the function's log is stored", lambda: "is missing" in shown())
    lines, _, of_action = shown().partition(heading)
    assert f"[{release_id} {name}]" in lines
    assert other not in lines
    assert "check-site" in of_action
    assert "INFO    version.json is missing" in of_action
