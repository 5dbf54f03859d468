"""The contract as an OpenAPI 3.1 document: made from the operations and the messages."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any, Final, TypeAlias

import msgspec

from sync.contract import feed
from sync.contract import messages as m
from sync.server.operation import Operation, Who
from sync.server.operations import OPERATIONS
from sync.server.parameters import PARAMETERS
from sync.server.sessions import SESSION_COOKIE

Json: TypeAlias = dict[str, Any]

_EMPTY: Final = (303, 304)  # answers without a body
_LEADING: Final[list[Json]] = [{"adminToken": []}, {"accountToken": []}, {"session": []}]
_SECURITY: Final[dict[Who, list[Json]]] = {
    "anyone": [],
    "till": [{"tillToken": []}],
    "admin": [{"adminToken": []}, {"session": []}],
    "organiser": _LEADING,
    "keeper": _LEADING,
    "leader": _LEADING,
    "account": _LEADING,
}
_SCHEMES: Final[Json] = {
    "tillToken": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "ES256 by the till's key; claims aud (this server's origin), exp (60 s after"
        " iat at most), iat, iss and sub (the till), jti",
    },
    "adminToken": {
        "type": "http",
        "scheme": "bearer",
        "description": "The content of the file admin-token in the server's data folder",
    },
    "accountToken": {
        "type": "http",
        "scheme": "bearer",
        "description": "An account's own API token, made on the page of accounts",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": SESSION_COOKIE,
        "description": "What logging in gives a browser; writes from another site are refused",
    },
}


def document(version: str) -> Json:
    """The whole document."""
    kinds = [m.Problem, m.EnrolmentRequest, feed.FeedItem]
    for operation in OPERATIONS:
        kinds += [k for k in (operation.answer, operation.body) if isinstance(k, type)]
    _, schemas = msgspec.json.schema_components(kinds, ref_template="#/components/schemas/{name}")
    paths: defaultdict[str, Json] = defaultdict(dict)
    for operation in OPERATIONS:
        paths[operation.path][operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Comptoir campaign server",
            "version": version,
            "summary": "Tills send their campaign's entries; organisers read the sums.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": dict(paths),
        "components": {
            "schemas": schemas,
            "parameters": {k: {"name": k, **v} for k, v in PARAMETERS.items()},
            "securitySchemes": _SCHEMES,
        },
    }


def _operation(operation: Operation) -> Json:
    in_path = re.findall(r"\{(\w+)\}", operation.path)
    described: Json = {
        "operationId": operation.name,
        "summary": operation.summary,
        "security": _SECURITY[operation.who],
        "parameters": [
            {"$ref": f"#/components/parameters/{name}"}
            for name in (*in_path, *operation.parameters)
        ],
        "responses": _responses(operation),
    }
    if operation.body is not None:
        described["requestBody"] = {"required": True, "content": _content(operation.body)}
    return described


def _responses(operation: Operation) -> Json:
    by_status: defaultdict[int, list[str]] = defaultdict(list)
    for name in operation.all_problems:
        by_status[m.PROBLEMS[name][0]].append(name)
    done: Json = {"description": "Done"}
    if operation.status not in _EMPTY:
        done["content"] = _content(operation.answer)
    responses: Json = {str(operation.status): done}
    for status, names in sorted(by_status.items()):
        types = ", ".join(m.PROBLEM_PREFIX + name for name in dict.fromkeys(names))
        content = {"application/problem+json": {"schema": _ref(m.Problem)}}
        responses[str(status)] = {"description": types, "content": content}
    for status in operation.more_statuses:
        if status in _EMPTY:
            responses[str(status)] = {"description": "Nothing but its headers"}
            continue
        entry = responses.setdefault(str(status), {"description": "A page", "content": {}})
        entry["content"]["text/html"] = {"schema": {"type": "string"}}
    return responses


def _content(kind: type[m.Message] | str) -> Json:
    if isinstance(kind, str):
        return {kind: {"schema": {} if kind.endswith("json") else {"type": "string"}}}
    return {"application/json": {"schema": _ref(kind)}}


def _ref(kind: type[m.Message]) -> Json:
    return {"$ref": f"#/components/schemas/{kind.__name__}"}
