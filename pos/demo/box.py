"""The whole shop in a box: server, sync and till, started in order and stopped in reverse."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from pos.bootstrap import LOGS, Till, now, open_for_writing, open_till
from pos.config import Config
from pos.demo.campaign import enrol_till, server_process, sync_process
from pos.demo.shop import demo_config, stock
from pos.store.folder import DataFolder

PAPER: Final = "paper"
SERVER: Final = "server"


@dataclass(frozen=True)
class Box:
    """An open shop, and where to look."""

    till: Till
    folder: DataFolder
    paper: Path
    server_url: str | None = None
    server_folder: Path | None = None


@contextmanager
def open_box(
    folder: DataFolder,
    config: Config,
    *,
    with_sync: bool = True,
    catalogue: bytes | None = None,
    customer_s: float = 2.0,
    clock: Callable[[], datetime] = now,
) -> Iterator[Box]:
    """Open the shop in a folder marked as a demo (an empty one is marked).

    Raises NotEmpty for another till's folder, and NotReady when a process does not come up.
    """
    from pos.adapters.simulated import Pace

    if not folder.is_demo:
        folder.mark_demo()
    config = demo_config(config)
    with open_for_writing(folder) as store:
        stock(store, clock, catalogue)
    paper = folder.path / PAPER
    with ExitStack() as closing:
        url, server_folder = None, None
        if with_sync:
            logs, server_folder = folder.path / LOGS, folder.path / SERVER
            server = closing.enter_context(server_process(server_folder, logs))
            url = f"http://{server.ready()}"
            enrol_till(folder, url, server_folder, config.shop)
            closing.enter_context(sync_process(folder, logs))
        till = closing.enter_context(
            open_till(folder, config, paper=paper, pace=Pace(customer_s=customer_s), clock=clock)
        )
        yield Box(till, folder, paper, url, server_folder)
