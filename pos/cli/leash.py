"""`python -m pos.cli.leash ...` is `comptoir ...` on a leash: it ends with whoever started it.

Standard input is the leash. It comes to its end when the starter is gone, however it went, and a
till that was killed leaves no server and no sync behind.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from typing import Final

from pos.cli import main

STOP_TIMEOUT_S: Final = 8.0
_PIECE_BYTES: Final = 1024


def _watch() -> None:
    while os.read(sys.stdin.fileno(), _PIECE_BYTES):
        pass  # nobody has anything to say on it
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)
    time.sleep(STOP_TIMEOUT_S)
    os._exit(1)


if __name__ == "__main__":
    threading.Thread(target=_watch, name="leash", daemon=True).start()
    main()
