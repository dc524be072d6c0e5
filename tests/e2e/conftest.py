"""Fixtures of the end-to-end tests: the account, pipelines to release, and ways to release them.

The files run in several workers against one deployment. Each test makes pipelines and releases of
its own; the pipelines of `estate` belong to one worker. A test that changes or kills what all
releases share is marked `alone` and runs when no other test does.
"""

import os
from collections.abc import Generator, Iterator

import pytest

from tests.e2e.account.account import Account, account_from_environment
from tests.e2e.account.announcements import Announcements
from tests.e2e.account.evidence import evidence
from tests.e2e.account.faults import Faults
from tests.e2e.account.functions import Functions
from tests.e2e.account.ledger import Ledger
from tests.e2e.account.machines import Machines
from tests.e2e.account.people import People
from tests.e2e.account.rules import Rules
from tests.e2e.releasing.pipelines import Estate, Pipelines, unique
from tests.e2e.releasing.refusals import Refusals
from tests.e2e.releasing.releases import Releases
from tests.e2e.releasing.results import Results
from tests.e2e.releasing.shop import Shop


@pytest.fixture(scope="session")
def account() -> Account:
    """The account that the environment names; without one the tests fail."""
    return account_from_environment()


@pytest.fixture(autouse=True)
def recorded(request: pytest.FixtureRequest, account: Account) -> Iterator[None]:
    """Write what CodePipeline answered during a test, for `make verify`."""
    yield
    account.recording.write(request.node.name)


@pytest.fixture(scope="session")
def pipelines(account: Account) -> Pipelines:
    """Makes pipelines and reads their state."""
    return Pipelines.in_account(account)


@pytest.fixture(scope="session")
def estate(pipelines: Pipelines) -> Estate:
    """Pipelines that the tests of one worker share; no test leaves one of them running."""
    return Estate(
        catalog=pipelines.make(), orders=pipelines.make(), payments=pipelines.make(approval=True)
    )


@pytest.fixture(scope="session")
def faults(account: Account) -> Faults:
    """The faults of the CodePipeline emulator."""
    return Faults(account)


@pytest.fixture(scope="session")
def machines(account: Account) -> Machines:
    """Makes variants of the deployed state machine."""
    return Machines(account)


@pytest.fixture(scope="session")
def functions(account: Account) -> Functions:
    """Calls the functions and kills their processes."""
    return Functions(account)


@pytest.fixture(scope="session", autouse=True)
def announcements(account: Account) -> Iterator[Announcements]:
    """The events that the release machine puts on the bus; each must be as its schema says."""
    announcements = Announcements(account)
    yield announcements
    try:
        announcements.check()
    finally:
        announcements.stop()


@pytest.fixture
def people(account: Account) -> Iterator[People]:
    """People with credentials of their own."""
    people = People(account, unique)
    with people.ends:
        yield people


@pytest.fixture(scope="session")
def rules(account: Account) -> Rules:
    """The deployed EventBridge rules."""
    return Rules(account)


@pytest.fixture(scope="session")
def ledger(account: Account) -> Ledger:
    """The three tables."""
    return Ledger(account)


@pytest.fixture
def releases(account: Account, ledger: Ledger) -> Releases:
    """Hands manifests in and follows their workflow executions."""
    return Releases(account, ledger)


@pytest.fixture
def shop(releases: Releases, ledger: Ledger, pipelines: Pipelines) -> Shop:
    """A source without pipelines."""
    return Shop(releases, ledger, pipelines)


@pytest.fixture
def refusals(releases: Releases, ledger: Ledger) -> Refusals:
    """Checks that a manifest was rejected."""
    return Refusals(releases, ledger)


@pytest.fixture(scope="session")
def results(account: Account) -> Results:
    """Reads the results beside dropped manifests."""
    return Results(account)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start the files that wait for a minute first, so that other files run meanwhile.

    Run those last that read what all others have left.
    """
    items.sort(key=lambda item: item.get_closest_marker("minute") is None)
    items.sort(key=lambda item: item.get_closest_marker("last") is not None)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Fail a test that must run alone when it runs beside others."""
    if item.get_closest_marker("alone") and "PYTEST_XDIST_WORKER" in os.environ:
        pytest.fail("this test must run alone: pytest -m alone, without -n")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show what the machine did beside every failure."""
    report = yield
    releases = getattr(item, "funcargs", {}).get("releases")
    if report.when == "call" and report.failed and isinstance(releases, Releases):
        report.sections.append(("What the machine did", evidence(releases)))
    return report
