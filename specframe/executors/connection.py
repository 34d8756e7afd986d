"""A connection to a Dask scheduler: who works for it, and whether it is still there."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from specframe.errors import RunError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from distributed import Client
    from distributed.deploy.cluster import Cluster

__all__ = ["RESUME", "Connection", "connect", "require_distributed"]

#: Seconds that a scheduler may take to answer the first time, and to be found again when the connection breaks.
_CONNECT = 10.0
#: Seconds between looks at who is there.
_PULSE = 1.0
#: Seconds that a scheduler may take to answer once, and be silent altogether.
_ANSWER, _SILENCE = 10.0, 120.0
#: Seconds that results may take to be fetched: those of dead workers are made again first.
_FETCH = 30.0
#: Schemes of addresses that have no port, or none that Dask can tell.
_WITHOUT_PORT = frozenset({"inproc", "ucx"})

RESUME = "the same command goes on from what is stored"


def require_distributed() -> None:
    """Raise :class:`UsageError` with what to install where distributed is missing."""
    try:
        import distributed  # noqa: F401
    except ImportError as error:
        raise UsageError(
            f"--executor dask needs the package distributed ({error}); install it with: pip install 'specframe[dask]'"
        ) from None


def connect(scheduler: str | Client | Cluster) -> Connection:
    """Connect to a scheduler, given by its address, a scheduler file, a cluster or a client.

    Raises :class:`UsageError` naming the address where none answers.
    """
    require_distributed()
    from distributed import Client
    from distributed.comm.addressing import get_address_host_port, parse_address

    if isinstance(scheduler, Client):
        if scheduler.asynchronous:
            raise UsageError("the executor dask needs a client that is not asynchronous")
        return Connection(scheduler, own=False)
    options: dict[str, Any] = {"address": scheduler}
    if isinstance(scheduler, str) and "://" not in scheduler and scheduler.endswith(".json"):
        if not Path(scheduler).is_file():
            raise UsageError(f"there is no scheduler file {scheduler}")
        options = {"scheduler_file": scheduler}
    try:
        if isinstance(scheduler, str) and "address" in options and parse_address(scheduler)[0] not in _WITHOUT_PORT:
            # a client that was given what is no address takes 20 s to go, and prints a traceback
            get_address_host_port(scheduler)
        client = Client(**options, timeout=_CONNECT, set_as_default=False)
    except (OSError, ValueError, TypeError, KeyError, ImportError) as error:
        named = scheduler if isinstance(scheduler, str) else getattr(scheduler, "scheduler_address", scheduler)
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        raise UsageError(
            f"no Dask scheduler answers at {named} ({reason}). 'dask scheduler' prints its address as it starts, such "
            "as tcp://10.0.0.1:8786; see that this machine can reach it"
        ) from None
    return Connection(client, own=True)


class Connection:
    """A client of a scheduler."""

    def __init__(self, client: Client, own: bool) -> None:
        self.client = client
        self._own = own
        #: Where the scheduler listens, or listened.
        self.address: str = client.scheduler.address
        #: Number of threads of every worker that is there, by its address.
        self.threads: dict[str, int] = {}
        self._asked = 0.0
        self._answered = time.monotonic()
        self.refresh()

    @property
    def running(self) -> bool:
        """Whether the scheduler is there as far as we know."""
        return bool(self.client.status == "running")

    def refresh(self) -> None:
        """Look who is there, unless that was done just now.

        Raises :class:`RunError` when the scheduler is gone for good.
        """
        now = time.monotonic()
        if self.client.status in ("closed", "closing") or now - self._answered > _SILENCE:
            raise RunError(
                f"the Dask scheduler at {self.address} is gone, or cannot be reached any more; {RESUME}, once there is "
                "one"
            )
        if now - self._asked < _PULSE or not self.running:
            return
        self._asked = now
        try:
            self.threads = dict(self.client.nthreads(callback_timeout=_ANSWER))
        except (OSError, RuntimeError):  # asked again soon, unless the client gives up
            return
        self._answered = time.monotonic()

    def gathered(self, futures: Sequence[Any]) -> list[Any]:
        """Return results of tasks that are done, ``None`` for one that is not there any more."""

        async def fetch() -> dict[int, Any]:
            found: dict[int, Any] = await self.client.gather(dict(enumerate(futures)), errors="skip", asynchronous=True)
            return found

        try:
            found = self.client.sync(fetch, callback_timeout=_FETCH)
        except (OSError, RuntimeError):
            return [None] * len(futures)
        return [found[i] for i in range(len(futures))]

    def cancel(self, futures: Sequence[Any]) -> None:
        """Have tasks not begun; those begun go on, which nobody waits for."""
        if not futures or not self.running:
            return

        async def give_up() -> None:
            await self.client.cancel(list(futures), asynchronous=True)

        try:
            self.client.sync(give_up, callback_timeout=_ANSWER)
        except (OSError, RuntimeError):
            return

    def subscribe(self, topic: str, heard: Callable[[str], None]) -> None:
        """Have what workers tell under a topic heard, in another thread."""

        def handler(event: tuple[float, str]) -> None:
            heard(event[1])

        self.client.subscribe_topic(topic, handler)

    def unsubscribe(self, topic: str) -> None:
        """Hear no more of a topic."""
        if self.running:
            self.client.unsubscribe_topic(topic)

    def close(self) -> None:
        """Close the client if it is our own; the cluster stays."""
        if self._own:
            self.client.close(timeout=_ANSWER)
