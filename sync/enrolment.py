"""Joining a campaign: a pairing code, this till's key, and six digits that people compare."""

from __future__ import annotations

from sync.client import Client
from sync.contract.entry import is_chain
from sync.contract.errors import ContractError
from sync.contract.jws import VerifyKey
from sync.contract.messages import (
    PAIRING_ALPHABET,
    PAIRING_CODE_LENGTH,
    EnrolmentAnswer,
    chain_of,
    fingerprint,
    tidy_code,
)
from sync.errors import BadCode, Incompatible, Untrusted
from sync.records import Enrolment
from sync.state import State


def enrol(state: State, client: Client, code: str, *, shop_till: str, software: str) -> Enrolment:
    """Join the campaign that a pairing code is for, and keep that in campaign.db.

    Safe to repeat: the same code, till and key get the same answer. Somebody should compare the
    fingerprint with the one that the organiser sees. Raises SyncError: BadCode, Untrusted,
    AlreadyEnrolled, Rejected (the code is unknown, used or too old, ...), or no answer.
    """
    answer = client.enrol(read_code(code), shop_till, software)
    server_key = _check(client, answer)
    made = Enrolment(
        campaign=answer.campaign.id,
        epoch=answer.epoch,
        origin=client.origin,
        campaign_name=answer.campaign.name,
        shop=answer.shop.id,
        shop_name=answer.shop.name,
        shop_till=shop_till,
        fingerprint=answer.fingerprint,
        enrolled_at=answer.time,
    )
    state.add_enrolment(made, server_key)
    return made


def read_code(typed: str) -> str:
    """A pairing code as it was made; BadCode, saying what is wrong, for anything else."""
    code = tidy_code(typed)
    wrong = next((c for c in code if c not in PAIRING_ALPHABET), None)
    if wrong is not None:
        raise BadCode(f"no code has a {wrong!r}: expected {PAIRING_ALPHABET}")
    if len(code) != PAIRING_CODE_LENGTH:
        raise BadCode(f"expected {PAIRING_CODE_LENGTH} characters, got {len(code)}")
    return code


def _check(client: Client, answer: EnrolmentAnswer) -> VerifyKey:
    identity = client.identity
    if (answer.till, answer.epoch) != (identity.till, identity.epoch):
        raise Incompatible(f"the answer is for till {answer.till}, epoch {answer.epoch}")
    if not is_chain(chain_of(answer.campaign.id)):
        raise Incompatible(f"{answer.campaign.id[:80]!r} cannot be a campaign's id")
    try:
        server_key = VerifyKey.from_pem(answer.server_key.encode("utf-8"))
    except ContractError as error:
        raise Incompatible(f"the server's key: {error}") from error
    if fingerprint(identity.public, server_key) != answer.fingerprint:
        raise Untrusted("the server's fingerprint is not that of the two keys")
    return server_key
