"""What the metrics mean, in one sentence each, and what they leave out; docs/metrics.md has all."""

FREQUENCY = "deployment frequency"
LEAD_TIME = "change lead time"
CHANGE_FAIL_RATE = "change fail rate"
RECOVERY_TIME = "failed deployment recovery time"
RECOVERY_TIME_IN_SHORT = "recovery time"
REWORK_RATE = "rework rate"

NOTHING = "-"  # there is nothing to measure
UNKNOWN = "unknown"  # there is something, and it is not known

MEANINGS = {
    FREQUENCY: "deployments that succeeded, for each day",
    LEAD_TIME: (
        "from the last commit of a source that was not live before, to the success of the "
        "deployment; of several such sources, from the oldest of these commits"
    ),
    CHANGE_FAIL_RATE: "deployments that did not succeed, were rolled back, or needed a hotfix next",
    RECOVERY_TIME: "from the end of a failed deployment to the next success that repairs it",
    REWORK_RATE: 'deployments of releases with "kind": "hotfix"',
}

COUNTED = (
    "Counted: runs of pipelines in releases that changed something, or succeeded. A rollback is "
    "not a deployment; it repairs one."
)
NOT_COUNTED = (
    "Not counted: executions that were started outside of a release, and runs that changed "
    "nothing, such as a failed build."
)
