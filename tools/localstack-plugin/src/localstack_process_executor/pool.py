"""All execution environments of the machine, with limits on their number and on starts."""

import os
import threading

from localstack_process_executor.fork_client import ForkServer
from localstack_process_executor.sandbox import Sandbox
from localstack_process_executor.specification import Answer, FunctionSpec, Request

DEFAULT_LIMIT = 16


class Pool:
    """Runs each invocation in an idle environment, or in a new one if the limit allows.

    AWS starts an environment for each invocation that finds none idle. On a machine with few
    processors that is slower: before an additional one is ready, another becomes idle. So at most
    as many start at once as there are processors. At the limit, the environment that has been idle
    longest is closed, whichever function it belongs to.
    """

    def __init__(self, server: ForkServer, *, limit: int = DEFAULT_LIMIT) -> None:
        self._server = server
        self._limit = limit
        self._start_limit = max(1, os.cpu_count() or 1)
        self._changed = threading.Condition()
        self._starting = 0
        self._count = 0
        self._idle: list[Sandbox] = []  # longest idle first
        self._users: dict[str, set[str]] = {}

    def join(self, user: str, spec: FunctionSpec) -> None:
        """Notes that `user` will invoke this version; its environments stay while it has users."""
        with self._changed:
            self._users.setdefault(spec.version, set()).add(user)

    def leave(self, user: str, spec: FunctionSpec) -> None:
        """Undoes `join`.

        Without users, a version's idle environments are closed now, the busy ones after their
        invocation.
        """
        with self._changed:
            users = self._users.get(spec.version, set())
            users.discard(user)
            if users:
                return
            self._users.pop(spec.version, None)
            unused = [sandbox for sandbox in self._idle if sandbox.spec.version == spec.version]
            for sandbox in unused:
                self._idle.remove(sandbox)
        for sandbox in unused:
            self._discard(sandbox)

    def invoke(self, spec: FunctionSpec, request: Request) -> Answer:
        """Runs one invocation; waits for an environment if needed. Raises ForkServerError."""
        sandbox = self._take(spec) or self._start(spec)
        try:
            return sandbox.invoke(request)
        finally:
            self._give_back(sandbox)

    def counts(self) -> dict[str, int]:
        """The number of environments, of idle ones, and the limit."""
        with self._changed:
            return {"environments": self._count, "idle": len(self._idle), "limit": self._limit}

    def _take(self, spec: FunctionSpec) -> Sandbox | None:
        """Waits for an idle environment of this version, or for the right to start one (None)."""
        evicted = None
        with self._changed:
            while True:
                # Prefer the one used last: its memory is still cached; evict the others.
                for sandbox in reversed(self._idle):
                    if sandbox.spec.version == spec.version:
                        self._idle.remove(sandbox)
                        return sandbox
                if self._starting < self._start_limit and (self._count < self._limit or self._idle):
                    if self._count >= self._limit:
                        evicted = self._idle.pop(0)
                    else:
                        self._count += 1
                    self._starting += 1
                    break
                self._changed.wait()
        if evicted:
            evicted.close()
        return None

    def _start(self, spec: FunctionSpec) -> Sandbox:
        sandbox = Sandbox(spec, self._server)
        try:
            sandbox.boot()
        except BaseException:  # also after a KeyboardInterrupt: free the place in the pool
            self._discard(sandbox)
            raise
        finally:
            with self._changed:
                self._starting -= 1
                self._changed.notify_all()
        return sandbox

    def _give_back(self, sandbox: Sandbox) -> None:
        with self._changed:
            if sandbox.alive and sandbox.spec.version in self._users:
                self._idle.append(sandbox)
                self._changed.notify_all()
                return
        self._discard(sandbox)

    def _discard(self, sandbox: Sandbox) -> None:
        sandbox.close()
        with self._changed:
            self._count -= 1
            self._changed.notify_all()
