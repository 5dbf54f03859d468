"""The parameters that operations take in their paths and queries, as OpenAPI writes them."""

from __future__ import annotations

from typing import Any, Final

from sync.server.reference.naf_tables import TRADES

_NOTES: Final = ["", "added", "saved", "withdrawn", "given", "booked", "moved"]
PARAMETERS: Final[dict[str, dict[str, Any]]] = {
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
        "schema": {"type": "string", "enum": _NOTES},
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
