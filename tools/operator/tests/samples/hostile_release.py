"""A release in which every text is an attack on its reader."""

from dataclasses import replace

from release_core.domain.execution import Change, Execution, ExecutionState
from release_core.domain.history import AuditEntry, PastAttempt
from release_core.domain.release import Failure, PipelineStatus, ReleaseStatus
from release_core.domain.revisions import Good, Pin, Revision
from release_machine.release.model import Snapshot
from tools.operator.tests.samples.made_release import Ran, by_name, moment, release

HOSTILE = "<script>alert(1)</script>\"'&<img src=x onerror=alert(2)>\u202egnp.exe\x00\x1b[31m"
ENDLESS = "Traceback: " + "x" * 10_000


def hostile() -> Snapshot:
    """A release in which every text is an attack."""
    rans = [
        Ran(
            name=f"{number}{HOSTILE}",
            began=2,
            ended=100 + number,
            status=PipelineStatus.FAILED,
            retries=1,
            retried_at=[50],
            after=[f"{number - 1}{HOSTILE}"] if number else [],
            failure=Failure(
                stage=HOSTILE,
                action=HOSTILE,
                code=HOSTILE,
                summary=HOSTILE,
                message=HOSTILE + ENDLESS,
                link=link,
            ),
        )
        for number, link in enumerate(
            (
                "javascript:alert(3)",
                "data:text/html,<script>alert(4)</script>",
                f"https://example.com/{HOSTILE}",
                "//example.com/no-scheme",
            )
        )
    ]
    made = release(HOSTILE, ReleaseStatus.FAILED, rans, closed=200, why=HOSTILE + ENDLESS)
    source = Revision(
        artifact=HOSTILE, revision=HOSTILE, summary=HOSTILE, action=HOSTILE, type=HOSTILE
    )
    change = Change(
        state=ExecutionState.RESUMED, attempt=2, at=moment(9), source=HOSTILE, note=HOSTILE
    )
    pipelines = by_name(
        replace(
            each,
            revisions=(source,),
            source_revisions=(Pin(action=HOSTILE, type=HOSTILE, revision=ENDLESS),),
            variable_names=(HOSTILE,),
            previous_good=Good(
                release_id=HOSTILE, execution_id=HOSTILE, at=moment(0), revisions=(source,)
            ),
            execution=Execution(execution_id=HOSTILE, pipeline=HOSTILE, changes=(change,)),
            execution_id=HOSTILE,
        )
        for each in made.pipelines.values()
    )
    nasty = AuditEntry(at=moment(1), who=HOSTILE, what=HOSTILE, before=HOSTILE, after="RUNNING")
    return Snapshot(
        at=moment(300),
        release=replace(
            made,
            pipelines=pipelines,
            title=HOSTILE,
            notes=f"{HOSTILE}\n{ENDLESS}",
            rollback_of=HOSTILE,
            rolled_back_by=HOSTILE,
            requester=HOSTILE,
            channel=HOSTILE,
            halted_by=HOSTILE,
            execution_arn=HOSTILE,
            audit=(*made.audit, nasty),
            attempts=(PastAttempt(number=1, status=HOSTILE, execution=HOSTILE, why=HOSTILE),),
        ),
    )
