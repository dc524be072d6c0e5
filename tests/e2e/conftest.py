"""What every end-to-end test starts from: the account, pipelines to release, and the doors."""

from collections.abc import Generator, Iterator

import pytest

from tests.e2e.account.account import Account, account_from_environment
from tests.e2e.account.announcements import Announcements
from tests.e2e.account.evidence import evidence
from tests.e2e.account.faults import Faults
from tests.e2e.account.functions import Functions
from tests.e2e.account.ledger import Ledger
from tests.e2e.account.machines import Machines
from tests.e2e.account.rules import Rules
from tests.e2e.releasing.long_runs import LongRuns
from tests.e2e.releasing.pipelines import Estate, Pipelines
from tests.e2e.releasing.refusals import Refusals
from tests.e2e.releasing.releases import Releases


@pytest.fixture(scope="session")
def account() -> Account:
    """The account that the environment names; without one the tests fail."""
    return account_from_environment()


@pytest.fixture(scope="session")
def pipelines(account: Account) -> Pipelines:
    """Makes pipelines for a test alone, and watches any."""
    return Pipelines.in_account(account)


@pytest.fixture(scope="session")
def estate(pipelines: Pipelines) -> Estate:
    """Shared pipelines: for tests that leave none of them running."""
    return Estate(
        catalog=pipelines.make(), orders=pipelines.make(), payments=pipelines.make(approval=True)
    )


@pytest.fixture(scope="session")
def faults(account: Account) -> Faults:
    """The emulator's faults."""
    return Faults(account)


@pytest.fixture(scope="session")
def machines(account: Account) -> Machines:
    """Variants of the deployed machine."""
    return Machines(account)


@pytest.fixture(scope="session")
def functions(account: Account) -> Functions:
    """The functions beside their work in releases."""
    return Functions(account)


@pytest.fixture(scope="session")
def announcements(account: Account) -> Iterator[Announcements]:
    """What is announced on the bus."""
    announcements = Announcements(account)
    yield announcements
    announcements.stop()


@pytest.fixture(scope="session")
def rules(account: Account) -> Rules:
    """The deployed rules."""
    return Rules(account)


@pytest.fixture(scope="session")
def ledger(account: Account) -> Ledger:
    """The tables."""
    return Ledger(account)


@pytest.fixture(scope="session")
def long_runs(request: pytest.FixtureRequest) -> Iterator[LongRuns]:
    """Releases that take most of a minute, started before the first test."""
    account, ledger = request.getfixturevalue("account"), request.getfixturevalue("ledger")
    runs = LongRuns(
        releases=Releases(account, ledger),
        pipelines=request.getfixturevalue("pipelines"),
        faults=request.getfixturevalue("faults"),
    )
    with runs.under_way():
        yield runs


@pytest.fixture(scope="session", autouse=True)
def _started_first(request: pytest.FixtureRequest) -> None:
    if any(map(_takes_long, request.session.items)):
        request.getfixturevalue("long_runs")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Look at the releases that take long after all the other tests."""
    items.sort(key=_takes_long)


def _takes_long(item: pytest.Item) -> bool:
    return "long_runs" in getattr(item, "fixturenames", ())


@pytest.fixture
def releases(account: Account, ledger: Ledger) -> Releases:
    """The doors, and what became of what went through them."""
    return Releases(account, ledger)


@pytest.fixture
def refusals(releases: Releases, ledger: Ledger) -> Refusals:
    """Checks that a manifest was refused."""
    return Refusals(releases, ledger)


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
