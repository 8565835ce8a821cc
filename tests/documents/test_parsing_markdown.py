"""Markdown is read as a reader sees it."""

from datetime import UTC, datetime

from assets.documents.model import BlockKind, ParsedDocument
from assets.documents.parsing.parse import parse


def read(text: str) -> ParsedDocument:
    return parse(text.encode(), "page.md")


def shown(document: ParsedDocument) -> list[tuple[str, int, str]]:
    return [(block.kind.value, block.level, document.text[block.start : block.end]) for block in document.blocks]


def test_marks_targets_and_comments_are_gone_and_their_text_stays() -> None:
    document = read(
        "**Paid** leave is *one* [hour](https://example.org/a) for\n`37` hours, ~~not~~ see <https://example.org>.\n\n"
        "<!-- internal note -->\n\n![A calendar](c.png) &amp; more<br>next line\n"
    )
    assert document.text == (
        "Paid leave is one hour for 37 hours, not see https://example.org.\n\nA calendar & more\nnext line"
    )


def test_headings_lists_and_code_keep_their_structure() -> None:
    document = read("# Leave\n\n1. Ask\n2. Wait\n   - for the\n     answer\n\nTail\n-----\n\n```\nif a:\n    b\n```\n")
    assert shown(document) == [
        ("heading", 1, "Leave"),
        ("list_item", 0, "1. Ask"),
        ("list_item", 0, "2. Wait"),
        ("list_item", 1, "- for the answer"),
        ("heading", 2, "Tail"),
        ("code", 0, "if a:\n    b"),
    ]
    assert document.text.startswith("Leave\n\n1. Ask\n2. Wait\n  - for the answer\n\nTail\n\nif a:\n    b")
    assert document.title == "Leave"


def test_a_list_may_start_at_any_number() -> None:
    assert read("4. four\n5. five\n").text == "4. four\n5. five"
    assert read("0. zero\n1. one\n").text == "0. zero\n1. one"


def test_each_table_row_tells_what_its_values_are() -> None:
    document = read("| Grade | Days |\n|---|---|\n| A | **20** |\n| B | |\n")
    assert shown(document) == [("table", 0, "Grade: A; Days: 20\nGrade: B")]


def test_front_matter_gives_title_and_validity() -> None:
    document = read(
        "---\ntitle: 'Sick leave'\neffective_from: 2024-01-01\nvalid_to: 2024-12-31T12:00:00Z\n---\n\nText.\n"
    )
    assert document.title == "Sick leave"
    assert document.text == "Sick leave\n\nText."
    assert document.valid_from == datetime(2024, 1, 1, tzinfo=UTC)
    assert document.valid_to == datetime(2024, 12, 31, 12, tzinfo=UTC)


def test_the_title_is_not_said_twice() -> None:
    assert read("---\ntitle: Leave\n---\n# Leave\n\nText.").text == "Leave\n\nText."


def test_a_title_survives_front_matter_that_is_no_yaml() -> None:
    assert read("---\ntitle: Leave: the {{ policy }}\n\tx\n---\nText.").title.startswith("Leave")


def test_a_thematic_break_is_no_front_matter() -> None:
    assert read("---\nText between rules.\n\n---\nMore.").text == "Text between rules.\n\nMore."


def test_template_tags_of_a_site_leave_what_a_reader_sees() -> None:
    document = read(
        '---\ntitle: T\n---\nRead [the guide]({% page "a/\n" %}) and ask {% slack_channel "people-ops" %}.{: .note}\n\n'
        '{% include "x.html" %}\n\n{% raw %}Write {{ name }}.{% endraw %}\n\n```\n{{ kept }}\n```\n'
    )
    assert document.text == "T\n\nRead the guide and ask people-ops.\n\nWrite {{ name }}.\n\n{{ kept }}"


def test_a_table_without_a_header_is_a_table_where_a_site_generator_takes_it() -> None:
    document = read("---\ntitle: T\n---\nText:\n\n|---|---|\n|A|20|\n|B|[link][x]|\n\n[x]: {% page 'y' %}\n")
    assert shown(document)[2:] == [("table", 0, "A | 20\nB | link")]


def test_braces_stay_where_no_site_generator_is_at_work() -> None:
    assert read("Write {{ name }} here.").text == "Write {{ name }} here."


def test_html_inside_is_read_as_html() -> None:
    document = read(
        "Before\n\n<table><tr><th>Grade</th><th>Days</th></tr><tr><td>A</td><td>20</td></tr></table>\n\nAfter"
    )
    assert shown(document) == [
        ("paragraph", 0, "Before"),
        ("table", 0, "Grade: A; Days: 20"),
        ("paragraph", 0, "After"),
    ]


def test_footnotes_stand_at_the_end_under_their_number() -> None:
    assert read("Leave[^a] is paid.\n\n[^a]: Since 2008.\n").text == "Leave[1] is paid.\n\n[1] Since 2008."


def test_a_new_file_name_changes_nothing() -> None:
    raw = b"# Leave\n\nText."
    assert parse(raw, "a.md") == parse(raw, "other/b.markdown")


def test_kinds_are_those_of_the_contract() -> None:
    assert {block.kind for block in read("# A\n\nb\n\n- c\n").blocks} <= set(BlockKind)
