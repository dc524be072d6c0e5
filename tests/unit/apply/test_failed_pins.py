"""What is on record of a failed pipeline tells whether its pins are the reason."""

import json

from localstack_codepipeline.model import ActionResult, Revision
from release_core.domain.remedies import unusable_pins
from release_core.domain.revisions import Pin
from tests.worlds.faults import FAILURE
from tests.worlds.plans import pinned
from tests.worlds.release_world import ReleaseWorld, declaration

VERSION = f"v{1:031d}"


def begin(world: ReleaseWorld) -> str:
    """Release orders with a pin; its source and its deployment have the same name."""
    known = declaration("orders")
    known["stages"][1]["actions"][0]["name"] = "Fetch"
    world.codepipeline.update_pipeline(pipeline=known)
    arn = world.begin(pinned(VERSION))
    world.wait(arn)
    return arn


def next_command(world: ReleaseWorld) -> str:
    """The command in the announcement of the outcome."""
    return str(json.loads(world.events.entries[-1]["Detail"])["nextCommand"])


def test_a_deployment_may_have_the_name_of_a_pinned_source(world: ReleaseWorld) -> None:
    """The source has delivered, so a retry may help."""
    arn = begin(world)
    revision = Revision(VERSION, f"Amazon S3 version id: {VERSION}")
    world.finish(world.fetch("orders"), ActionResult(revision=revision))
    world.complete("orders", fail=FAILURE)
    world.close(arn)
    orders = world.pipeline()
    assert [each.pin for each in orders.revisions] == [
        Pin(action="Fetch", type="S3_OBJECT_VERSION_ID", revision=VERSION)
    ]
    assert unusable_pins(world.release()) == ()
    assert next_command(world) == "release-machine retry r"


def test_a_source_that_fails_has_delivered_nothing(world: ReleaseWorld) -> None:
    """A retry would have the same pin."""
    arn = begin(world)
    world.finish(world.fetch("orders"), FAILURE)
    world.deliver()
    world.close(arn)
    assert unusable_pins(world.release()) == (world.pipeline(),)
    assert next_command(world) == "release-machine show r"
