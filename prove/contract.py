"""Every operation of the OpenAPI document, asked in every way that schemathesis thinks of.

Half of the questions name what exists, in a server that has something behind every address; each
is asked by everybody: nobody, a till, an organiser, a shop, the admin, a shopper. No answer may be
a failure, or one that the document does not promise: its status, its media type, its content.
"""

from __future__ import annotations

import logging
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, TypeAlias
from urllib.parse import urlencode

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from prove.contract_world import LIST, World, world
from prove.tally import Tally
from sync.server.app import API_VERSION
from sync.server.openapi import document
from sync.server.operation import FORM
from sync.server.shops.upload import MULTIPART
from tests.sync.server.kit import ORIGIN

EXAMPLES: Final = 100
TEXT_CHARS_MAX: Final = 40
OURS: Final = ("authorization", "content-length")  # who asks is said here, as is how much
DETAIL_CHARS_MAX: Final = 500
Operation: TypeAlias = "APIOperation[Any, Any, Any, Any]"
Question: TypeAlias = "Case[Any]"
CHECKS: Final = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
# What ends something for those after it is asked last.
LAST: Final = ("forgetWallet", "changeAccount", "setState", "moveState", "closeCampaign", "logOut")
ENDS_SESSIONS: Final = ("logOut", "changeAccount")
# Words that forms know, beside what exists: states, acts, answers, numbers.
VALUES: Final = ("", "1", "yes", "open", "paused", "ended", "pay", "refuse", "noted", "organiser")
_MOSTLY: Final = st.sampled_from((True, True, True, False))
asked: Counter[str] = Counter()  # what was answered, by status


def prove_contract(
    tally: Tally, seed: int, count: int | None = None, keep: Path | None = None
) -> None:
    """Ask `count` questions (EXAMPLES) of each operation, in everybody's name."""
    del keep  # a failure prints its question
    logging.disable(logging.ERROR)
    asked.clear()
    with tempfile.TemporaryDirectory(prefix="comptoir-prove-") as folder:
        for name, problems in violations(Path(folder), count or EXAMPLES, seed):
            tally.case(name, problems)
    for status, times in sorted(asked.items()):
        tally.count(f"answers {status}", times)


def violations(folder: Path, examples: int, seed: int) -> Iterator[tuple[str, list[str]]]:
    """Each operation of the document, and how an answer of it broke the document."""
    described = document(API_VERSION)
    bodies = {one["operationId"]: _take_body(one) for one in _operations(described)}
    schema = schemathesis.openapi.from_dict(described)
    found = [one.ok() for one in schema.get_all_operations() if isinstance(one, Ok)]
    if len(found) != len(bodies):
        raise RuntimeError("schemathesis does not understand every operation")
    with world(folder) as here:
        for operation in sorted(found, key=_order):
            kind = bodies[_name(operation)]
            yield operation.label, Questions(here, operation, kind).problems(examples, seed)


def _operations(described: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for methods in described["paths"].values():
        yield from methods.values()


def _take_body(operation: dict[str, Any]) -> str:
    """The media type of a body that is not JSON. It is taken away: it is made here (`_content`)."""
    kinds = list(operation.get("requestBody", {}).get("content", {}))
    if not kinds or kinds == ["application/json"]:
        return ""
    del operation["requestBody"]
    return str(kinds[0])


def _name(operation: Operation) -> str:
    return str(operation.definition.raw["operationId"])


def _order(operation: Operation) -> int:
    return LAST.index(_name(operation)) if _name(operation) in LAST else -1


class Questions:
    """The questions to one operation. `kind` is the media type of its body, if that is not JSON."""

    def __init__(self, here: World, operation: Operation, kind: str) -> None:
        self._here = here
        self._operation = operation
        self._kind = kind

    def problems(self, examples: int, number: int) -> list[str]:
        """What was wrong with an answer; the smallest question that shows it."""
        for mode in GenerationMode:
            try:
                self._run(mode, max(examples // 2, 1), number)
            except Unsatisfiable:
                continue  # nothing can be wrong with a question that has no parameters
            except (Exception, FailureGroup) as error:  # noqa: BLE001 - or what the server raised
                return _told(error)
        return []

    def _run(self, mode: GenerationMode, examples: int, number: int) -> None:
        @seed(number)
        @settings(
            max_examples=examples,
            database=None,
            deadline=None,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        )
        @given(case=self._operation.as_strategy(mode), data=st.data())
        def ask(case: Question, data: st.DataObject) -> None:
            self._name_what_is_known(case, data)
            content = self._content(data)
            for who, headers in self._here.callers().items():
                self._ask(case, content, who, headers)

        ask()

    def _name_what_is_known(self, case: Question, data: st.DataObject) -> None:
        """Let parameters mean something, mostly."""
        for place in (case.path_parameters, case.query):
            for name in place or {}:
                if name in self._here.known and data.draw(_MOSTLY):
                    place[name] = data.draw(st.sampled_from(self._here.known[name]))
        if "wait" in (case.query or {}):
            case.query["wait"] = 0  # nothing is published meanwhile
        if isinstance(case.body, dict):
            for name in case.body:
                if name in self._here.known and data.draw(_MOSTLY):
                    case.body[name] = data.draw(st.sampled_from(self._here.known[name]))

    def _content(self, data: st.DataObject) -> tuple[bytes, str] | None:
        """A body that is not JSON: a form of known fields, a file, or any text."""
        if not self._kind:
            return None
        if self._kind == FORM:
            return urlencode(data.draw(self._forms())).encode(), FORM
        text = data.draw(st.text(max_size=TEXT_CHARS_MAX)).encode("utf-8", "replace")
        if self._kind != MULTIPART:
            return text, self._kind
        head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="l.csv"\r\n\r\n'
        content = data.draw(st.sampled_from((LIST, text)))
        return head + content + b"\r\n--x--\r\n", f"{MULTIPART}; boundary=x"

    def _forms(self) -> st.SearchStrategy[list[tuple[str, str]]]:
        known = [str(value) for values in self._here.known.values() for value in values]
        values = st.one_of(
            st.sampled_from((*known, *VALUES)),
            st.integers(-1, 10**12).map(str),
            st.text(max_size=TEXT_CHARS_MAX),
        )
        return st.lists(st.tuples(st.sampled_from(self._here.fields), values), max_size=12)

    def _ask(
        self, case: Question, content: tuple[bytes, str] | None, who: str, headers: dict[str, str]
    ) -> None:
        prepared = _prepare(case)
        if prepared is None:
            return
        given = {str(k): str(v) for k, v in prepared.headers.items() if str(k).lower() not in OURS}
        sent, body = given | headers, _bytes(prepared.body)
        if content is not None:
            body, sent["Content-Type"] = content
        path = str(prepared.url).removeprefix(ORIGIN)
        response = self._here.send(case.method, path, body, sent)
        asked[str(response.status_code)] += 1
        try:
            case.validate_response(response, checks=CHECKS)
        except BaseException as error:
            error.add_note(f"{who}: {case.method} {path}: {body[:300]!r}")
            raise
        if _name(self._operation) in ENDS_SESSIONS:
            self._here.log_in_again()


def _told(error: BaseException) -> list[str]:
    """What was wrong, and with which question."""
    each = error.exceptions if isinstance(error, FailureGroup) else [error]
    said = [f"{type(one).__name__}: {one}"[:DETAIL_CHARS_MAX] for one in each]
    return [*said, *getattr(error, "__notes__", [])]


def _bytes(body: object) -> bytes:
    return body if isinstance(body, bytes) else str(body or "").encode()


def _prepare(case: Question) -> requests.PreparedRequest | None:
    """A question as it goes over the line; None for one that no client could send."""
    try:
        return requests.Request(**case.as_transport_kwargs(base_url=ORIGIN)).prepare()
    except (ValueError, requests.exceptions.RequestException):
        return None
