"""`comptoir sync`: the till's link with the campaigns, as a process of its own."""

from __future__ import annotations

import threading

import click

from pos.adapters.enrolling import enrol as enrol_till
from pos.adapters.enrolling import open_identity, read_link, run_engine
from pos.cli.common import (
    Context,
    Stopped,
    refuse,
    report,
    say,
    stop_on_sigterm,
    with_folder,
)
from sync.errors import SyncError
