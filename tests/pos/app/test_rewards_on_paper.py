"""What a customer takes home, from the till's paper to other people's programs."""

from __future__ import annotations

import io

import cwt
import pytest
import zxingcpp
from PIL import Image

from drivers.escpos.encoder import encode
from drivers.escpos.profiles import PROFILES
from drivers.simulators.paper_image import picture
from drivers.simulators.printer import PrinterModel, SimulatedPrinter
from pos.adapters.paper import to_page
from pos.app import change_sale, claim_reward
from pos.domain.document import Document
from sync.contract import base32, claims, cose
from sync.contract.feed import Carnet
from sync.contract.jws import SigningKey
from sync.contract.voucher import Audience
from tests.pos.fakes import BREAD, WINE, Counter
from tests.pos.rewards import SERVER, SHOP, granted, join, lease, pay, voucher


def scanned(paper: Document, name: str) -> list[str]:
    """The codes that another reader finds on the picture of the paper."""
    profile = PROFILES[name]
    printer = SimulatedPrinter(
        PrinterModel(
            columns=profile.columns,
            dots=profile.dots,
            pages={profile.code_page.number: profile.code_page.codec},
            buffer_bytes=1 << 20,
        )
    )
    printer.receive(encode(to_page(paper), profile), 0.0)
    roll = printer.roll
    receipts = [*roll.receipts, *([] if profile.has_cut else [roll.under_way])]
    found = []
    for receipt in receipts:
        with Image.open(io.BytesIO(picture(receipt))) as image:
            found += [code.text for code in zxingcpp.read_barcodes(image)]
    return found


@pytest.mark.parametrize("name", ["epson", "clone-58"])
def test_a_voucher_and_a_claim_are_read_from_their_paper(counter: Counter, name: str) -> None:
    own = voucher(0, 200, audience=Audience.SHOP, audience_id=SHOP)
    join(counter, granted(lease(), carnets=(Carnet(1, 200, (own,)),)))
    counter.ring(WINE, BREAD)  # earns 2,48: a voucher of 2,00, and 0,48 to claim
    change_sale.wish_paper(counter.desk, on_paper=True).wait()
    pay(counter)
    text, address = scanned(claim_reward.print_claims(counter.desk).wait(), name)

    raw, kid = base32.decode(text.removeprefix("B1")), cose.short_kid(SERVER.public)
    key, other = (
        cwt.COSEKey.from_pem(signer.pem().decode(), kid=kid, alg="ES256")
        for signer in (SERVER, SigningKey.from_secret(78))
    )
    assert cwt.COSE.new().decode(raw, key, external_aad=b"caisse/bon/1")
    with pytest.raises(cwt.VerifyError):
        cwt.COSE.new().decode(raw, other, external_aad=b"caisse/bon/1")

    signed = claims.read(address.rsplit("/", 1)[1])
    signed.check(counter.store.identity.public)
    assert signed.claim.amount == 48
