"""Records what CodePipeline answers to the tests of `make verify`."""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tools.verify.masking import masked


@dataclass
class Recording:
    """The answers since the last test, each once with how often it came; not one secret."""

    folder: str = field(default_factory=lambda: os.environ.get("RELEASE_MACHINE_CAPTURE", ""))
    seen: list[dict[str, Any]] = field(default_factory=list)

    def attach(self, client: Any) -> None:
        """Record every answer to a client, its errors included, if there is a folder for it."""
        if self.folder:
            client.meta.events.register("after-call.codepipeline", self._record)

    def write(self, test: str) -> None:
        """Write the answers to a file that is named after a test, and begin again."""
        if self.seen:
            name = re.sub(r"[^\w-]+", "-", test).strip("-")
            document = json.dumps({"test": test, "seen": self.seen}, indent=1, ensure_ascii=False)
            Path(self.folder, f"{name}.json").write_text(f"{document}\n", encoding="utf-8")
        self.seen = []

    def _record(self, *, model: Any, parsed: Mapping[str, Any], **_: object) -> None:
        answer: dict[str, Any] = {"name": model.name}
        if error := parsed.get("Error"):
            answer |= {"error": error["Code"], "message": masked(error.get("Message", ""))}
        else:
            answer["answer"] = masked(parsed)
        for each in self.seen:
            if {**each, "times": 0} == {**answer, "times": 0}:
                each["times"] += 1
                return
        self.seen.append({**answer, "times": 1})
