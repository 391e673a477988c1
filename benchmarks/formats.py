"""Ask the golden questions of the bundled corpus, and of the same documents as PDF, DOCX, HTML and EPUB.

    python -m benchmarks.formats

The copies are typeset by other programs than those that read them: PDF in justified lines with running heads, page
numbers and wrapped list items, HTML within a page with menus. What counts is whether a question's first quote has the
same words as with the documents themselves.
"""

from __future__ import annotations

import html
import io
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import docx
from reportlab.lib.enums import TA_JUSTIFY
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle, getSampleStyleSheet
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, ListFlowable, ListItem, Paragraph, SimpleDocTemplate

from benchmarks.results import write_results
from index import Answer, Document, Library, SentenceTransformerEmbedder
from index.questions import GOLDEN_QUESTIONS, EvaluationQuestion, read_golden_questions
from index.reading import read_document, scan
from index.values import BlockKind

CORPUS = Path("corpus")
MENU = "".join(f'<li><a href="/{name}">{name.title()}</a></li>' for name in ("home", "about", "news", "contact"))

Typeset = Callable[[Document], bytes]
Piece = tuple[BlockKind, int, str]
"""What a block is, a heading's level, and its plain reading."""


def main() -> None:
    formats: dict[str, tuple[str, Typeset]] = {
        ".md": ("Markdown without footnotes", as_markdown),
        ".pdf": ("PDF", as_pdf),
        ".docx": ("DOCX", as_word),
        ".html": ("HTML", as_webpage),
        ".epub": ("EPUB", as_epub),
    }
    embedder = SentenceTransformerEmbedder()
    documents = {file.id: read_document(CORPUS, file) for file in scan(CORPUS)[0]}
    texts = {name: document.text for name, document in documents.items()}
    questions = [item for item in read_golden_questions(CORPUS / GOLDEN_QUESTIONS, texts)[0] if item.is_answerable]
    rows = [["the documents as", "same first quote", "hit@1", "hit@3"]]
    with tempfile.TemporaryDirectory() as folder:
        own = _answers(CORPUS, Path(folder, "data"), embedder, questions)
        rows.append(["Markdown, as they are", "", *_hits(own, questions, documents)])
        for suffix, (label, typeset) in formats.items():
            copies = Path(folder, suffix[1:])
            for name, document in documents.items():
                path = copies / f"{name}{suffix}"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(typeset(document))
            answers = _answers(copies, Path(folder, "data"), embedder, questions)
            same = sum(_first(one) == _first(other) for one, other in zip(own, answers, strict=True))
            share = f"{same / len(questions):.3f}"
            rows.append([label, share, *_hits(answers, questions, documents)])
    write_results(
        "formats",
        "The same documents in other formats",
        "python -m benchmarks.formats",
        rows,
        f"{len(questions)} golden questions, asked with `--nearest` of {len(documents)} documents.",
    )


def _answers(
    corpus: Path, data: Path, embedder: SentenceTransformerEmbedder, questions: Sequence[EvaluationQuestion]
) -> list[list[str]]:
    """The plain readings of each question's quotes, best first."""
    library = Library(corpus=corpus, data=data, embedder=embedder)
    library.reload()
    return [_quotes(library, library.ask(question.text, nearest=True)) for question in questions]


def _quotes(library: Library, answer: Answer) -> list[str]:
    return [library.document(quote.citation.document).plain(quote.citation.span) for quote in answer.quotes]


def _first(quotes: list[str]) -> str:
    return quotes[0] if quotes else ""


def _hits(
    answers: Sequence[list[str]], questions: Sequence[EvaluationQuestion], documents: dict[str, Document]
) -> tuple[str, str]:
    """Shares of questions of which one of the first quotes, and of the first three, has a piece of evidence whole."""
    wanted = [[documents[piece.document].plain(piece.span) for piece in item.evidence] for item in questions]
    shares = (
        sum(
            any(text in quote for quote in quotes[:count] for text in texts)
            for quotes, texts in zip(answers, wanted, strict=True)
        )
        for count in (1, 3)
    )
    one, three = (f"{share / len(questions):.3f}" for share in shares)
    return one, three


# ------------------------------------------------------------------------ typesetting


def _pieces(document: Document) -> Iterator[Piece]:
    for block in document.blocks:
        depth = len(document.sections[block.section])
        yield block.kind, 1 + depth, document.plain(block.span)


def as_markdown(document: Document) -> bytes:
    marks = {BlockKind.LINES: "- ", BlockKind.PARAGRAPH: ""}
    parts = [
        (f"{'#' * level} " if kind is BlockKind.HEADING else marks[kind]) + text
        for kind, level, text in _pieces(document)
    ]
    return f"---\ntitle: {document.title!r}\n---\n{chr(10).join(part + chr(10) for part in parts)}".encode()


def as_pdf(document: Document) -> bytes:
    styles = getSampleStyleSheet()
    body = ParagraphStyle("justified", parent=styles["BodyText"], alignment=TA_JUSTIFY)

    def edges(canvas: Canvas, page: SimpleDocTemplate) -> None:
        canvas.setFont("Helvetica", 8)
        canvas.drawString(72, 810, document.title)
        canvas.drawRightString(523, 810, "Dissent Channel papers")
        canvas.drawCentredString(297, 28, f"- {page.page} -")

    flow: list[Flowable] = []
    for kind, level, text in _pieces(document):
        shown = html.escape(text)
        if kind is BlockKind.HEADING:
            flow.append(Paragraph(shown, styles[f"Heading{min(level, 6)}"]))
        elif kind is BlockKind.LINES:
            flow.append(ListFlowable([ListItem(Paragraph(shown, body))], bulletType="bullet", start="\u2022"))
        else:
            flow.append(Paragraph(shown, body))
    out = io.BytesIO()
    SimpleDocTemplate(out, pagesize=A4, title=document.title).build(flow, onFirstPage=edges, onLaterPages=edges)
    return out.getvalue()


def as_word(document: Document) -> bytes:
    file = docx.Document()
    file.core_properties.title = document.title
    for kind, level, text in _pieces(document):
        style = "Title" if level == 1 else f"Heading {level - 1}"
        named = {BlockKind.HEADING: style, BlockKind.LINES: "List Bullet", BlockKind.PARAGRAPH: "Normal"}
        file.add_paragraph(text, style=named[kind])
    out = io.BytesIO()
    file.save(out)
    return out.getvalue()


def _as_html(document: Document) -> str:
    tags = {BlockKind.LINES: "ul><li", BlockKind.PARAGRAPH: "p"}
    parts = []
    for kind, level, text in _pieces(document):
        tag = f"h{level}" if kind is BlockKind.HEADING else tags[kind]
        closing = "</li></ul>" if kind is BlockKind.LINES else f"</{tag}>"
        parts.append(f"<{tag}>{html.escape(text)}{closing}")
    return "\n".join(parts)


def as_webpage(document: Document) -> bytes:
    return (
        f"<!doctype html><html lang=en><head><meta charset=utf-8><title>{html.escape(document.title)}</title></head>"
        f"<body><header><nav><ul>{MENU}</ul></nav></header><main><article>{_as_html(document)}</article></main>"
        f"<aside><h3>More</h3><ul>{MENU}</ul></aside><footer><p>All rights reserved. Privacy policy.</p></footer>"
        "</body></html>"
    ).encode()


def as_epub(document: Document) -> bytes:
    parts = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": (
            '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
            '<rootfile full-path="book.opf"/></rootfiles></container>'
        ),
        "book.opf": (
            '<package xmlns="http://www.idpf.org/2007/opf"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/">'
            f"<dc:title>{html.escape(document.title)}</dc:title></metadata>"
            '<manifest><item id="a" href="a.xhtml"/></manifest><spine><itemref idref="a"/></spine></package>'
        ),
        "a.xhtml": f"<html><head><meta charset='utf-8'/></head><body>{_as_html(document)}</body></html>",
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return out.getvalue()


if __name__ == "__main__":
    main()
