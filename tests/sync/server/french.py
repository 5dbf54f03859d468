"""What a French page must not hold."""

from __future__ import annotations

import html
import re

# Words that no French sentence has.
ENGLISH = re.compile(
    r"\b(the|this|no|was|were|not|of|it|is|from|till|voucher|lease|advance|spent|taken|promised"
    r"|receipt|rules|other|shop|reward|booked|expired|offline|account|first|expected|cents)\b",
    re.IGNORECASE,
)


def text_of(page: str) -> str:
    """What a page says in its main part."""
    main = page[page.index("<main") : page.index("</main>")]
    return html.unescape(re.sub(r"<[^>]*>", " ", main)).replace("\N{NO-BREAK SPACE}", " ")


def assert_french(page: str) -> None:
    """No English, said or marked."""
    assert '<html lang="fr">' in page
    assert 'lang="en"' not in page
    found = ENGLISH.search(text_of(page))
    assert not found, (found, text_of(page))
