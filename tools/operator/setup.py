"""The parts of the build that pyproject.toml cannot express: the shared package is elsewhere."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from setuptools import setup
from setuptools.command.sdist import sdist

REPOSITORY = Path(__file__).resolve().parents[2]
SHARED = REPOSITORY / "lambdas" / "release_core"
IS_HERE = SHARED.is_dir()  # a source distribution has it beside release_machine instead


class SourceDistribution(sdist):  # type: ignore[misc]  # setuptools has no types
    """Includes the shared package, so that a wheel can be built without this repository."""

    def make_release_tree(self, base_dir: str, files: Sequence[str]) -> None:
        """Copy all files of the distribution into the folder."""
        # setuptools would put files from outside of the package outside of the folder.
        super().make_release_tree(base_dir, [each for each in files if not each.startswith("..")])
        if IS_HERE:
            leftovers = shutil.ignore_patterns("__pycache__")
            shutil.copytree(SHARED, Path(base_dir) / "src" / SHARED.name, ignore=leftovers)


# A build folder beside the sources would be read by linters and by the next build.
build = {"build_base": str(REPOSITORY / ".build" / "operator")} if IS_HERE else {}
setup(cmdclass={"sdist": SourceDistribution}, options={"build": build})
