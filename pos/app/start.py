"""Take the desk up where it was left: open session, open sale, open card attempts."""

from __future__ import annotations

from pos.app.desk import Desk
from pos.app.pay_by_card import recover
from pos.app.session import find_session


def start(desk: Desk) -> None:
    """Bring a new desk to the state that the journal and the drafts tell of."""
    desk.session = find_session(desk.ports.ledger)
    recover(desk).wait()
