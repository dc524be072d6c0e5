"""The JSON Schema of the manifest, for editors and generators of manifests."""

from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from release_core.manifest.model import Manifest, ManifestApproval, ManifestPipeline, PipelineName

_EXAMPLES = [
    {"releaseId": "2026.11.22-1", "pipelines": ["catalog", "orders"]},
    {
        "releaseId": "2026.11.22-2",
        "pipelines": [
            "catalog",
            {
                "name": "orders",
                "dependsOn": ["catalog"],
                "retries": 1,
                "timeoutMinutes": 60,
                "variables": {"ENVIRONMENT": "production"},
                "sourceRevisions": [
                    {
                        "actionName": "Source",
                        "revisionType": "COMMIT_ID",
                        "revisionValue": "3f2a9c0d5b7e41f8a6c2d9e0b1f3a5c7d9e1f204",
                    }
                ],
            },
        ],
        "onFailure": "stop",
        "maxConcurrency": 20,
    },
    {
        "releaseId": "2026.11.22-3",
        "pipelines": ["staging", {"name": "production", "dependsOn": ["go-live"]}],
        "approvals": [
            {
                "name": "go-live",
                "dependsOn": ["staging"],
                "question": "Is staging good enough?",
                "minApprovals": 2,
                "expiresAfterMinutes": 2880,
            }
        ],
    },
]


class _Generator(GenerateJsonSchema):
    """Pydantic's generator without titles made of names and without null for absent keys."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def nullable_schema(self, schema: Any) -> dict[str, Any]:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: Any) -> dict[str, Any]:
        made = super().default_schema(schema)
        return {key: value for key, value in made.items() if (key, value) != ("default", None)}


def manifest_schema() -> dict[str, Any]:
    """The schema, in draft 2020-12, of every key of a manifest.

    It has the form only. Repeated names, cycles, and whether pipelines fit are checked by the
    release machine.
    """
    schema = Manifest.model_json_schema(schema_generator=_Generator)
    definitions = schema["$defs"]
    definitions[ManifestApproval.__name__] |= {
        "title": "Approval",
        "description": "An approval: people are asked, and what depends on it waits for them.",
    }
    # The name alone stands for an object with only a name.
    pipeline = definitions[ManifestPipeline.__name__]
    definitions[ManifestPipeline.__name__] = {
        "description": "A pipeline: a name, or an object with a name.",
        "anyOf": [
            {"$ref": f"#/$defs/{PipelineName.__name__}"},
            pipeline | {"title": "Pipeline", "description": "A pipeline with settings."},
        ],
    }
    return {
        "$schema": GenerateJsonSchema.schema_dialect,
        **schema,
        "title": "Release manifest",
        "examples": _EXAMPLES,
    }
