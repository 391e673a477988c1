from __future__ import annotations

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.errors import DocumentError
from index.reading.frontmatter import MAX_VALUES, split_front_matter
from tests.index.strategies import any_text

YAML_PIECES = [
    "title: A", "x: ", "\n", "- ", "  ", "{", "}", "[", "]", "&a ", "*a", "!!int ", "!!float ", "!!bool ", "!!set ",
    "!!timestamp ", "!!binary ", '""', "'", '"', "#", "---\n", "...\n", "|\n", ">\n", "? ", ": ", "<<: ", "2024-13-45",
    "2024-01-02", "0x", "0b_", "1_000", ".inf", ".nan", "~", "=", "%YAML 1.1\n", "\t", "@", "`", "é", "\x7f", "\x85",
]  # fmt: skip
yaml_text = st.lists(st.sampled_from(YAML_PIECES), max_size=25).map("".join)


def test_the_text_is_what_follows_the_closing_line_and_stays_unchanged() -> None:
    metadata, text = split_front_matter("---\ntitle: A\n---\n\n  Indented *text*.  \n\n---\n\nMore.\n\n")

    assert metadata == {"title": "A"}
    assert text == "\n  Indented *text*.  \n\n---\n\nMore.\n\n"


@given(st.one_of(any_text, yaml_text), any_text)
@settings(max_examples=150, deadline=None)
def test_any_block_gives_plain_json_and_an_unchanged_text_or_a_document_error(block: str, body: str) -> None:
    whole = f"---\n{block}\n---\n{body}"

    try:
        metadata, text = split_front_matter(whole)
    except DocumentError:
        return

    json.dumps(metadata, allow_nan=False).encode()
    json.dumps(metadata, allow_nan=False, ensure_ascii=False).encode()
    assert whole.endswith(text)


@given(any_text.filter(lambda text: not text.startswith("---")))
def test_a_text_without_front_matter_is_all_text(text: str) -> None:
    assert split_front_matter(text) == ({}, text)


@pytest.mark.parametrize(
    "text",
    ["---\n\nProse below a line.\n", "---\nProse", "----\ntitle: A\n----\n", " ---\ntitle: A\n---\n", "--- title\n"],
)
def test_a_line_across_the_page_opens_no_front_matter(text: str) -> None:
    assert split_front_matter(text) == ({}, text)


def test_an_empty_block_is_front_matter_without_values() -> None:
    assert split_front_matter("---\n---\nText.\n") == ({}, "Text.\n")


def test_a_block_may_end_the_file() -> None:
    assert split_front_matter("---\ntitle: A\n---") == ({"title": "A"}, "")


def test_dates_become_text_and_unknown_keys_are_kept() -> None:
    metadata, _ = split_front_matter(
        "---\npublished: 1998-05-17\nupdated: 2026-11-01 10:00:00\ncolour: blue\ntags: [a, 2]\n7: seven\n---\n"
    )

    assert metadata == {
        "published": "1998-05-17",
        "updated": "2026-11-01T10:00:00",
        "colour": "blue",
        "tags": ["a", 2],
        "7": "seven",
    }


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("---\ntitle: A\n\nText without an end.\n", "without a closing '---' line"),
        ("---\ntitle: 'A\n---\nText.\n", "broken front matter in line"),
        ("---\ntitle: A\nlink: b: c\n---\nText.\n", r'in line 3 \("mapping values are not allowed here"\)'),
        ("---\n- a\n- b\n---\nText.\n", "not 'key: value' lines"),
        ("---\npublished: 2024-13-45\n---\nText.\n", r'\("month must be in 1..12'),
        ("---\nx: &a [*a]\n---\nText.\n", "nested too deep"),
        ('---\nx: !!int ""\n---\nText.\n', "broken front matter"),
        ("---\nx: !!bool perhaps\n---\nText.\n", "broken front matter"),
        ("---\nx: !!timestamp never\n---\nText.\n", "broken front matter"),
        ("---\nx: !!python/object/apply:os.getcwd []\n---\nText.\n", "broken front matter in line 2"),
        ('---\nx: "\\ud800"\n---\nText.\n', "a value that is no text"),
        (f"---\nx: 0x{'f' * 5000}\n---\nText.\n", "a value that is no text"),
        ("---\na: &a {b: c}\nx: {<<: *a}\n---\nText.\n", "'<<' in line 3"),
    ],
)
def test_broken_front_matter_is_refused_with_what_is_wrong(text: str, reason: str) -> None:
    with pytest.raises(DocumentError, match=reason):
        split_front_matter(text)


def test_aliases_of_aliases_do_not_grow_without_end() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]" for level in range(1, 8)]

    with pytest.raises(DocumentError, match=f"more than {MAX_VALUES} values"):
        split_front_matter("---\n" + "\n".join(lines) + "\n---\n")


def test_numbers_that_json_lacks_become_text() -> None:
    metadata, _ = split_front_matter("---\na: .inf\nb: .nan\nc: 18446744073709551616\nd: 1.5\n---\n")

    assert metadata == {"a": "inf", "b": "nan", "c": "18446744073709551616", "d": 1.5}
    assert not any(isinstance(value, float) and not math.isfinite(value) for value in metadata.values())


def test_a_set_has_one_order() -> None:
    metadata, _ = split_front_matter("---\ntags: !!set {pear, apple, fig}\n---\n")

    assert metadata == {"tags": ["apple", "fig", "pear"]}
