"""What pyproject.toml cannot say of the build: the functions' shared package lies outside of it."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from setuptools import setup
from setuptools.command.sdist import sdist

REPOSITORY = Path(__file__).resolve().parents[2]
SHARED = REPOSITORY / "lambdas" / "release_core"
IS_HERE = SHARED.is_dir()  # not in a source distribution, which has it beside release_machine


class SourceDistribution(sdist):  # type: ignore[misc]  # setuptools has no types
    """Brings the shared package along: a wheel may be built of it where this repository is not."""

    def make_release_tree(self, base_dir: str, files: Sequence[str]) -> None:
        """Put into the folder what the distribution is packed of."""
        # setuptools would put what lies outside of the package outside of the folder.
        super().make_release_tree(base_dir, [each for each in files if not each.startswith("..")])
        if IS_HERE:
            leftovers = shutil.ignore_patterns("__pycache__")
            shutil.copytree(SHARED, Path(base_dir) / "src" / SHARED.name, ignore=leftovers)


# A build beside the sources would be found by linters, and its leftovers by the next build.
build = {"build_base": str(REPOSITORY / ".build" / "operator")} if IS_HERE else {}
setup(cmdclass={"sdist": SourceDistribution}, options={"build": build})
