from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from importlib import resources
from itertools import count
from typing import Any

import pytest
import xmlschema
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.server.errors import Refused
from sync.server.money import courier as payments
from sync.server.money.vouchers import Issued
from sync.server.services import Services
from sync.server.settlement import pain001
from sync.server.settlement.pain001 import (
    BadAccount,
    BadAmount,
    BadDay,
    BadId,
    BadName,
    Debtor,
    DoubledId,
    NothingToPay,
    Order,
    Payment,
    TooMany,
    TransferProblem,
    latin,
    order_run,
    write,
)
from sync.server.settlement.runs import Line, Run
from sync.server.settlement.statement import _WORDS, Statement, read_statement, write_statement
from tests.sync.server.kit import Api, name_of
from tests.sync.server.market import CAMPAIGN, IBAN, Market, secret

NOW = datetime(2026, 11, 22, 17, 0, tzinfo=UTC)
GERMAN = "DE89370400440532013000"
PAYMENT = Payment("S1-a", 1234, "Épicerie du Port", IBAN, "Noël, règlement 1")
ORDER = Order("S1-x", NOW, date(2026, 11, 24), Debtor("Ville de Saint-Malo", IBAN), (PAYMENT,))
SEPA = re.compile(r"[A-Za-z0-9/?:().,'+ -]*")


@pytest.fixture(scope="session")
def bank() -> Callable[[bytes], Any]:
    """What a bank reads: the file against the schema, as plain data."""
    found = resources.files("sepaxml") / "schemas" / f"{pain001.SCHEMA}.xsd"
    schema = xmlschema.XMLSchema(found.read_text())

    def read(xml: bytes) -> Any:
        document: Any = schema.to_dict(xml.decode(), validation="strict")
        return document["CstmrCdtTrfInitn"]

    return read


class TestFile:
    def test_it_says_who_pays_whom_how_much_and_when(self, bank: Callable[[bytes], Any]) -> None:
        second = replace(PAYMENT, id="S1-b", cents=5, name="Bücher & Söhne", iban=GERMAN)
        found = bank(write(replace(ORDER, payments=(PAYMENT, second))))
        header, (batch,) = found["GrpHdr"], found["PmtInf"]
        assert (header["MsgId"], header["CreDtTm"]) == ("S1-x", "2026-11-22T17:00:00+00:00")
        for sums in (header, batch):
            assert (str(sums["NbOfTxs"]), str(sums["CtrlSum"])) == ("2", "12.39")
        assert (batch["PmtInfId"], batch["ReqdExctnDt"]) == ("S1-x", {"Dt": "2026-11-24"})
        assert batch["DbtrAcct"]["Id"]["IBAN"] == IBAN
        assert batch["DbtrAgt"]["FinInstnId"] == {"Othr": {"Id": "NOTPROVIDED"}}
        read = [
            (
                one["PmtId"]["EndToEndId"],
                *(one["Amt"]["InstdAmt"]["@Ccy"], str(one["Amt"]["InstdAmt"]["$"])),
                *(one["Cdtr"]["Nm"], one["CdtrAcct"]["Id"]["IBAN"], one["RmtInf"]["Ustrd"]),
            )
            for one in batch["CdtTrfTxInf"]
        ]
        assert read == [
            ("S1-a", "EUR", "12.34", "Epicerie du Port", IBAN, ["Noel, reglement 1"]),
            ("S1-b", "EUR", "0.05", "Bucher + Sohne", GERMAN, ["Noel, reglement 1"]),
        ]

    def test_the_schema_sees_what_is_wrong(self, bank: Callable[[bytes], Any]) -> None:
        for right, wrong in ((b"EUR", b"euro"), (b"2026-11-24", b"tomorrow"), (b"FR76", b"7600")):
            with pytest.raises(xmlschema.XMLSchemaValidationError):
                bank(write(ORDER).replace(right, wrong))

    def test_the_same_order_gives_the_same_bytes(self) -> None:
        assert write(ORDER) == write(ORDER)
        assert ORDER.debtor.name == "Ville de Saint-Malo"

    def test_a_bank_may_be_named(self, bank: Callable[[bytes], Any]) -> None:
        found = bank(write(replace(ORDER, debtor=Debtor("Ville", IBAN, "agrifrpp"))))
        assert found["PmtInf"][0]["DbtrAgt"]["FinInstnId"] == {"BICFI": "AGRIFRPP"}

    @settings(max_examples=25, deadline=None)
    @given(
        st.lists(
            st.tuples(st.integers(1, pain001.CENTS_MAX), st.text(max_size=90), st.text()),
            min_size=1,
            max_size=4,
        )
    )
    def test_whatever_shops_are_called_it_is_valid_and_adds_up(
        self, bank: Callable[[bytes], Any], paid: list[tuple[int, str, str]]
    ) -> None:
        made = tuple(
            Payment(f"S1-{number}", cents, f"x{name}", IBAN, text)
            for number, (cents, name, text) in zip(count(), paid, strict=False)
        )
        header = bank(write(replace(ORDER, payments=made)))["GrpHdr"]
        cents = sum(one.cents for one in made)
        assert str(header["CtrlSum"]) == f"{cents // 100}.{cents % 100:02}"
        assert str(header["NbOfTxs"]) == str(len(made))

    @pytest.mark.parametrize(
        ("changes", "problem", "said"),
        [
            ({"payments": ()}, NothingToPay, "at least one"),
            ({"payments": (PAYMENT,) * 2001}, TooMany, "2001 payments: a file has 2000"),
            ({"payments": (PAYMENT,) * 2}, DoubledId, "2 payments are called S1-a"),
            ({"payments": (replace(PAYMENT, cents=0),)}, BadAmount, "S1-a: .* got 0"),
            ({"payments": (replace(PAYMENT, cents=-5),)}, BadAmount, "got -5"),
            ({"payments": (replace(PAYMENT, cents=10**11),)}, BadAmount, "99999999999 cents"),
            ({"payments": (replace(PAYMENT, iban=IBAN[:-1] + "0"),)}, BadAccount, "check digits"),
            ({"payments": (replace(PAYMENT, name="\x00 ✂"),)}, BadName, "Latin letters"),
            ({"payments": (replace(PAYMENT, id="a//b"),)}, BadId, "a//b"),
            ({"payments": (replace(PAYMENT, id="é"),)}, BadId, "characters"),
            ({"message_id": "x" * 36}, BadId, "1 to 35"),
            ({"message_id": ""}, BadId, "1 to 35"),
            ({"debtor": Debtor("Ville", "FR76")}, BadAccount, "IBAN"),
            ({"debtor": Debtor("Ville", IBAN, "NOBANK")}, BadAccount, "BIC"),
            ({"debtor": Debtor("", IBAN)}, BadName, "Latin letters"),
            ({"day": date(2026, 11, 21)}, BadDay, "2026-11-22 to 2027-11-22"),
            ({"day": date(2062, 11, 24)}, BadDay, "got 2062"),
        ],
    )
    def test_what_a_bank_would_refuse_is_refused_here(
        self, changes: dict[str, Any], problem: type[TransferProblem], said: str
    ) -> None:
        with pytest.raises(problem, match=said):
            write(replace(ORDER, **changes))

    @given(st.text(), st.integers(1, 80))
    def test_a_text_becomes_what_every_bank_takes(self, text: str, most: int) -> None:
        found = latin(text, most)
        assert SEPA.fullmatch(found)
        assert len(found) <= most
        assert latin(found, most) == found

    @pytest.mark.parametrize(
        ("said", "written"),
        [
            ("L’Œuf à la Coque", "L'OEuf a la Coque"),
            ("Chez\tÜlle —  [bar]", "Chez Ulle - (bar)"),
            ("Кафе", ""),
        ],
    )
    def test_how_names_are_written(self, said: str, written: str) -> None:
        assert latin(said, 70) == written


class TestRun:
    RUN = Run(
        7,
        NOW.isoformat(),
        (
            Line("7d1f6d2e-5a0e-4a57-9d0c-0b6f5e1c2a3b", 500, "Кафе", IBAN, "prepared"),
            Line("0c6c1a53-92c4-4f0e-8f39-2f5f0d8a9b11", 700, "Quai", IBAN, "paid"),
        ),
    )

    def order(self, run: Run = RUN, part: int = 1, day: int = 24) -> Order:
        return order_run(run, part, "Noël", ORDER.debtor, date(2026, 11, day), NOW)

    def test_only_what_the_bank_has_not_answered_is_ordered(self) -> None:
        (paid,) = self.order().payments
        assert (paid.id, paid.cents) == ("S7-7d1f6d2e5a0e4a579d0c0b6f5e1c2a3b", 500)
        assert paid.name == "7d1f6d2e-5a0e-4a57-9d0c-0b6f5e1c2a3b"  # its sign cannot be written
        assert paid.text == "Noel, reglement 7"

    def test_a_file_has_the_same_id_as_long_as_it_pays_the_same(self) -> None:
        assert self.order().message_id == self.order().message_id
        assert self.order().message_id != self.order(day=25).message_id
        lines = (self.RUN.lines[0], replace(self.RUN.lines[1], state="prepared"))
        assert self.order().message_id != self.order(replace(self.RUN, lines=lines)).message_id

    def test_a_part_keeps_its_lines_whatever_the_bank_answers(self) -> None:
        lines = [Line(f"{n:032x}", 1 + n, "x", IBAN, "prepared") for n in range(2001)]
        lines[0] = replace(lines[0], state="paid")
        run = replace(self.RUN, lines=tuple(lines))
        assert len(self.order(run).payments) == 1999
        assert [one.cents for one in self.order(run, 2).payments] == [2001]
        assert self.order(run, 3).payments == ()


@pytest.fixture
def market(api: Api, services: Services) -> Market:
    made = Market(api, services)
    made.open("Port", "Quai")
    return made


def give(market: Market, who: str, numbers: range) -> None:
    """Ten euros a number, earned and claimed."""
    for number in numbers:
        market.sell("Port", 6000, market.earn("Port", 6000, secret(number)))
        market.send("Port")
        assert market.claim(market.receipt("Port", 1000, secret(number)), who).amount == 1000


def spend(market: Market, who: str) -> Issued:
    """A voucher of ten euros, taken in the shop Quai."""
    issued = market.voucher(who, 1000)
    market.sell("Quai", 3000, market.redeem(issued.token))
    market.send("Quai")
    return issued


def pay_by_phone(market: Market, who: str, cents: int) -> None:
    nonce, key = bytes(range(8)), market.services.secrets.key
    member, asked = market.member(who), market.challenge("Quai", cents, nonce)
    market.ledger(lambda ledger: payments.pay(ledger, payments.look(ledger.db, asked), member, key))
    said = {"type": "redeem", "value": cents, "amount": cents, "mode": "courier"}
    market.sell("Quai", 2000, said | {"challenge": nonce.hex()})


def bring_back(market: Market, ticket: int, cents: int) -> None:
    till = market.tills["Quai"]
    claim = market.earn("Quai", 0, secret(99), 1)["claim"]
    said = {"type": "reissue", "ticket": ticket, "amount": cents, "claim": claim}
    till.add(till.ticket("refund", -cents, "2026-11-22") | {"rewards": [said]})


PAYER: dict[str, Any] = {"debtor_name": "Ville", "debtor_iban": GERMAN}


def download(market: Market, number: int, **query: str) -> Any:
    wish = {"day": "2026-11-24"} | query
    path = f"/v1/admin/campaigns/{CAMPAIGN}/settlements/{number}/pain001"
    return market.api.ask("GET", path, params=wish, headers=market.api.admin)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
class TestDownload:
    def test_the_file_has_what_is_prepared_until_the_bank_answers(
        self, market: Market, bank: Callable[[bytes], Any]
    ) -> None:
        give(market, "anna", range(1))
        spend(market, "anna")
        market.ask("settings", "PUT", **PAYER)
        run = market.ask("settlements")
        assert market.ask(f"settlements/{run['id']}", "GET") == run
        found = download(market, run["id"])
        assert found.status_code == 200, found.text
        assert found.headers["content-type"] == "application/xml"
        assert "pain001-noel-1-1.xml" in found.headers["content-disposition"]
        assert found.content == download(market, run["id"]).content
        (batch,) = bank(found.content)["PmtInf"]
        (paid,) = batch["CdtTrfTxInf"]
        assert (paid["Cdtr"]["Nm"], str(paid["Amt"]["InstdAmt"]["$"])) == ("Quai", "10.00")
        market.ask(f"settlements/{run['id']}/lines", shop=market.shops["Quai"], state="paid")
        assert name_of(download(market, run["id"])) == "not-found"

    def test_what_cannot_be_ordered_is_refused_with_the_reason(self, market: Market) -> None:
        give(market, "anna", range(1))
        spend(market, "anna")
        market.ask("settlements")
        assert name_of(download(market, 1)) == "malformed"
        market.ask("settings", "PUT", **PAYER)
        refused = [
            ({"day": "tomorrow"}, "bad-request"),
            ({"part": "0"}, "bad-request"),
            ({"part": "²"}, "bad-request"),
            ({"day": "2026-11-21"}, "malformed"),
            ({"part": "2"}, "not-found"),
        ]
        for query, problem in refused:
            assert name_of(download(market, 1, **query)) == problem, query
        assert name_of(download(market, 2)) == "not-found"
        market.ask("settlements/2", "GET", status=404)

    def test_a_payer_that_no_bank_could_read_is_refused(self, market: Market) -> None:
        for wrong in ({"debtor_iban": "FR7630006000011234567890188"}, {"debtor_name": "✂"}):
            market.ask("settings", "PUT", status=422, **(PAYER | wrong))
        market.ask("settings", "PUT", **PAYER)
        assert market.ask("settings", "GET")["debtor_iban"] == GERMAN

    def test_only_the_organiser_sees_it(self, market: Market) -> None:
        for path in ("settlements/1", "settlements/1/pain001"):
            found = market.api.ask("GET", f"/v1/admin/campaigns/{CAMPAIGN}/{path}")
            assert name_of(found) == "unauthorised"


def _name(issued: Issued) -> str:
    return f"{issued.batch}:{issued.index}"


def statement(market: Market, number: int, shop: str = "Quai") -> Statement:
    found: Statement = market.ledger(
        lambda ledger: read_statement(ledger.db, CAMPAIGN, number, market.shops[shop])
    )
    return found


class TestStatement:
    def test_it_names_what_was_taken_and_came_back_and_sums_to_the_transfer(
        self, market: Market
    ) -> None:
        give(market, "anna", range(2))
        first = spend(market, "anna")
        pay_by_phone(market, "anna", 750)
        bring_back(market, ticket=1, cents=300)
        market.send("Quai")
        assert market.ask("settlements")["cents"] == 1450
        found = statement(market, 1)
        assert found.cents == found.line.cents == 1450
        assert write_statement(found, "fr") == [
            "Relevé du remboursement n° 1 : Quai",
            "Arrêté le 22/11/2026 18:00",
            "Viré sur le compte FR76 … 0189",
            "Virement préparé",
            "",
            "Jour        Caisse  Ticket  Bon                    Montant",
            f"22/11/2026  01      1       {_name(first):<21}  10,00\xa0€",
            "22/11/2026  01      2       téléphone               7,50\xa0€",
            "22/11/2026  01      1       retour de marchandise  -3,00\xa0€",
            "                            Total                  14,50\xa0€",
        ]
        market.whole()

    def test_the_next_one_starts_where_the_last_ended(self, market: Market) -> None:
        give(market, "anna", range(2))
        first = spend(market, "anna")
        market.ask("settlements")
        market.ask("settlements/1/lines", shop=market.shops["Quai"], state="refused")
        second = spend(market, "anna")
        market.sell("Quai", 3000, market.redeem(first.token))  # a second time, against the policy
        market.send("Quai")
        (finding,) = market.ask("findings", "GET")["findings"]
        market.ask(f"findings/{finding['id']}", decision="pay")
        market.ask("settlements")
        found = statement(market, 2)
        assert found.cents == found.line.cents == 3000
        assert write_statement(found, "en")[3:] == [
            "Transfer prepared",
            "",
            "Day         Till  Receipt  Voucher                         Amount",
            f"2026-11-22  01    2        {_name(second):<30}  €10.00",
            "2026-11-22                 transfer refused, settlement 1  €10.00",
            "2026-11-22                 decision on finding 1           €10.00",
            "                           Total                           €30.00",
        ]
        before = statement(market, 1)
        assert [item.name for item in before.items] == [_name(first)]
        said = "Transfer refused by the bank: the amount is still owed"
        assert said in write_statement(before, "en")

    def test_a_shop_that_is_not_paid_has_none(self, market: Market) -> None:
        give(market, "anna", range(1))
        spend(market, "anna")
        market.ask("settlements")
        with pytest.raises(Refused, match="pays nothing"):
            statement(market, 1, "Port")

    def test_both_languages_have_the_same_words(self) -> None:
        assert _WORDS["fr"].keys() == _WORDS["en"].keys()
