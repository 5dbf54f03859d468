"""The OpenAPI document against the application, and the application against arbitrary requests."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.routing import Route

from sync.contract.entry import ENTRY_TYP
from sync.contract.jws import SigningKey
from sync.contract.messages import PROBLEMS, TOKEN_TYP
from sync.server.app import API_VERSION, make_app
from sync.server.openapi import document
from sync.server.operations import OPERATIONS
from sync.server.services import Services
from tests.sync.server.kit import TILL, Api, Till, name_of

DOCUMENT = document(API_VERSION)
IN_PLACE = settings(
    max_examples=60,
    deadline=None,  # a slow machine is no failure
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def references(part: Any) -> set[str]:
    if isinstance(part, dict):
        found = {part["$ref"]} if "$ref" in part else set()
        return found.union(*(references(value) for value in part.values()))
    if isinstance(part, list):
        return set().union(*(references(value) for value in part))
    return set()


def test_the_document_and_the_application_have_the_same_addresses(services: Services) -> None:
    routes = {
        (route.path, method)
        for route in make_app(services).routes
        if isinstance(route, Route)
        for method in (route.methods or set()) - {"HEAD"}
    }
    described = {(p, m.upper()) for p, methods in DOCUMENT["paths"].items() for m in methods}
    assert routes == described


def test_the_document_is_served_and_complete(api: Api) -> None:
    served = api.ask("GET", "/openapi.json").json()
    assert served == json.loads(json.dumps(DOCUMENT))
    assert served["openapi"].startswith("3.1.")
    for reference in references(served):
        found: Any = served
        for name in reference.removeprefix("#/").split("/"):
            found = found[name]
        assert found


def test_every_operation_names_itself_its_parameters_and_its_answers() -> None:
    assert len({one.name for one in OPERATIONS}) == len(OPERATIONS)
    for operation in OPERATIONS:
        described = DOCUMENT["paths"][operation.path][operation.method.lower()]
        in_path = operation.path.count("{")
        assert len(described["parameters"]) == in_path + len(operation.parameters)
        assert str(operation.status) in described["responses"]
        assert set(operation.all_problems) <= set(PROBLEMS)


def test_every_problem_is_documented_somewhere() -> None:
    described = {name for operation in OPERATIONS for name in operation.all_problems}
    assert set(PROBLEMS) - described == {"method-not-allowed"}


def test_every_answer_carries_the_headers_of_a_careful_server(api: Api) -> None:
    for path in ("/healthz", "/nowhere", "/v1/status", "/login", "/style.css"):
        headers = api.ask("GET", path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["date"] == "Sun, 22 Nov 2026 17:00:00 GMT"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "server" not in headers


def test_an_unknown_address_or_method_is_a_problem_too(api: Api) -> None:
    assert name_of(api.ask("GET", "/v2")) == "not-found"
    assert name_of(api.ask("GET", "/healthz/")) == "not-found"
    refused = api.ask("DELETE", "/healthz")
    assert (refused.status_code, name_of(refused)) == (405, "method-not-allowed")
    assert "GET" in refused.headers["allow"]


def test_an_organisers_orders_are_checked(api: Api) -> None:
    def order(what: str, body: Any) -> str:
        return name_of(api.ask("POST", f"/v1/admin/{what}", json=body, headers=api.admin))

    api.campaign()
    assert order("campaigns", {"id": "noel", "name": "Again"}) == "exists"
    assert order("campaigns", {"id": "Noël", "name": "x"}) == "malformed"
    assert order("campaigns", {"id": "a"}) == "malformed"
    assert order("shops", {"campaign": "nowhere", "name": "x"}) == "not-found"
    assert order("shops", {"campaign": "noel", "name": ""}) == "malformed"
    assert order("pairing-codes", {"shop": TILL}) == "not-found"
    assert order("notices", {"campaign": "nowhere", "text": "x"}) == "not-found"


def test_a_chain_that_is_no_campaign_of_the_till_is_not_found(api: Api, till: Till) -> None:
    for chain in ("ticket", "campaign:", "campaign:UP", "campaign:ete", "x" * 70):
        path = f"/v1/tills/{till.till}/chains/{chain}"
        assert name_of(api.ask("GET", path, headers=api.bearer(till))) == "not-found"
        body = {"chain": chain, "entries": ["x"]}
        sent = api.ask(
            "POST", f"/v1/tills/{till.till}/entries", json=body, headers=api.bearer(till)
        )
        assert sent.status_code in (404, 422)


bodies = st.one_of(
    st.binary(max_size=300),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(
                    ["chain", "entries", "id", "name", "campaign", "shop", "text", "x"]
                ),
                inner,
                max_size=5,
            )
        ),
        max_leaves=12,
    ).map(lambda value: json.dumps(value).encode()),
    st.sampled_from([b"[" * 5000, b'{"a":' * 5000, b'"\\ud800"', b"\x00", b"1e999", b"9" * 5000]),
)


@IN_PLACE
@given(bodies, st.sampled_from(["identity", "gzip"]))
def test_no_body_makes_the_server_fail(api: Api, till: Till, body: bytes, encoding: str) -> None:
    api.clock.advance(minutes=5)  # or the rate limits would answer
    admin = api.admin | {"Content-Encoding": encoding}
    sender = api.bearer(till) | {"Content-Encoding": encoding}
    asked = [
        ("/v1/enrolments", {}),
        (f"/v1/tills/{till.till}/entries", sender),
        ("/login", {"Content-Encoding": encoding}),
        *((f"/v1/admin/{what}", admin) for what in ("campaigns", "shops", "notices")),
        ("/v1/admin/pairing-codes", admin),
    ]
    for path, headers in asked:
        response = api.ask("POST", path, content=body, headers=headers)
        assert response.status_code < 500, (path, response.text)


fields = st.fixed_dictionaries(
    {},
    optional={
        name: st.none() | st.integers() | st.text(max_size=12) | st.lists(st.integers(), max_size=2)
        for name in ("at", "chain", "chain_prev", "data", "epoch", "number", "till", "v", "prev")
    },
)


@IN_PLACE
@given(fields, st.binary(max_size=60))
def test_no_signed_entry_makes_the_server_fail(
    api: Api, till: Till, changes: dict[str, Any], noise: bytes
) -> None:
    api.clock.advance(minutes=5)  # or the rate limits would answer
    till.entries.clear()
    payload = json.loads(till.sell().signed.payload) | changes
    raw = json.dumps(payload, sort_keys=True, separators=(",", ":")).encode()
    for content in (raw, noise, raw + noise):
        entry = till.key.sign(content, ENTRY_TYP).compact.decode()
        body = {"chain": "campaign:noel", "entries": [entry]}
        response = api.ask(
            "POST", f"/v1/tills/{till.till}/entries", json=body, headers=api.bearer(till)
        )
        assert response.status_code < 500, response.text


@IN_PLACE
@given(st.text(max_size=40), st.text("0123456789abcdef-.%/:", max_size=40))
def test_no_address_query_or_header_makes_the_server_fail(
    api: Api, till: Till, text: str, name: str
) -> None:
    api.clock.advance(minutes=5)  # or the rate limits would answer
    headers = api.bearer(till)
    for path in (f"/v1/tills/{name}/feed", f"/v1/tills/{till.till}/chains/{name}", f"/v2/{name}"):
        response = api.ask("GET", path, params={"cursor": text, "wait": "0"}, headers=headers)
        assert response.status_code < 500
    odd = {
        "Authorization": f"Bearer {text}".encode("utf-8", "ignore"),
        "Cookie": f"comptoir-session={name}",
        "Accept-Language": text.encode("utf-8", "ignore"),
    }
    for path in ("/", "/login", "/v1/status", f"/v1/tills/{till.till}/feed"):
        assert api.ask("GET", path, params={"page": text}, headers=odd).status_code < 500


@IN_PLACE
@given(st.dictionaries(st.sampled_from(["aud", "exp", "iat", "iss", "jti", "sub"]), st.integers()))
def test_no_signed_token_makes_the_server_fail(
    api: Api, till: Till, claims: dict[str, int]
) -> None:
    api.clock.advance(minutes=5)  # or the rate limits would answer
    token = till.key.sign(json.dumps(claims).encode(), TOKEN_TYP).compact.decode()
    headers = {"Authorization": f"Bearer {token}"}
    response = api.ask("GET", f"/v1/tills/{till.till}/feed", headers=headers)
    assert response.status_code == 401


@pytest.mark.parametrize("secret", [1, 2])
def test_a_till_of_another_server_is_unknown_here(api: Api, shop: str, secret: int) -> None:
    stranger = Till(SigningKey.from_secret(secret))
    stranger.sell()
    assert name_of(api.send(stranger)) == "unauthorised"
