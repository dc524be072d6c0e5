"""No result starts the state machine: no key that the functions write matches the rule."""

import ast
import json
from pathlib import Path

import hcl2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from release_core.domain.dropped import ManifestObject
from tests.contract.event_patterns import matches
from tests.contract.test_event_fixtures import BUCKET, EVENTS, RULES

ROOT = Path(__file__).parents[2]
LAMBDAS = ROOT / "lambdas"
# Operations of S3 that make an object.
WRITES = {
    "put_object",
    "copy_object",
    "upload_file",
    "upload_fileobj",
    "create_multipart_upload",
    "restore_object",
}


def starts(key: str) -> bool:
    """Whether the event of an object with this key starts the state machine."""
    event = json.loads(json.dumps(EVENTS["manifest_dropped"]))
    event["detail"]["object"]["key"] = key
    return matches(RULES["manifest_dropped"], event)


@given(st.text(min_size=1))
@pytest.mark.parametrize("suffix", ["", ".json", ".result", ".json.result", ".result.json"])
def test_no_result_matches_the_rule(suffix: str, stem: str) -> None:
    """Whatever the key of the manifest is, also one that no rule has brought."""
    key = stem + suffix
    assert starts(key) == key.endswith(".json")
    assert not starts(ManifestObject(bucket=BUCKET, key=key, version_id="v1").result_key)


def test_the_functions_write_no_other_object() -> None:
    """One module calls S3 to write, and takes the key of a result."""
    writers = {
        str(path.relative_to(LAMBDAS))
        for path in LAMBDAS.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, ast.Attribute) and node.attr in WRITES
    }
    assert writers == {"release_core/aws/result_files.py"}
    source = (LAMBDAS / "release_core/aws/result_files.py").read_text()
    assert source.count('"Key": result.manifest.result_key') == source.count("put_object") == 1


def test_the_policies_allow_no_other_object() -> None:
    """IAM says the same as the code."""
    with (ROOT / "infra/functions.tf").open() as file:
        documents = [block['"aws_iam_policy_document"'] for block in hcl2.load(file)["data"]]
    writing = {
        name.strip('"'): statement["resources"]
        for document in documents
        for name, body in document.items()
        for statement in body.get("statement", [])
        if any(action.startswith('"s3:') and "Get" not in action for action in statement["actions"])
    }
    results = ['"${aws_s3_bucket.manifests.arn}/*.result"']
    assert writing == {"open_release": results, "close_release": results}
