"""The files of Terraform, without those that a deployment writes beside them for a moment."""

from pathlib import Path

INFRA = Path(__file__).parents[2] / "infra"


def terraform_files(pattern: str = "*.tf") -> list[Path]:
    """Return the files in ``infra/`` that match, by name."""
    found = INFRA.glob(pattern)
    return sorted(path for path in found if not path.name.endswith("_override.tf"))
