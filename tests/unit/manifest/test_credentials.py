"""Variables that look like keys are refused, without their values; what resembles them is not."""

from typing import Any

import pytest

from release_core.errors import ManifestInvalid
from release_core.manifest.checks import check_manifest, examine

# The examples of AWS's documentation.
KEY_ID = "AKIAIOSFODNN7EXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"  # the last rules need signs around it
TOKEN = f"IQoJb3JpZ2luX2Vj{'aB3/' * 30}"


def manifest(variables: dict[str, Any], **keys: Any) -> dict[str, Any]:
    """A manifest whose second pipeline gets these variables."""
    pipelines = ["catalog", {"name": "orders", "variables": variables}]
    return {"releaseId": "r", "pipelines": pipelines, **keys}


def found(document: object) -> dict[str, str]:
    """What each refused variable looks like, by its path."""
    _, problems = examine(document, declared=None)
    return {each.path: each.says.partition(";")[0] for each in problems}


@pytest.mark.parametrize(
    ("variables", "refused", "what"),
    [
        ({"A": KEY_ID}, "A", "an AWS access key"),
        ({"A": KEY_ID.replace("AKIA", "ASIA")}, "A", "an AWS access key"),
        ({"A": f"--id={KEY_ID} --region=eu-west-1"}, "A", "an AWS access key"),
        ({"A": TOKEN}, "A", "an AWS session token"),
        ({"A": r"-----BEGIN PRIVATE KEY-----\nMIIE"}, "A", "a private key"),
        ({"A": "-----BEGIN OPENSSH PRIVATE KEY-----"}, "A", "a private key"),
        ({"AWS_SECRET_ACCESS_KEY": SECRET}, "AWS_SECRET_ACCESS_KEY", "an AWS secret access key"),
        ({"secretKey": SECRET}, "secretKey", "an AWS secret access key"),
        ({"A": f"aws_secret_access_key={SECRET}"}, "A", "an AWS secret access key"),
    ],
)
def test_a_variable_that_looks_like_a_key_is_refused(
    variables: dict[str, str], refused: str, what: str
) -> None:
    """With its place and the way out, and never with the value."""
    assert found(manifest(variables)) == {f"pipelines[1].variables.{refused}": f"looks like {what}"}
    with pytest.raises(ManifestInvalid) as caught:
        check_manifest(manifest(variables), declared=None)
    said = str(caught.value)
    assert "keep the secret in Secrets Manager" in said
    assert "..." not in said, "the line is too long to be shown whole"
    assert not any(part in said for part in (KEY_ID, SECRET, TOKEN[:20], "MIIE"))


def test_a_secret_beside_a_key_id_is_refused_whatever_its_name() -> None:
    """Both are named at once, so that neither stays."""
    says = found(manifest({"ID": KEY_ID, "OTHER": SECRET, "STAGE": "prod"}))
    assert says == {
        "pipelines[1].variables.ID": "looks like an AWS access key",
        "pipelines[1].variables.OTHER": "looks like an AWS secret access key",
    }


@pytest.mark.parametrize(
    "variables",
    [
        {"COMMIT": "3f2a9c0d5b7e41f8a6c2d9e0b1f3a5c7d9e1f204"},
        {"SECRET_KEY_COMMIT": "3f2a9c0d5b7e41f8a6c2d9e0b1f3a5c7d9e1f204"},
        {"VERSION": SECRET},
        {"CHECKSUM": "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="},
        {"SECRET_KEY_NAME": "prod/payments/database/credentials/main1"},
        {"SECRET": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:shop/Db1-a1B2c3"},
        {"WORD": "AKIAIOSFODNN7"},
        {"WORDS": f"X{KEY_ID}"},
        {"CERTIFICATE": "-----BEGIN CERTIFICATE-----"},
        {"KEY": "-----BEGIN PUBLIC KEY-----"},
    ],
)
def test_what_only_resembles_a_key_is_accepted(variables: dict[str, str]) -> None:
    """Commit ids, checksums, paths and names of secrets are ordinary values."""
    assert found(manifest(variables)) == {}


@pytest.mark.parametrize("keys", [{"resume": True}, {"rollbackOf": "q"}])
def test_what_is_on_record_is_released_again(keys: dict[str, Any]) -> None:
    """A retry and a rollback repeat values on record: to refuse them would prevent the repair."""
    assert found(manifest({"A": KEY_ID}, **keys)) == {}


@pytest.mark.parametrize("variables", [[KEY_ID], KEY_ID, {"A": [KEY_ID]}, {"A": 1}, None])
def test_invalid_variables_have_their_own_problem(variables: Any) -> None:
    """What is not an object with strings is refused as such."""
    assert "looks like" not in str(found(manifest(variables)))
