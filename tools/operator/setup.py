"""The part of the build that pyproject.toml cannot describe: release_core is in another folder."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from setuptools import setup
from setuptools.command.sdist import sdist

REPOSITORY = Path(__file__).resolve().parents[2]
SHARED = REPOSITORY / "lambdas" / "release_core"
IS_HERE = SHARED.is_dir()  # False in a source distribution, which has it beside release_machine


class SourceDistribution(sdist):  # type: ignore[misc]  # setuptools has no types
    """Adds release_core, so that a wheel can be built from it without this repository."""

    def make_release_tree(self, base_dir: str, files: Sequence[str]) -> None:
        """Copy the files of the distribution into its folder."""
        # setuptools would put files from outside of this folder outside of `base_dir`.
        super().make_release_tree(base_dir, [each for each in files if not each.startswith("..")])
        if IS_HERE:
            leftovers = shutil.ignore_patterns("__pycache__")
            shutil.copytree(SHARED, Path(base_dir) / "src" / SHARED.name, ignore=leftovers)


# Linters would find a build beside the sources, and the next build would include its leftovers.
build = {"build_base": str(REPOSITORY / ".build" / "operator")} if IS_HERE else {}
setup(cmdclass={"sdist": SourceDistribution}, options={"build": build})
