"""Functions of the benchmarks themselves: one file each, without dependencies."""

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.e2e.account.account import Account
from tests.e2e.releasing.pipelines import ROLE, unique

FOLDER = Path(__file__).parent / "functions"
# As much as the functions that run with each pipeline have, so that GB-seconds can be compared.
MEMORY_MB = 512


@contextmanager
def own_function(account: Account, module: str) -> Iterator[str]:
    """Create a function from a file in the folder functions; give its ARN; delete it at the end."""
    name = unique(f"bench-{module.replace('_', '-')}")
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.write(FOLDER / f"{module}.py", f"{module}.py")
    arn = account.functions.create_function(
        FunctionName=name,
        Runtime="python3.13",
        Role=ROLE,
        Handler=f"{module}.handler",
        Code={"ZipFile": content.getvalue()},
        MemorySize=MEMORY_MB,
        Timeout=60,
        LoggingConfig={"LogFormat": "JSON", "SystemLogLevel": "INFO"},
    )["FunctionArn"]
    account.functions.get_waiter("function_active_v2").wait(
        FunctionName=name, WaiterConfig={"Delay": 1}
    )
    try:
        yield arn
    finally:
        account.functions.delete_function(FunctionName=name)
