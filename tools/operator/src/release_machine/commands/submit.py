"""``submit``: submit a manifest, and follow its release."""

import shlex
import time

import click
from botocore.exceptions import ClientError

from release_core.clock import now
from release_core.manifest.model import Manifest
from release_core.plan.document import Plan
from release_core.rollback.refusals import listed
from release_machine.actions.submit import ResultReader, drop_manifest, post_manifest
from release_machine.deployment.aws_problems import explained, is_denied
from release_machine.deployment.reading_parts import planner
from release_machine.deployment.session import Session
from release_machine.errors import UnreachableError, UsageError
from release_machine.interrupts import starting
from release_machine.terminal.asking import require_yes, will_ask, yes_option
from release_machine.terminal.aws_command import AwsCommand, open_session
from release_machine.terminal.following import follow_from_opening, watching
from release_machine.terminal.forms import Form, json_option
from release_machine.validation.checking_files import check_content
from release_machine.validation.manifest_file import read_manifest
from release_machine.views.plan_view import plan_view

_STARTS_BY_ITSELF = "the release starts by itself. See it with: release-machine list"


@click.command("submit", cls=AwsCommand)
@click.argument("manifest", type=click.Path(allow_dash=True))
@click.option(
    "--via",
    type=click.Choice(["bucket", "api"]),
    help="How to submit it. Default: bucket, or api if an approval needs four eyes.",
)
@click.option("--detach", is_flag=True, help="Return as soon as the release is opened.")
@yes_option
@json_option
@click.pass_context
def command(
    context: click.Context,
    manifest: str,
    *,
    via: str | None,
    detach: bool,
    yes: bool,
    form: Form,
) -> None:
    """Submit a manifest and follow its release to the end.

    MANIFEST is a file, or - for standard input. On a terminal the plan is shown, and you are asked.
    Then the manifest is put into the manifest bucket, which starts the release machine; or sent to
    the API, which proves who asks for the release. Approvals with four eyes need that. An invalid
    manifest is rejected locally, with exit code 2. Ctrl-C stops watching; the release continues.

    \b
    Examples:
      release-machine submit manifest.json
      release-machine submit manifest.json --yes
      release-machine submit manifest.json --via api
      release-machine submit manifest.json --detach --json
      generate-manifest | release-machine submit -
    """
    with form.refusals():
        content = read_manifest(manifest)
        document, given = require_manifest(manifest, content)
        session = open_session(context)
        if will_ask(yes=yes, on_stderr=form.for_programs) and not given.dry_run:
            _confirm(session, document, given, form)
        proved = any(each.four_eyes for each in given.approvals)
        hand_in = _post if (via or ("api" if proved else "bucket")) == "api" else _drop
        form.about(release_id=given.release_id)
        with starting():
            arn = hand_in(session, manifest, content, form)
            follow_from_opening(session, arn, pipelines=given.names, detach=detach, form=form)


def _confirm(session: Session, document: object, given: Manifest, form: Form) -> None:
    """Show what would change, and ask; do not ask when nothing would run."""
    question = f"Submit release {given.release_id} to {session.deployment.place}?"
    plan = _plan(session, document, form)
    if plan:
        form.draw(lambda width: [plan_view(plan.as_json(), width=width)])
        if plan.already_released:
            return
        # A long plan has scrolled its first lines away.
        again = listed([each.name for each in plan.pipelines if each.dangers])
        if again:
            question = f"It ships AGAIN what was rolled back: {again}. {question}"
        if not plan.valid:
            question = f"It would not be released. {question}"
    require_yes(question, on_stderr=form.for_programs)


def _plan(session: Session, document: object, form: Form) -> Plan | None:
    """The plan, or None for a person who may hand a manifest in and not read what it needs."""
    try:
        with explained():
            return planner(session)(document)
    except UnreachableError as error:
        form.say(f"what would change cannot be shown: {error.problem}")
        return None


def _post(session: Session, _name: str, content: bytes, form: Form) -> str:
    api = session.api
    with form.changing():
        arn = post_manifest(content, api)
    form.say("sent to the API")
    return arn


def _drop(session: Session, name: str, content: bytes, form: Form) -> str:
    bucket, caller, s3 = session.deployment.manifest_bucket, session.caller, session.s3
    try:
        with form.changing():
            drop = drop_manifest(content, name=name, bucket=bucket, caller=caller, s3=s3)
    except ClientError as error:
        if not is_denied(error):
            raise
        raise UnreachableError(
            f"You may not put the manifest into the bucket {bucket}: {error}",
            f"Use the API: release-machine submit {shlex.quote(name)} --via api; "
            "or ask for s3:PutObject on the bucket.",
        ) from error
    form.say(f"dropped {drop.address}")
    with watching(_STARTS_BY_ITSELF):
        return ResultReader(s3).await_execution(drop, wait=time.sleep, clock=now)


def require_manifest(name: str, content: bytes) -> tuple[object, Manifest]:
    """The document of a manifest, and the manifest; raises UsageError with all its problems."""
    # The machine judges a deadline that has passed: the release may exist already.
    checked = check_content(name, content)
    if checked.manifest is None:
        raise UsageError("\n".join(checked.lines()), "Nothing was submitted. Correct the manifest.")
    return checked.document, checked.manifest
