"""Releases in which several pipelines did not succeed, and one in which people did not agree."""

from dataclasses import replace

from release_core.domain.release import (
    Failure,
    OnFailure,
    PipelineStatus,
    ReleaseKind,
    ReleaseStatus,
)
from release_machine.release.model import Snapshot
from tools.operator.tests.conftest import at
from tools.operator.tests.samples.asking_release import rejected as rejected_release
from tools.operator.tests.samples.made_release import REGION, Ran, moment, release, skipped

SERVICES = 60
TITLE = "Autumn prices: whole cents in every service"
NOTES = "Ticket SHOP-4711. Tell support before go-live.\nRoll back if more than 1 % of orders fail."
DENIED = (
    "User: arn:aws:sts::123456789012:assumed-role/shop-media-deploy/AWSCodePipeline-4711 is not "
    "authorized to perform: ecs:UpdateService on resource: "
    f"arn:aws:ecs:{REGION}:123456789012:service/shop/media-thumbnails"
)


def sixty() -> Snapshot:
    """Sixty pipelines; the first to fail took two seconds, two others failed minutes later."""
    first = Failure(stage="Source", action="Checkout", code="PermissionError", message=DENIED)
    later = Failure(
        stage="Deploy",
        action="Canary",
        code="JobFailed",
        message="5 of 200 requests failed",
        link=f"https://{REGION}.console.aws.amazon.com/cloudwatch/home#alarms",
    )
    failures = {41: (2.0, first), 7: (600.0, later), 23: (900.0, later)}
    rans = []
    for number in range(SERVICES):
        lasts, failure = failures.get(number, (240.0 + 97 * number % 700, None))
        name = f"shop-{number:02}-service"
        after = [f"shop-{number % 9:02}-service"] if number >= 45 else []
        if number >= 56:
            why = "shop-07-service did not succeed and onFailure is continue"
            rans.append(skipped(name, 1502, why, after=["shop-07-service"]))
            continue
        began = 2.0 + number % 3 if not after else 800.0
        rans.append(
            Ran(
                name=name,
                after=after,
                began=began,
                ended=began + lasts,
                status=PipelineStatus.FAILED if failure else PipelineStatus.SUCCEEDED,
                failure=failure,
            )
        )
    lines = [f"- {each.name} {each.status}" for each in rans if each.failure]
    why = "\n".join([f"7 of {SERVICES} pipelines did not succeed:", *lines])
    last = max(each.ended or 0 for each in rans)
    made = release("2026.11.22-7", ReleaseStatus.FAILED, rans, closed=last + 2, why=why)
    made = replace(made, on_failure=OnFailure.CONTINUE, failing_by="shop-41-service")
    return Snapshot(at=moment(4000), release=made)


def refused() -> Snapshot:
    """A person rejected an approval; the release still runs."""
    return Snapshot(at=at(330), release=rejected_release())


def titled(failed: Snapshot) -> Snapshot:
    """A failed release as a hotfix, with a title and notes of several lines."""
    titled = replace(failed.release, title=TITLE, notes=NOTES, kind=ReleaseKind.HOTFIX)
    return replace(failed, release=titled)
