"""Every operation that the server has: where, for whom, what it takes, answers and refuses."""

from __future__ import annotations

from typing import Final

from sync.contract import calls, feed, overview, status_list, stick, wallet
from sync.contract import messages as m
from sync.contract import organising as o
from sync.contract.funds import NewFund
from sync.contract.rewards.rules import RulePack
from sync.server.areas import AREAS
from sync.server.money.settings import Settings
from sync.server.operation import FORM, Method, Operation

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
    problems: tuple[str, ...] = (),
    parameters: tuple[str, ...] = (),
) -> Operation:
    """A page of the shopper's; its refusals are pages too."""
    body = FORM if form else None
    refusals = (303, 400, 403, 404, 408, 409, 413, 415, 422, 429, 503)
    return Operation(
        *(name, method, path, summary, "text/html", 200, body),
        problems=problems,
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
    Operation(
        "welcome",
        "GET",
        "/bienvenue",
        "What strangers are told: why a letter came",
        "text/html",
    ),
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
        "makeVoucher",
        "POST",
        "/porte-monnaie/bon",
        "Make a voucher of the wallet",
        form=True,
        problems=("wallet-short",),
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
    _shopper(
        *("payChallenge", "POST", "/P/{token}", "Pay it; eight digits for the cashier"),
        problems=("wallet-short",),
    ),
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
