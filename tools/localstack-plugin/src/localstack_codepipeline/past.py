"""Remembers earlier states of the models, for faults with which a read shows one of them."""

from datetime import datetime

from localstack_codepipeline.model import CodePipelineModel

# An account and a Region.
type Home = tuple[str, str]


class Past:
    """The states of the models while a fault that shows them is in force."""

    def __init__(self) -> None:
        self._states: dict[Home, list[tuple[datetime, CodePipelineModel]]] = {}

    def keep(self, home: Home, model: CodePipelineModel, *, now: datetime) -> None:
        """Remember the state that a model has from now on."""
        self._states.setdefault(home, []).append((now, model.clone()))

    def at(self, home: Home, moment: datetime) -> CodePipelineModel:
        """Return the state at that moment; an account without pipelines if there was none yet."""
        states = [model for since, model in self._states.get(home, ()) if since <= moment]
        return states[-1] if states else CodePipelineModel(*home)

    def forget(self) -> None:
        """Remember nothing any more."""
        self._states.clear()
