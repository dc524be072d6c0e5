"""A class of values is completed at its first use, whichever that is, and once."""

import copy
import importlib
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import FrozenInstanceError, dataclass, field, fields, is_dataclass, replace
from pathlib import Path
from threading import Barrier, Event, RLock
from typing import Generic, TypeVar

import pytest

from release_core import immutable
from release_core.immutable import Immutable

THREADS, ROUNDS = 4, 100
TIMEOUT = 10  # seconds
LAMBDAS = Path(__file__).resolve().parents[2] / "lambdas"
T = TypeVar("T")


def vote_class() -> type:
    """A new class, which nobody has used."""

    class Vote(Immutable):
        voter: str
        comment: str | None = None
        seen: list[str] = field(default_factory=list, compare=False)

    return Vote


def is_complete(kind: type) -> bool:
    return "__dataclass_fields__" in vars(kind)


def test_a_class_costs_nothing_until_it_is_used() -> None:
    """Its methods are not compiled when it is imported."""
    assert not is_complete(vote_class())


@pytest.mark.parametrize(
    "use",
    [
        lambda kind: kind(voter="grace"),
        lambda kind: [each.name for each in fields(kind)],
        is_dataclass,
    ],
)
def test_the_first_use_completes_it(use: Callable[[type], object]) -> None:
    """As an object is made, or as ``dataclasses`` asks for the fields."""
    kind = vote_class()
    assert use(kind)
    assert is_complete(kind)


def test_it_is_a_value() -> None:
    """It has equality, a hash, a representation, copies, and does not change."""
    kind = vote_class()
    vote = kind(voter="grace")
    assert vote == kind(voter="grace")
    assert vote != kind(voter="joan")
    assert vote != "grace"
    assert len({vote, kind(voter="grace"), kind(voter="joan")}) == 2
    assert repr(vote).endswith("Vote(voter='grace', comment=None, seen=[])")
    assert replace(vote, comment="ok").comment == "ok"
    assert copy.deepcopy(vote) == vote
    with pytest.raises(FrozenInstanceError):
        vote.voter = "joan"


def test_fields_are_keywords_unless_it_says_otherwise() -> None:
    """A short value may take them in order."""

    class Pair(Immutable, kw_only=False):
        left: int
        right: int

    with pytest.raises(TypeError):
        vote_class()("grace")
    assert Pair(1, 2) == Pair(left=1, right=2)


def test_a_class_of_a_class_has_all_fields() -> None:
    """Also if its base is used first."""

    class Base(Immutable):
        deployment: str

    class Special(Base):
        topic: str

    base = Base(deployment="a")
    assert Special(deployment="a", topic="b") != base
    assert [each.name for each in fields(Special)] == ["deployment", "topic"]
    assert [each.name for each in fields(Base)] == ["deployment"]


def test_an_own_method_stays() -> None:
    """As in any dataclass."""

    class Secret(Immutable):
        token: str

        def __repr__(self) -> str:
            return "a secret"

    assert repr(Secret(token="t")) == "a secret"
    assert Secret(token="t") == Secret(token="t")


def test_the_base_itself_is_no_value() -> None:
    """It has no fields, so it is no dataclass."""
    assert not is_dataclass(Immutable)


def test_threads_may_use_it_first_at_one_moment() -> None:
    """Each makes its object."""
    started = Barrier(THREADS)

    def use(kind: type) -> object:
        started.wait()
        return kind(voter="grace")

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(THREADS) as threads:
            for _ in range(ROUNDS):
                votes = list(threads.map(use, [vote_class()] * THREADS))
                assert len(set(votes)) == 1
    finally:
        sys.setswitchinterval(interval)


def test_a_class_always_has_a_hash() -> None:
    """``dataclass`` takes away the hash of a class for a moment, if the class has none itself."""
    seen: list[object] = []

    class Watched(type):
        def __setattr__(cls, name: str, value: object) -> None:
            super().__setattr__(name, value)
            seen.append(cls.__hash__)

    class Vote(Immutable, metaclass=Watched):
        voter: str

    assert fields(Vote)
    assert seen
    assert None not in seen


def test_a_class_may_be_generic() -> None:
    """Its other bases are told about it, too."""

    class Found(Immutable, Generic[T]):
        value: T

    assert Found[int](value=1) == Found(value=1)


def test_every_class_of_the_functions_can_be_completed() -> None:
    """What ``dataclass`` refuses would otherwise show at the first use."""
    for package in LAMBDAS.iterdir():
        for path in package.rglob("*.py"):
            importlib.import_module(".".join(path.relative_to(LAMBDAS).with_suffix("").parts))
    ours = [each for each in classes_of(Immutable) if not each.__module__.startswith("tests.")]
    assert len(ours) > 100
    for each in ours:
        fields(each)


def classes_of(kind: type[Immutable]) -> Iterator[type[Immutable]]:
    """The classes of a class, and theirs."""
    for each in kind.__subclasses__():
        yield each
        yield from classes_of(each)


@pytest.mark.parametrize("missing", ["__init__", "__eq__", "__repr__"])
def test_a_thread_waits_for_a_method_that_another_thread_adds(
    missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the class is half complete, no thread uses a method of ``object`` instead."""
    kind, half_complete, gone_on = vote_class(), Event(), Event()

    def add_slowly(**options: bool) -> Callable[[type], None]:
        def add(kind: type) -> None:
            dataclass(**options)(kind)
            method = getattr(kind, missing)
            delattr(kind, missing)
            half_complete.set()
            assert gone_on.wait(TIMEOUT)
            setattr(kind, missing, method)

        return add

    class Lock:
        def __enter__(self) -> None:
            if half_complete.is_set():
                gone_on.set()  # it waits now
            lock.acquire()

        def __exit__(self, *_: object) -> None:
            lock.release()

    def use() -> tuple[bool, bool, str]:
        assert half_complete.wait(TIMEOUT)
        try:
            one, other = kind(voter="grace"), kind(voter="grace")
            return one == other, hash(one) == hash(other), repr(one).rpartition(".")[2]
        finally:
            gone_on.set()

    lock = RLock()
    monkeypatch.setattr(immutable, "_completing", Lock())
    monkeypatch.setattr(immutable, "dataclass", add_slowly)
    with ThreadPoolExecutor(2) as threads:
        first, second = threads.submit(fields, kind), threads.submit(use)
        assert first.result()
        assert second.result() == (True, True, "Vote(voter='grace', comment=None, seen=[])")
