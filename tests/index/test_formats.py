from __future__ import annotations

from pathlib import Path

import pytest

from index import Library
from index.errors import DocumentError
from index.reading import read_document, scan
from index.values import BlockKind, Document, Span
from tests.fakes import WordEmbedder
from tests.index import making
from tests.index.documents import sentence_texts

LONG = (
    "The harbour master keeps a book of every ship that enters. He writes down the flag and the cargo of each one. "
    "When a storm is forecast he closes the outer gate with a chain, and nobody may leave before he opens it again."
)
OTHER = (
    "Bread rises because yeast makes gas. A baker keeps the dough warm for two hours and folds it three times, and "
    "only then does it go into the oven, where steam makes its crust crisp."
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def read(folder: Path, name: str, data: bytes) -> Document:
    (folder / name).write_bytes(data)
    (file,) = (file for file in scan(folder)[0] if file.path == name)
    document = read_document(folder, file)
    assert all(0 <= block.span.start < block.span.end <= len(document.text) for block in document.blocks)
    return document


def sections_of(document: Document) -> list[tuple[str, ...]]:
    return list(document.sections)


def texts_of(document: Document, kind: BlockKind) -> list[str]:
    return [document.text[block.span.start : block.span.end] for block in document.blocks if block.kind is kind]


def place_of(document: Document, words: str) -> int:
    assert document.text.count(words) == 1, document.text
    return document.text.index(words)


# ------------------------------------------------------------------------ PDF


def test_lines_of_a_pdf_flow_into_the_sentences_they_were(folder: Path) -> None:
    document = read(folder, "a.pdf", making.pdf([("Heading1", "The harbour"), ("BodyText", LONG), ("BodyText", OTHER)]))

    assert texts_of(document, BlockKind.PARAGRAPH) == [LONG, OTHER]
    assert document.title == "The harbour"


def test_headings_of_a_pdf_are_told_by_their_size_and_make_sections(folder: Path) -> None:
    blocks = [("Heading1", "Title"), ("BodyText", LONG), ("Heading2", "First part"), ("BodyText", OTHER)]
    blocks += [("Heading3", "Its detail"), ("BodyText", LONG), ("Heading2", "Second part"), ("BodyText", OTHER)]

    document = read(folder, "a.pdf", making.pdf(blocks))

    assert sections_of(document) == [(), ("First part",), ("First part", "Its detail"), ("Second part",)]


def test_every_character_of_a_pdf_has_its_page(folder: Path) -> None:
    data = making.pdf(
        [("BodyText", f"{LONG} First."), None, ("BodyText", OTHER), None, None, ("BodyText", "Last one.")]
    )

    document = read(folder, "a.pdf", data)

    assert [document.page_of(place_of(document, words)) for words in ("The harbour", "Bread", "Last one.")] == [1, 2, 4]
    assert document.page_of(len(document.text) - 1) == 4


def test_a_paragraph_that_goes_on_over_the_page_stays_whole_and_knows_both_pages(folder: Path) -> None:
    document = read(folder, "a.pdf", making.pdf([("BodyText", " ".join([LONG] * 40))], header="The book"))

    assert len(texts_of(document, BlockKind.PARAGRAPH)) == 1
    assert len(document.pages) == 2
    assert document.text[document.pages[1] - 1] == " "
    assert "The book" not in document.text


def test_running_heads_and_page_numbers_are_left_out_and_the_same_words_in_the_text_are_not(folder: Path) -> None:
    blocks: list[tuple[str, str] | None] = []
    for number in range(5):
        blocks += [("BodyText", f"Chapter {number} of the Handbook. {LONG}"), None]

    document = read(folder, "a.pdf", making.pdf(blocks, header="Handbook 2024"))

    assert "Handbook 2024" not in document.text
    assert "Page 3" not in document.text
    assert document.text.count("of the Handbook.") == 5


@pytest.mark.parametrize(
    "pages",
    [
        [["This is to certify that Bob passed."]] * 3,
        [["Dissent Channel", "1"], ["Dissent Channel", "2"]],
        [["This is the sentence of page 2 here."], ["This is the sentence of page 3 here."]],
    ],
    ids=["certificates", "slides", "one line with a number"],
)
def test_what_every_page_repeats_is_the_text_where_there_is_no_other(folder: Path, pages: list[list[str]]) -> None:
    lines = [[(72.0, 720.0 - 60 * place, line) for place, line in enumerate(page)] for page in pages]

    document = read(folder, "a.pdf", making.pdf_of_lines(lines))

    assert all(line in document.text for page in pages for line in page)


@pytest.mark.parametrize("padding", [b"\0" * 5_000, b"\n<!-- sent by a gateway that likes to talk -->" * 100])
def test_a_whole_pdf_may_be_followed_by_anything_but_its_own_objects(folder: Path, padding: bytes) -> None:
    document = read(folder, "a.pdf", making.pdf([("BodyText", LONG)]) + padding)

    assert LONG in document.text


def test_a_table_of_contents_makes_no_sections(folder: Path) -> None:
    lines = ["Contents", "1 Gates . . . . . . . . . . 3", "2 Bells . . . . . . . . . . 5"]
    data = making.pdf_of_lines([[(72, base, line) for base, line in zip((720, 690, 678), lines, strict=True)]])

    document = read(folder, "a.pdf", data)

    assert sections_of(document) == [()]
    assert texts_of(document, BlockKind.LINES) == lines[1:]


def test_words_parted_at_line_ends_are_put_together_and_those_with_a_hyphen_keep_it(folder: Path) -> None:
    lines = [
        "The ambassador signed a well-known decla-",
        "ration on Monday, and the foreign minis-",
        "ter read it to the post-war parlia-",
        "ment. Nobody had asked for a well-",
        "known text, and it was filed in 1971-",
        "1972 by a clerk whom nobody knew now.",
    ]
    data = making.pdf_of_lines([[(72, 700 - 12 * number, line) for number, line in enumerate(lines)]])

    document = read(folder, "a.pdf", data)

    assert texts_of(document, BlockKind.PARAGRAPH) == [
        "The ambassador signed a well-known declaration on Monday, and the foreign minister read it to the post-war "
        "parliament. Nobody had asked for a well-known text, and it was filed in 1971-1972 by a clerk whom nobody knew "
        "now."
    ]


def test_two_columns_are_read_one_after_the_other(folder: Path) -> None:
    words = LONG.split()
    half = [" ".join(words[start : start + 6]) for start in range(0, len(words), 6)]
    left = [(60.0, 700.0 - 12 * number, line) for number, line in enumerate(half)]
    right = [(320.0, 700.0 - 12 * number, line) for number, line in enumerate(half)]

    document = read(folder, "a.pdf", making.pdf_of_lines([[*left, *right]]))

    assert " ".join(document.text.split()) == f"{LONG} {LONG}"


def test_list_items_of_a_pdf_are_each_their_own(folder: Path) -> None:
    lines = ["The rules are:", "\u2022 Write the message down and", "sign it with your name.", "\u2022 Send it."]
    data = making.pdf_of_lines([[(72, 700 - 12 * number, line) for number, line in enumerate(lines)]])

    document = read(folder, "a.pdf", data)

    assert texts_of(document, BlockKind.LINES) == [
        "Write the message down and sign it with your name.",
        "Send it.",
    ]


@pytest.mark.parametrize(
    ("said", "title"), [("A fair name", "A fair name"), ("Microsoft Word - x.docx", "On top"), ("untitled", "On top")]
)
def test_a_pdf_is_called_what_it_says_unless_a_program_said_it(folder: Path, said: str, title: str) -> None:
    document = read(folder, "a.pdf", making.pdf([("Heading1", "On top"), ("BodyText", LONG)], title=said))

    assert document.title == title


def test_a_quote_from_a_pdf_says_its_page_and_is_exact(folder: Path) -> None:
    (folder / "a.pdf").write_bytes(making.pdf([("BodyText", LONG), None, ("BodyText", OTHER)]))
    library = Library(corpus=folder, data=folder / ".data", embedder=WordEmbedder())
    library.reload()
    again = Library(corpus=folder, data=folder / ".data", embedder=WordEmbedder())
    again.open()

    quote = again.ask("How long does a baker keep the dough warm?", nearest=True).quotes[0]

    assert quote.citation.page == 2
    assert quote.text == library.document("a").text[quote.citation.span.start : quote.citation.span.end]
    assert "two hours" in quote.text


# ----------------------------------------------------------------------- DOCX


def test_headings_of_a_word_file_make_its_title_and_sections(folder: Path) -> None:
    blocks = [("Title", "The harbour"), ("Normal", LONG), ("Heading 1", "Bread"), ("Normal", OTHER)]
    blocks += [("Heading 2", "Rolls"), ("List Bullet", "Round ones."), ("List Bullet", "Long ones.")]

    document = read(folder, "a.docx", making.word(blocks))

    assert document.title == "The harbour"
    assert sections_of(document) == [(), ("Bread",), ("Bread", "Rolls")]
    assert texts_of(document, BlockKind.PARAGRAPH) == [LONG, OTHER]
    assert texts_of(document, BlockKind.LINES) == ["Round ones.", "Long ones."]
    assert document.pages == ()


def test_a_word_file_without_headings_is_called_by_its_properties(folder: Path) -> None:
    assert read(folder, "a.docx", making.word([("Normal", LONG)], title="From the properties")).title == (
        "From the properties"
    )


def test_footnotes_of_a_word_file_are_sources_of_the_sentences_that_bear_them(folder: Path) -> None:
    space = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    mark = '<w:r><w:footnoteReference w:id="2"/></w:r>'
    text = (
        f"<w:document {space}><w:body><w:p><w:r><w:t>One is noted.</w:t></w:r>{mark}"
        "<w:r><w:t xml:space='preserve'> Two is not.</w:t></w:r></w:p></w:body></w:document>"
    )
    notes = (
        f'<w:footnotes {space}><w:footnote w:id="2"><w:p><w:r><w:t>Log book, https://example.org/log</w:t></w:r></w:p>'
        "</w:footnote></w:footnotes>"
    )
    relations = (
        b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" '
        b'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/footnotes" Target="footnotes.xml"/>'
        b"</Relationships>"
    )
    data = making.word_with(
        {
            "word/document.xml": text.encode(),
            "word/footnotes.xml": notes.encode(),
            "word/_rels/document.xml.rels": relations,
        }
    )

    document = read(folder, "a.docx", data)

    assert sentence_texts(document) == ["One is noted.", "Two is not."]
    assert [source.url for source in document.sources] == ["https://example.org/log"]
    assert [document.text[: mark.position] for mark in document.marks] == ["One is noted."]


def test_tables_of_a_word_file_are_read_row_by_row(folder: Path) -> None:
    import io

    import docx

    file = docx.Document()
    table = file.add_table(rows=2, cols=2)
    for row, names in zip(table.rows, [("Month", "Work"), ("April", "Look for the queen")], strict=True):
        for cell, name in zip(row.cells, names, strict=True):
            cell.text = name
    out = io.BytesIO()
    file.save(out)

    document = read(folder, "a.docx", out.getvalue())

    assert texts_of(document, BlockKind.LINES) == ["Month | Work", "April | Look for the queen"]


# ----------------------------------------------------------------------- HTML

PAGE = making.webpage(
    "<nav><ul><li><a href=/>Home</a></li><li><a href=/shop>Shop</a></li></ul></nav>"
    f"<main><article><h1>The harbour</h1><p>{LONG}</p><h2>Bread</h2><p>{OTHER.replace('yeast', '<b>yeast</b>')}</p>"
    "<ul><li>Round ones are for the morning.</li><li>Long ones are for the evening.</li></ul></article></main>"
    "<script>alert('no')</script><footer>All rights reserved by nobody at all.</footer>",
    head="<title>The harbour | Site</title><meta property='og:site_name' content='Harbour Museum'>"
    "<meta property='article:published_time' content='1998-05-17T08:00:00Z'>"
    "<link rel=canonical href='https://example.org/harbour'>",
)


def test_a_web_page_is_read_without_what_surrounds_its_text(folder: Path) -> None:
    document = read(folder, "a.html", PAGE)

    assert texts_of(document, BlockKind.PARAGRAPH) == [LONG, OTHER]
    assert texts_of(document, BlockKind.LINES) == ["Round ones are for the morning.", "Long ones are for the evening."]
    assert sections_of(document) == [(), ("Bread",)]
    assert [document.text[start:end] for start, end in document.emphasis] == ["yeast"]


def test_what_a_page_says_of_itself_is_cited(folder: Path) -> None:
    metadata = read(folder, "a.htm", PAGE).metadata

    assert metadata == {
        "title": "The harbour | Site",
        "publisher": "Harbour Museum",
        "published": "1998-05-17",
        "url": "https://example.org/harbour",
    }


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "windows-1252"])
def test_pages_are_decoded_as_they_say(folder: Path, encoding: str) -> None:
    text = f"<html><head><meta charset={encoding}></head><body><p>Caf\u00e9 \u201cBleu\u201d. {LONG}</p></body></html>"

    document = read(folder, "a.html", text.encode(encoding))

    assert document.text.startswith("Caf\u00e9 \u201cBleu\u201d.")


# ----------------------------------------------------------------------- EPUB


def test_a_book_is_read_in_the_order_of_its_chapters(folder: Path) -> None:
    data = making.epub([f"<h1>One</h1><p>{LONG}</p>", f"<h1>Two</h1><h2>More</h2><p>{OTHER}</p>"], title="The book")

    document = read(folder, "a.epub", data)

    assert document.title == "The book"
    assert document.metadata["publisher"] == "Press"
    assert document.metadata["published"] == "1999-05-01"
    assert sections_of(document) == [(), ("One",), ("Two",), ("Two", "More")]
    assert texts_of(document, BlockKind.PARAGRAPH) == [LONG, OTHER]


# ------------------------------------------------------------- what is what


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("a.txt", making.pdf([("BodyText", LONG)]), LONG),
        ("a.md", making.word([("Normal", LONG)]), LONG),
        ("a.pdf", PAGE, LONG),
        ("a.txt", PAGE, LONG),
        ("a.docx", making.epub([f"<p>{LONG}</p>"]), LONG),
        ("a.pdf", LONG.encode(), LONG),
        ("a.md", b"Some *text* about %PDF-1.7 files.", "Some *text* about"),
    ],
)
def test_the_content_tells_the_format_and_not_the_name(folder: Path, name: str, data: bytes, words: str) -> None:
    assert words in read(folder, name, data).text


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.md", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(40), "Portable Network Graphics"),
        ("a.pdf", b"\xff\xd8\xff\xe0\0\x10JFIF\0" + bytes(40), "JPEG"),
        ("a.txt", b"\x7fELF" + bytes(60), "is not a document but binary data"),
        ("a.docx", bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600), "old Office format"),
        ("a.txt", rb"{\rtf1\ansi Text.}", "is RTF; save it as .docx"),
        ("a.docx", making.packed({"xl/workbook.xml": b"<a/>"}), "is a spreadsheet"),
        ("a.docx", making.packed({"ppt/presentation.xml": b"<a/>"}), "is a set of slides"),
        ("a.md", making.packed({"a.md": b"Text."}), "is an archive; unpack it"),
        ("a.pdf", b"Caf\xe9", "is no PDF, whatever its name says"),
    ],
)
def test_what_is_not_read_is_named_with_what_to_do(folder: Path, name: str, data: bytes, reason: str) -> None:
    with pytest.raises(DocumentError, match=reason):
        read(folder, name, data)


def test_characters_that_nobody_sees_are_left_out_and_ligatures_are_letters(folder: Path) -> None:
    body = f"<p>The of\ufb01ce\u200b is\u00a0open\u202e now. {LONG}</p>"

    document = read(folder, "a.html", making.webpage(body))

    assert document.text.startswith("The office is open now.")


def test_the_plain_reading_of_what_is_put_together_is_the_text_itself(folder: Path) -> None:
    for name, data in (("a.pdf", making.pdf([("BodyText", LONG)])), ("b.html", PAGE)):
        document = read(folder, name, data)

        assert document.hidden == ()
        assert document.plain(Span(0, len(document.text))) == " ".join(document.text.split())
