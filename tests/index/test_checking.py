from __future__ import annotations

import datetime
import json
from pathlib import Path

import pytest

from index import Finding, check_corpus
from tests.conftest import write_corpus
from tests.fakes import WordEmbedder

TODAY = datetime.date(2026, 11, 24)
FRONT = "---\ntitle: {title}\nsummary: About it.\nupdated: 2026-11-01\nlicence: CC BY 4.0\ntags: {tags}\n---\n"


def document(text: str, *, title: str = "A title", tags: str = "[]") -> str:
    return FRONT.format(title=title, tags=tags) + text


def findings_in(folder: Path, **files: str) -> list[Finding]:
    write_corpus(folder, {f"{name.replace('__', '/')}.md": text for name, text in files.items()})
    return list(check_corpus(folder, WordEmbedder(character_limit=200), today=TODAY))


def said_of(folder: Path, text: str) -> list[tuple[int | None, str]]:
    """What is found in one document's text, with lines counted in the text."""
    front = document("").count("\n")
    found = findings_in(folder, a=document(text))
    return [(None if item.line is None else item.line - front, item.what) for item in found if not item.is_remark]


def test_a_document_that_is_in_order_has_no_findings(tmp_path: Path):
    text = "The lamp burned oil.[^1] See [this](b.md).\n\n[^1]: [Lights](https://example.org/a). Museum. 1987-03.\n"

    assert findings_in(tmp_path, a=document(text), b=document("Bees dance.")) == []


def test_missing_keys_are_named(tmp_path: Path):
    found = findings_in(tmp_path, a="---\ntitle: A\nlicence: ''\n---\nText.")

    assert [item.what for item in found] == [
        "the front matter has no licence",
        "the front matter has no summary",
        "the front matter has no updated",
    ]


def test_a_footnote_mark_without_a_definition_is_found_where_it_stands(tmp_path: Path):
    assert said_of(tmp_path, "A claim.\n\n- Another one.[^lost]\n") == [(3, "the footnote [^lost] has no definition")]


def test_a_footnote_that_is_never_used_is_found(tmp_path: Path):
    text = "A claim.\n\n[^x]: [Lights](https://example.org). Museum. 1987.\n"

    assert said_of(tmp_path, text) == [(3, "the footnote for 'Lights' is never used")]


@pytest.mark.parametrize(
    ("target", "what"),
    [
        ("https://", "'https://' is no link"),
        ("https://localhost/x", "'https://localhost/x' is no link"),
        ("https:example.org", "'https:example.org' is no link"),
        ("ftp://example.org/x", "'ftp://example.org/x' is no link"),
        ("https://example.org:port/", "'https://example.org:port/' is no link"),
        ("missing.md", "the link 'missing.md' leads nowhere"),
        ("", "the link '' leads nowhere"),
    ],
)
@pytest.mark.parametrize("form", ["See [this]({}).", "A claim.[^1]\n\n[^1]: [Lights]({}). Museum. 1987."])
def test_a_link_that_is_no_link_is_found(tmp_path: Path, target: str, what: str, form: str):
    assert [found for _, found in said_of(tmp_path, form.format(target))] == [what]


@pytest.mark.parametrize(
    "target", ["https://example.org/a_(b)?c=d#e", "https://münchen.example/", "mailto:a@b.org", "a.md#part"]
)
def test_links_that_lead_somewhere_are_in_order(tmp_path: Path, target: str):
    assert said_of(tmp_path, f"See [this]({target}).") == []


def test_a_link_without_https_is_only_remarked_on(tmp_path: Path):
    found = findings_in(tmp_path, a=document("See [this](http://example.org)."))

    assert [(item.what, item.is_remark) for item in found] == [("http://example.org is without https", True)]


def test_a_source_that_documents_cite_differently_is_found_where_it_differs_from_most(tmp_path: Path):
    text = "A claim of {}.[^1]\n\n[^1]: [Lights](https://example.org). {}. 1987.\n"
    names = {"a": "Museum", "b": "The Museum", "c": "Museum"}

    found = findings_in(tmp_path, **{name: document(text.format(name, publisher)) for name, publisher in names.items()})

    assert [(item.path, item.line, item.what) for item in found] == [
        ("b.md", 10, "the source 'Lights' is cited otherwise in a.md")
    ]


def test_dates_in_the_future_are_found(tmp_path: Path):
    source = (
        "[^1]: [Lights](https://example.org). Museum. 2026-12.\n[^2]: [Oil](https://example.org). Museum. 2026-11.\n"
    )
    text = document(f"It was on 25 November 2026.[^1] It is 24 November 2026.[^2]\n\n{source}")

    found = findings_in(tmp_path, a=text.replace("updated: 2026-11-01", "updated: 2026-11-25"))

    assert [(item.what, item.is_remark) for item in found] == [
        ("the source 'Lights' is dated 2026-12, which lies in the future", False),
        ("updated is 2026-11-25, which lies in the future", False),
        ("25 November 2026 lies in the future", True),
    ]


def test_a_date_that_is_none_is_found(tmp_path: Path):
    found = findings_in(tmp_path, a=document("Text.").replace("2026-11-01", "last week"))

    assert [item.what for item in found] == ["updated is 'last week', not a date like 2026-11-24"]


def test_a_sentence_that_the_model_cannot_read_whole_is_found_where_it_begins(tmp_path: Path):
    text = f"Short.\n\n## Part\n\nAlso short. A sentence of {'many ' * 60}words.\n"

    [(line, what)] = said_of(tmp_path, text)

    assert line == 5
    assert what.startswith("a sentence is too long to embed: 'A sentence of many many")


REPEATED = "The keepers of Grey Skerry ate gulls in the long winter of 1894 because no boat could land on the rock."


def test_a_passage_that_nearly_repeats_another_is_found_once(tmp_path: Path):
    again = REPEATED.replace("because", "as").replace("long ", "")

    found = findings_in(tmp_path, a=document(f"Intro.\n\n{REPEATED}"), b=document(again))

    assert [(item.path, item.what) for item in found] == [("b.md", "a passage nearly repeats a.md, line 8")]


def test_passages_on_the_same_subject_that_say_different_things_are_no_repeats(tmp_path: Path):
    other = "The keepers of Grey Skerry were paid in coal and paraffin, and two of them wrote a book on the sea birds."

    assert findings_in(tmp_path, a=document(REPEATED), b=document(other)) == []


@pytest.mark.parametrize("tag", ["timeline", "glossary", "faq"])
def test_timelines_glossaries_and_faqs_may_repeat(tmp_path: Path, tag: str):
    assert findings_in(tmp_path, a=document(REPEATED), b=document(REPEATED, tags=f"[{tag}]")) == []


@pytest.mark.parametrize(
    ("one", "other", "what"),
    [
        ("Macomber", "Macombre", "'Macombre' is spelled 'Macomber' in a.md"),
        ("Rharrit", "Rharit", "'Rharit' is spelled 'Rharrit' in a.md"),
        ("Al-Assad", "Alassad", "'Alassad' is spelled 'Al-Assad' in a.md"),
        ("Bjornsen", "Bjørnsen", "'Bjørnsen' is spelled 'Bjornsen' in a.md"),
        ("Rhârrit", "Rharrit", "'Rharrit' is spelled 'Rhârrit' in a.md"),
        ("Affairs", "Affair", None),
        ("Syria", "Syrian", None),
        ("Israel", "Israeli", None),
        ("Iran", "Iraq", None),
        ("Boyatt", "Wyatt", None),
        ("Malan", "Milan", None),
        ("O\u2019Brien", "O'Brien", None),
    ],
)
def test_names_that_documents_spell_differently_are_found(tmp_path: Path, one: str, other: str, what: str | None):
    found = findings_in(
        tmp_path, a=document(f"It was {one} who spoke."), b=document(f"Later a man named {other} left.")
    )

    assert [item.what for item in found] == ([what] if what else [])


def test_names_that_the_model_knows_as_words_are_two_names(tmp_path: Path):
    class Reader(WordEmbedder):
        def knows_word(self, word: str) -> bool:
            return word in ("Ireland", "Iceland")

    files = {"a.md": document("It was Ireland that won."), "b.md": document("Later a team from Iceland left.")}

    assert check_corpus(write_corpus(tmp_path, files), Reader(), today=TODAY) == ()


def test_names_in_one_document_are_two_names(tmp_path: Path):
    found = findings_in(tmp_path, a=document("Then Hansen spoke to Hanson."), b=document("Later Hansen left."))

    assert found == []


@pytest.mark.parametrize(
    ("one", "other", "is_one"),
    [
        ("George Kenney", "John Kennedy", False),
        ("Anthony Lake", "Antony Blinken", False),
        ("William Macomber", "William Macombre", True),
        ("Thomas Boyatt", "Tomas Boyatt", True),
    ],
)
def test_full_names_tell_names_apart(tmp_path: Path, one: str, other: str, is_one: bool):
    found = findings_in(tmp_path, a=document(f"It was {one} who spoke."), b=document(f"Later {other} left."))

    assert bool(found) == is_one


def test_golden_questions_that_quote_what_is_not_there_are_found(tmp_path: Path):
    evidence = {"id": "q", "question": "?", "kind": "answerable", "evidence": [{"document": "a", "text": "gas"}]}
    write_corpus(tmp_path, {"questions.jsonl": "\n" + json.dumps(evidence)})

    [found] = findings_in(tmp_path, a=document("The lamp burned oil."))

    assert (found.path, found.line) == ("questions.jsonl", 2)
    assert "quotes what a does not say" in found.what


def test_files_that_cannot_be_read_are_found(tmp_path: Path):
    write_corpus(tmp_path, {"b.md": "", "c.xyz": "Text."})

    found = findings_in(tmp_path, a=document("The lamp burned oil."))

    assert [item.path for item in found] == ["b.md", "c.xyz"]
    assert "is empty" in found[0].what
    assert "is not read" in found[1].what
