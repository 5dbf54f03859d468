"""The contract as an OpenAPI 3.1 document: one table of operations, schemas from the messages."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any, Final, TypeAlias

import msgspec

from sync.contract import calls, feed, overview, status_list, stick, wallet
from sync.contract import messages as m
from sync.contract import organising as o
from sync.contract.funds import NewFund
from sync.contract.rewards.rules import RulePack
from sync.server.areas import AREAS
from sync.server.money.settings import Settings
from sync.server.operation import FORM, Method, Operation, Who
from sync.server.reference.naf_tables import TRADES
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
_ENROLMENT_PROBLEMS: Final = (
    *("bad-signature", "malformed", "code-unknown", "code-expired", "code-used"),
    *("epoch-conflict", "key-conflict", "quarantined", "too-many-requests", "busy"),
)
_UPLINK_PROBLEMS: Final = (
    *("not-found", "gap", "fork", "quarantined"),
    *("malformed", "wrong-place", "broken-link", "bad-signature"),
)


_VOUCHER_PROBLEMS: Final = (
    *("voucher-unknown", "voucher-spent", "voucher-expired", "voucher-revoked"),
    *("voucher-suspended", "voucher-reserved", "voucher-elsewhere", "voucher-minimum"),
)


def _money(
    name: str,
    method: Method,
    path: str,
    summary: str,
    answer: type[m.Message] | str,
    status: int = 200,
    body: type[m.Message] | None = None,
    problems: tuple[str, ...] = (),
    parameters: tuple[str, ...] = (),
) -> Operation:
    """An operation on a campaign's money, which is the organiser's."""
    where = f"/v1/admin/campaigns/{{campaign}}/{path}"
    return Operation(
        *(name, method, where, summary, answer, status, body, "organiser", problems, parameters)
    )


def _shopper(
    name: str,
    method: Method,
    path: str,
    summary: str,
    *,
    form: bool = False,
    parameters: tuple[str, ...] = (),
) -> Operation:
    """A page of the shopper's; its refusals are pages too."""
    body = FORM if form else None
    refusals = (303, 400, 403, 404, 408, 409, 413, 415, 422, 429, 503)
    return Operation(
        *(name, method, path, summary, "text/html", 200, body),
        parameters=parameters,
        more_statuses=refusals,
    )


OPERATIONS: Final = (
    Operation(
        "enrol",
        "POST",
        "/v1/enrolments",
        "Enrol a till with a pairing code, signed by the key that it brings",
        m.EnrolmentAnswer,
        201,
        "application/jose",
        problems=_ENROLMENT_PROBLEMS,
    ),
    Operation(
        "sendEntries",
        "POST",
        "/v1/tills/{till}/entries",
        "Send consecutive journal entries of a campaign's chain",
        m.UplinkAnswer,
        body=m.Uplink,
        who="till",
        problems=_UPLINK_PROBLEMS,
    ),
    Operation(
        "readChain",
        "GET",
        "/v1/tills/{till}/chains/{chain}",
        "The last entry that the server holds of a chain in this epoch",
        m.ChainStatus,
        who="till",
        problems=("not-found",),
    ),
    Operation(
        "readFeed",
        "GET",
        "/v1/tills/{till}/feed",
        "News after a cursor; waits for some when there are none",
        feed.FeedPage,
        who="till",
        problems=("bad-request",),
        parameters=("cursor", "wait"),
    ),
    Operation(
        "createCampaign",
        "POST",
        "/v1/admin/campaigns",
        "Create a campaign",
        m.Named,
        201,
        m.NewCampaign,
        "admin",
        ("malformed", "exists"),
    ),
    Operation(
        "createShop",
        "POST",
        "/v1/admin/shops",
        "Add a shop to a campaign",
        m.Shop,
        201,
        m.NewShop,
        "organiser",
        ("malformed",),
    ),
    Operation(
        "createPairingCode",
        "POST",
        "/v1/admin/pairing-codes",
        "Make a code that enrols one till of a shop, within 1 to 30 days",
        m.PairingCode,
        201,
        m.NewPairingCode,
        "organiser",
        ("malformed",),
    ),
    Operation(
        "createNotice",
        "POST",
        "/v1/admin/notices",
        "Tell every till of a campaign something",
        m.Notice,
        201,
        m.NewNotice,
        "organiser",
        ("malformed",),
    ),
    Operation(
        "reserveVoucher",
        "POST",
        "/v1/tills/{till}/reservations",
        "Hold a voucher for a sale; with an Idempotency-Key, so that asking again is safe",
        calls.Reservation,
        201,
        calls.NewReservation,
        "till",
        ("malformed", "not-found", "closed", "quarantined", "key-reused", *_VOUCHER_PROBLEMS),
        ("idempotency-key",),
    ),
    Operation(
        "releaseVoucher",
        "DELETE",
        "/v1/tills/{till}/reservations/{campaign}/{reservation}",
        "Let a voucher go that was held",
        calls.Released,
        who="till",
        problems=("not-found",),
    ),
    Operation(
        "readLists",
        "GET",
        "/v1/tills/{till}/lists/{campaign}",
        "The batches whose vouchers this till may be shown, and the version of each list",
        status_list.BatchLists,
        who="till",
        problems=("not-found",),
    ),
    Operation(
        "readStatusList",
        "GET",
        "/v1/campaigns/{campaign}/lists/{batch}",
        "Which vouchers of a batch are good: a Token Status List as a signed JWT",
        "application/statuslist+jwt",
        problems=("not-found", "busy"),
        more_statuses=(304,),
    ),
    Operation(
        "bringEntries",
        "POST",
        "/v1/admin/sticks/entries",
        "Book entries that a USB stick brought from a till without network",
        m.UplinkAnswer,
        body=stick.StickEntries,
        who="organiser",
        problems=("epoch-closed", *_UPLINK_PROBLEMS),
    ),
    Operation(
        "answerStick",
        "POST",
        "/v1/admin/sticks/answer",
        "What the stick takes back to the till: the acknowledgement, signed, and the news",
        stick.StickAnswer,
        body=stick.StickQuestion,
        who="organiser",
        problems=("malformed", "epoch-closed", "not-found"),
    ),
    _money(
        "publishRules",
        "POST",
        "rules",
        "Put a version of the rules in force",
        o.PublishedRules,
        201,
        RulePack,
        ("malformed", "closed"),
    ),
    _money(
        "setState",
        "POST",
        "state",
        "Open, pause or end the campaign",
        o.CampaignStanding,
        200,
        o.NewState,
        ("malformed", "exists"),
    ),
    _money(
        "pledgeFund",
        "POST",
        "funds",
        "Book what a sponsor promises",
        o.PledgedFund,
        201,
        NewFund,
        ("malformed", "closed", "too-large"),
    ),
    _money(
        "issueCarnets",
        "POST",
        "carnets",
        "Give a shop's tills vouchers of that shop alone, to be handed out on request",
        o.IssuedCarnets,
        201,
        o.NewCarnets,
        ("malformed",),
    ),
    _money(
        "writeShop",
        "PUT",
        "shops/{shop}",
        "What is known of a shop beside its name",
        o.ShopFacts,
        200,
        o.ShopFacts,
        ("malformed",),
    ),
    _money("readFigures", "GET", "figures", "What the campaign came to so far", o.Figures),
    _money("readAudit", "GET", "audit", "The invariants of the money, worked out anew", o.Audit),
    _money("readFindings", "GET", "findings", "What is open to decide", o.Findings),
    _money(
        "decideFinding",
        "POST",
        "findings/{finding}",
        "Decide a finding",
        o.Findings,
        200,
        o.Decision,
        ("malformed", "exists"),
    ),
    _money(
        "settle",
        "POST",
        "settlements",
        "Prepare the payment of what shops are owed",
        o.Settlement,
        201,
        None,
        ("bad-signature",),
    ),
    _money(
        "readSettlement",
        "GET",
        "settlements/{settlement}",
        "What a settlement pays to whom, and what the bank did",
        o.Settlement,
    ),
    _money(
        "readPaymentFile",
        "GET",
        "settlements/{settlement}/pain001",
        "The transfers that the bank was not heard of yet, as pain.001.001.09",
        "application/xml",
        problems=("bad-request", "malformed"),
        parameters=("day", "part"),
    ),
    _money(
        "confirmPayment",
        "POST",
        "settlements/{settlement}/lines",
        "What the bank did",
        o.Settlement,
        200,
        o.BankAnswer,
        ("malformed", "exists"),
    ),
    _money(
        "closeCampaign",
        "POST",
        "close",
        "Close the campaign for good; its figures, signed",
        "application/jose",
        200,
        None,
        ("exists", "malformed"),
    ),
    _money(
        "readClosing", "GET", "close", "What a closed campaign came to, signed", "application/jose"
    ),
    _money("readSettings", "GET", "settings", "What was decided beside the rules", Settings),
    _money(
        "writeSettings",
        "PUT",
        "settings",
        "Decide it: how funds share, what tills are leased, who pays",
        Settings,
        200,
        Settings,
        ("malformed", "closed"),
    ),
    Operation(
        "readStatus",
        "GET",
        "/v1/status",
        "Shops, tills, last entries and turnover by day",
        overview.Status,
        who="leader",
        problems=("bad-request",),
        parameters=("page",),
    ),
    Operation("health", "GET", "/healthz", "Whether the server answers", overview.Health),
    Operation("openapi", "GET", "/openapi.json", "This document", "application/json"),
    Operation("login", "GET", "/login", "The log-in form", "text/html", parameters=("chosen",)),
    Operation(
        "logIn",
        "POST",
        "/login",
        "Log in with a name and its password, or the admin token; leads to the overview",
        "text/html",
        303,
        FORM,
        problems=("cross-site", "busy"),
        more_statuses=(401, 429),
    ),
    Operation(
        "logOut",
        "POST",
        "/logout",
        "Log out",
        "text/html",
        303,
        problems=("cross-site",),
    ),
    _shopper("receipt", "GET", "/C/{token}", "What a receipt earned"),
    _shopper("claimReceipt", "POST", "/C/{token}", "Put a receipt's reward into this wallet"),
    _shopper("codeForm", "GET", "/c", "The form for a printed code"),
    _shopper("lookUpCode", "POST", "/c", "What a printed code is worth", form=True),
    _shopper("claimCode", "POST", "/c/claim", "Put a code's reward into this wallet", form=True),
    _shopper("wallet", "GET", "/porte-monnaie", "The wallet of this browser"),
    _shopper(
        "makeVoucher", "POST", "/porte-monnaie/bon", "Make a voucher of the wallet", form=True
    ),
    _shopper(
        "showVoucher",
        "GET",
        "/porte-monnaie/bon/{campaign}/{batch}/{index}",
        "A voucher to show at a till",
    ),
    _shopper("giveBackVoucher", "POST", "/porte-monnaie/rendre", "Undo a voucher", form=True),
    _shopper("replaceVoucher", "POST", "/porte-monnaie/perdu", "Replace a lost voucher", form=True),
    Operation(
        *("exportWallet", "GET", "/porte-monnaie/donnees"),
        "All that is known of this browser's wallets, as a file",
        wallet.WalletExport,
        more_statuses=(503,),
    ),
    _shopper("askToForget", "GET", "/porte-monnaie/oublier/{campaign}", "What deleting would lose"),
    _shopper("forgetWallet", "POST", "/porte-monnaie/oublier", "Delete a wallet", form=True),
    _shopper(
        "makeTransferCode", "POST", "/porte-monnaie/code", "A code for a new phone", form=True
    ),
    _shopper("moveWallet", "POST", "/porte-monnaie/reprendre", "Move a wallet here", form=True),
    _shopper("challenge", "GET", "/P/{token}", "What a till without network asks for"),
    _shopper("payChallenge", "POST", "/P/{token}", "Pay it; eight digits for the cashier"),
    _shopper("findCampaign", "GET", "/commerces", "The campaigns whose shops can be found"),
    _shopper(
        *("findShops", "GET", "/commerces/{campaign}", "Shops by place, trade and opening hours"),
        parameters=("q", "trade", "open", "page"),
    ),
    _shopper(
        "showShop", "GET", "/commerces/{campaign}/{shop}", "A shop: where, when, what it gives"
    ),
    Operation("style", "GET", "/style.css", "The style of the pages", "text/css"),
    *(operation for area in AREAS for operation, _ in area.PAGES),
)

_PARAMETERS: Final[dict[str, Json]] = {
    "till": {
        "in": "path",
        "required": True,
        "description": "The till's UUID",
        "schema": {"type": "string", "format": "uuid"},
    },
    "chain": {
        "in": "path",
        "required": True,
        "description": "campaign:ID",
        "schema": {"type": "string", "pattern": "^campaign:[a-z0-9][a-z0-9-]{0,62}$"},
    },
    "campaign": {
        "in": "path",
        "required": True,
        "description": "The campaign's id",
        "schema": {"type": "string", "pattern": "^[a-z0-9][a-z0-9-]{0,62}$"},
    },
    "shop": {
        "in": "path",
        "required": True,
        "description": "The shop's UUID",
        "schema": {"type": "string", "format": "uuid"},
    },
    "token": {
        "in": "path",
        "required": True,
        "description": "A signed text, as a QR holds it",
        "schema": {"type": "string", "maxLength": 400},
    },
    "account": {
        "in": "path",
        "required": True,
        "description": "The account's UUID",
        "schema": {"type": "string", "format": "uuid"},
    },
    "secret": {
        "in": "path",
        "required": True,
        "description": "The secret of an invitation, which works once",
        "schema": {"type": "string", "maxLength": 64},
    },
    "reservation": {
        "in": "path",
        "required": True,
        "description": "The reservation's id",
        "schema": {"type": "string", "maxLength": 40},
    },
    **{
        name: {
            "in": "path",
            "required": True,
            "description": f"The number of the {name}",
            "schema": {
                "type": "integer",
                "minimum": 0 if name == "index" else 1,
                "maximum": 999_999_999,
            },
        }
        for name in ("batch", "finding", "index", "settlement")
    },
    "idempotency-key": {
        "in": "header",
        "required": True,
        "description": "8 to 64 letters and digits that stand for this question",
        "schema": {"type": "string", "pattern": '^"?[A-Za-z0-9_.:-]{8,64}"?$'},
    },
    "cursor": {
        "in": "query",
        "description": "The cursor of the answer before; none to start",
        "schema": {"type": "string", "maxLength": 2000},
    },
    "wait": {
        "in": "query",
        "description": "Seconds to wait for news when there are none",
        "schema": {"type": "integer", "minimum": 0, "maximum": 25, "default": 25},
    },
    "day": {
        "in": "query",
        "required": True,
        "description": "When the bank should execute it: today at the earliest, in a year at most",
        "schema": {"type": "string", "format": "date"},
    },
    "part": {
        "in": "query",
        "description": "Which 2,000 lines of the settlement, from 1 on",
        "schema": {"type": "integer", "minimum": 1, "maximum": 999_999, "default": 1},
    },
    "q": {
        "in": "query",
        "description": "Beginnings of words: of a town, a postcode, a district, a shop's name",
        "schema": {"type": "string", "maxLength": 100},
    },
    "trade": {
        "in": "query",
        "description": "What the shops sell; none for all",
        "schema": {"type": "string", "enum": ["", *TRADES]},
    },
    "open": {
        "in": "query",
        "description": "1 for shops that are open now",
        "schema": {"type": "string", "enum": ["", "1"]},
    },
    "find": {
        "in": "query",
        "description": "A part of a shop's name, town, SIRET or reference",
        "schema": {"type": "string", "maxLength": 100},
    },
    "note": {
        "in": "query",
        "description": "What was just done, for the page to say",
        "schema": {"type": "string", "enum": ["", "added", "saved", "withdrawn"]},
    },
    "n": {
        "in": "query",
        "description": "The numbers of shops in their campaign",
        "schema": {"type": "array", "maxItems": 100, "items": {"type": "integer", "minimum": 1}},
    },
    "sheets": {
        "in": "query",
        "description": "How many sheets of paper",
        "schema": {"type": "integer", "minimum": 1, "maximum": 50, "default": 1},
    },
    "list": {
        "in": "path",
        "required": True,
        "description": "A list of shops, by the SHA-256 of its file",
        "schema": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
    },
    **{
        name: {
            "in": "query",
            "description": f"How many shops a list has {name}, for the page to say",
            "schema": {"type": "integer", "minimum": 0, "maximum": 999_999},
        }
        for name in ("added", "changed")
    },
    "chosen": {
        "in": "query",
        "description": "1: a password was just chosen, for the page to say",
        "schema": {"type": "string", "maxLength": 1},
    },
    "all": {
        "in": "query",
        "description": "1: what was decided, too",
        "schema": {"type": "string", "maxLength": 1},
    },
    "to": {
        "in": "query",
        "required": True,
        "description": "The state to move to",
        "schema": {"enum": ["open", "paused", "ended"]},
    },
    "preset": {
        "in": "query",
        "description": "The model to start from",
        "schema": {"type": "string", "maxLength": 20},
    },
    "version": {
        "in": "query",
        "description": "The version of the rules to start from",
        "schema": {"type": "integer", "minimum": 1, "maximum": 999_999_999},
    },
    "file": {
        "in": "path",
        "required": True,
        "description": "NAME.csv, or NAME-excel.csv for a French Excel",
        "schema": {
            "type": "string",
            "pattern": r"^(days|shops|cells|listed|definitions)(-excel)?\.csv$",
        },
    },
    "page": {
        "in": "query",
        "description": "The page, from 1 on",
        "schema": {"type": "integer", "minimum": 1, "maximum": 999_999, "default": 1},
    },
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
            "parameters": {k: {"name": k, **v} for k, v in _PARAMETERS.items()},
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
