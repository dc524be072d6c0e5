"""A plan as a document, in the format of release_core/plan/document.py."""

from typing import Any

EXECUTION = "arn:aws:states:eu-central-1:123456789012:execution:release-machine:0b2f7c1e"

DANGER = (
    "would ship AGAIN what was rolled back: revision 3sL4kqtJlcpXroDTDmJrmSpXd3dIbrHY of Source, "
    "shipped by release 2026.11.21-1 and rolled back by release 2026.11.21-1-rollback. Pin another "
    "revision, or leave the pipeline out"
)

PLAN: dict[str, Any] = {
    "releaseId": "2026.11.22-2",
    "title": "Round prices down",
    "notes": None,
    "kind": "hotfix",
    "valid": False,
    "alreadyReleased": None,
    "heldUntil": None,
    "problems": ["shop-orders: release 2026.11.22-1 holds it; wait for its end"],
    "warnings": [],
    "expectedSeconds": 1290,
    "criticalPath": ["shop-catalog", "shop-orders"],
    "pipelines": [
        {
            "name": "shop-catalog",
            "dependsOn": [],
            "type": "V2",
            "executionMode": "QUEUED",
            "runs": True,
            "live": {
                "releaseId": "2026.11.20-1",
                "executionId": "1a2b3c4d-0001",
                "since": "2026-11-20T16:12:40.000Z",
                "by": "arn:aws:sts::123456789012:assumed-role/Release/alice",
                "trigger": None,
                "restoredBy": None,
            },
            "liveUnknown": None,
            "changes": True,
            "dangers": [],
            "sources": [
                {
                    "actionName": "Source",
                    "provider": "CodeStarSourceConnection",
                    "revisionType": "COMMIT_ID",
                    "current": "3f2a9c0d5b7e41f8a6c2d9e0b1f3a5c7d9e1f204",
                    "currentMessage": "Prices with tax",
                    "newestOf": "acme/shop branch main",
                    "ships": "77aa0c0d5b7e41f8a6c2d9e0b1f3a5c7d9e1ffff",
                    "message": "Round prices down",
                    "author": "Bob Builder",
                    "madeAt": "2026-11-21T09:30:00.000Z",
                    "changes": True,
                    "rolledBack": None,
                    "wanted": "77aa0c0d5b7e41f8a6c2d9e0b1f3a5c7d9e1ffff",
                    "wantedKey": None,
                    "note": None,
                }
            ],
            "variables": ["ENVIRONMENT", "REGION"],
            "disabledTransitions": [],
            "inFlight": [],
            "heldBy": None,
            "usualSeconds": 240,
            "startsAfterSeconds": 0,
            "problems": [],
            "warnings": [],
        },
        {
            "name": "shop-orders",
            "dependsOn": ["shop-catalog", "go-live"],
            "type": "V2",
            "executionMode": "SUPERSEDED",
            "runs": True,
            "live": {
                "releaseId": "2026.11.21-1-rollback",
                "executionId": "2b3c4d5e-0002",
                "since": "2026-11-21T20:01:09.000Z",
                "by": "onFailure of release 2026.11.21-1",
                "trigger": None,
                "restoredBy": None,
            },
            "liveUnknown": None,
            "changes": True,
            "dangers": [DANGER],
            "sources": [
                {
                    "actionName": "Source",
                    "provider": "S3",
                    "revisionType": "S3_OBJECT_VERSION_ID",
                    "current": "qVdDRMkSnOtGn0xnZKoD2Wu1Xb0tUb7e",
                    "currentMessage": None,
                    "newestOf": "shop-sources/orders.zip",
                    "ships": "3sL4kqtJlcpXroDTDmJrmSpXd3dIbrHY",
                    "message": "Orders of several shops in one basket",
                    "author": None,
                    "madeAt": "2026-11-21T18:44:10.000Z",
                    "changes": True,
                    "rolledBack": {
                        "shippedBy": "2026.11.21-1",
                        "shippedByRelease": True,
                        "by": "2026.11.21-1-rollback",
                        "byRelease": True,
                        "at": "2026-11-21T20:01:09.000Z",
                    },
                    "wanted": "3sL4kqtJlcpXroDTDmJrmSpXd3dIbrHY",
                    "wantedKey": "orders/2026-11-15.zip",
                    "note": None,
                },
                {
                    "actionName": "Image",
                    "provider": "ECR",
                    "revisionType": None,
                    "current": "sha256:" + "9f86d081" * 8,
                    "currentMessage": None,
                    "newestOf": "shop/orders tag live",
                    "ships": None,
                    "message": None,
                    "author": None,
                    "madeAt": None,
                    "changes": None,
                    "rolledBack": None,
                    "wanted": None,
                    "wantedKey": None,
                    "note": "ECR answered AccessDeniedException",
                },
            ],
            "variables": [],
            "disabledTransitions": [{"stage": "Deploy", "reason": "freeze"}],
            "inFlight": [],
            "heldBy": {"releaseId": "2026.11.22-1", "executionArn": EXECUTION},
            "usualSeconds": 1050,
            "startsAfterSeconds": 240,
            "problems": ["release 2026.11.22-1 holds it; wait for its end"],
            "warnings": ["stops before stage Deploy, whose transition is disabled: freeze"],
        },
    ],
    "approvals": [
        {
            "name": "go-live",
            "dependsOn": ["shop-catalog"],
            "question": "Go live?",
            "minApprovals": 2,
            "fourEyes": True,
            "expiresAfterMinutes": 2880,
            "behind": ["shop-orders"],
            "granted": False,
        },
    ],
}


def of_old_deployment() -> dict[str, Any]:
    """The plan of a dry run of a deployment that knows nothing of what is live."""
    new_of_source = {"currentMessage", "newestOf", "ships", "message", "author", "madeAt"}
    new_of_source |= {"changes", "rolledBack"}
    new = {"runs", "live", "liveUnknown", "changes", "dangers"}
    pipelines = [
        {
            **{key: value for key, value in each.items() if key not in new},
            "sources": [
                {key: value for key, value in one.items() if key not in new_of_source}
                for one in each["sources"]
            ],
        }
        for each in PLAN["pipelines"]
    ]
    of_release = {key: PLAN[key] for key in PLAN.keys() - {"title", "notes", "kind"}}
    return {**of_release, "pipelines": pipelines}
