"""Files of every format that is read, and of some that are not, made by the tests that need them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence

import docx
from reportlab.lib.pagesizes import A4
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import PageBreak, Paragraph, SimpleDocTemplate

STYLES = getSampleStyleSheet()


def pdf(
    blocks: Iterable[tuple[str, str] | None],
    *,
    title: str = "",
    header: str = "",
    password: str | None = None,
    hyphenates: bool = False,
) -> bytes:
    """A PDF, typeset by a real program.

    Args:
        blocks: Style and text of each, "BodyText" and "Heading1" to "Heading6"; None begins a page.
        title: What the file says it is called.
        header: Above each page; its number is below.
        password: Which opens it.
        hyphenates: Whether narrow columns break long words.
    """

    def edges(canvas: Canvas, document: SimpleDocTemplate) -> None:
        canvas.setFont("Helvetica", 8)
        canvas.drawString(72, 810, header)
        canvas.drawCentredString(297, 25, f"Page {document.page}")

    out = io.BytesIO()
    document = SimpleDocTemplate(
        out,
        pagesize=A4,
        title=title,
        encrypt=StandardEncryption(password, canPrint=0) if password else None,
        rightMargin=300 if hyphenates else 72,
    )
    flow = [PageBreak() if block is None else Paragraph(block[1], STYLES[block[0]]) for block in blocks]
    document.build(flow, onFirstPage=edges, onLaterPages=edges)
    return out.getvalue()


def pdf_of_lines(pages: Sequence[Sequence[tuple[float, float, str]]]) -> bytes:
    """A PDF that says only where each line stands: left, base line, text."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4)
    for lines in pages:
        canvas.setFont("Helvetica", 10)
        for left, base, text in lines:
            canvas.drawString(left, base, text)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def word(blocks: Iterable[tuple[str, str]], *, title: str = "") -> bytes:
    """A DOCX file of blocks, each with its style: "Title", "Heading 1", "Normal", "List Bullet"."""
    document = docx.Document()
    document.core_properties.title = title
    for style, text in blocks:
        document.add_paragraph(text, style=style)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def word_with(parts: Mapping[str, bytes]) -> bytes:
    """A small DOCX file in which some parts are replaced or added."""
    base = zipfile.ZipFile(io.BytesIO(word([("Normal", "Some text.")])))
    return packed({name: base.read(name) for name in base.namelist()} | dict(parts))


def packed(parts: Mapping[str, bytes]) -> bytes:
    """A ZIP archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return out.getvalue()


def epub(chapters: Sequence[str], *, title: str = "A book") -> bytes:
    """A book of chapters in HTML."""
    items = "".join(
        f'<item id="c{number}" href="text/c%20{number}.xhtml" media-type="application/xhtml+xml"/>'
        for number in range(len(chapters))
    )
    spine = "".join(f'<itemref idref="c{number}"/>' for number in range(len(chapters)))
    package = (
        '<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf" version="3.0">'
        f'<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{title}</dc:title>'
        "<dc:publisher>Press</dc:publisher><dc:date>1999-05-01T00:00:00Z</dc:date></metadata>"
        f"<manifest>{items}</manifest><spine>{spine}</spine></package>"
    )
    container = (
        '<?xml version="1.0"?><container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" version="1.0">'
        '<rootfiles><rootfile full-path="OPS/book.opf"/></rootfiles></container>'
    )
    parts = {
        "mimetype": b"application/epub+zip",
        "META-INF/container.xml": container.encode(),
        "OPS/book.opf": package.encode(),
    }
    parts |= {
        f"OPS/text/c {number}.xhtml": f'<?xml version="1.0"?><html><body>{chapter}</body></html>'.encode()
        for number, chapter in enumerate(chapters)
    }
    return packed(parts)


def webpage(body: str, *, head: str = "") -> bytes:
    """A web page in UTF-8."""
    return f"<!doctype html><html><head><meta charset=utf-8>{head}</head><body>{body}</body></html>".encode()
