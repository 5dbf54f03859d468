"""The one place where tables of the organisers' pages are begun."""

from __future__ import annotations

from jinja2 import Environment, FileSystemLoader

from sync.server.html import TEMPLATES

# These have a table's head that is made in a loop, or two rows of it.
OTHERS = {"dashboard.html", "shop_list_preview.html", "tables.html"}


def test_a_table_scrolls_has_a_caption_and_names_its_columns() -> None:
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True)
    template = environment.from_string(
        '{% from "organiser/tables.html" import table %}'
        '{% call table(label, ["<a>", ("b", "figure")], caption) %}<tr>{{ "<" }}</tr>{% endcall %}'
    )
    said = template.render(label="L'été", caption="")
    assert 'role="region" tabindex="0" aria-label="L&#39;été"' in said
    assert '<caption class="hidden">L&#39;été</caption>' in said
    assert '<th scope="col">&lt;a&gt;</th>' in said
    assert '<th scope="col" class="figure">b</th>' in said
    assert "<tr>&lt;</tr>" in said
    assert "<caption>seen</caption>" in template.render(label="x", caption="seen")


def test_no_other_page_writes_the_head_of_a_table() -> None:
    pages = (TEMPLATES / "organiser").glob("*.html")
    assert {one.name for one in pages if "<thead>" in one.read_text("utf-8")} == OTHERS
