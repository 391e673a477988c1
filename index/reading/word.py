"""DOCX: text, headings, lists, tables and footnotes by mammoth."""

from __future__ import annotations

import io
from typing import Any

import lxml.etree
import lxml.html

from index.errors import DocumentError
from index.reading.archive import open_archive, part_of
from index.reading.flow import Flow, one_line
from index.reading.markdown import source_of
from index.reading.outline import Reading
from index.reading.tree import SOURCE, read_tree
from index.values import Source

CONTENT = "word/document.xml"
PROPERTIES = "docProps/core.xml"
TITLE_STYLE = "p[style-name='Title'] => h1:fresh\np[style-name='Subtitle'] => p:fresh"

_NOTE = ("footnote-", "endnote-")


def read_word(data: bytes) -> Reading:
    """Read a DOCX file; its styles "Title" and "Heading 1" to "Heading 6" make title and sections.

    Raises:
        DocumentError: It is damaged, locked, a bomb, or declares entities, which Word never does.
    """
    import mammoth

    archive = open_archive(data)
    for entry in archive.infolist():
        if entry.filename.endswith((".xml", ".rels")) and _declares_type(part_of(archive, entry.filename)):
            raise DocumentError(
                "declares entities of its own in {part}, which Word never does", part=repr(entry.filename)
            )
    try:
        result = mammoth.convert_to_html(
            io.BytesIO(data),
            style_map=TITLE_STYLE,
            id_prefix="",
            convert_image=mammoth.images.img_element(lambda image: {"src": ""}),
        )
    except DocumentError:
        raise
    except (MemoryError, RecursionError):
        raise
    except Exception as error:  # mammoth lets whatever it stumbles over through
        raise DocumentError("is damaged or no Word document; save it again") from error
    flow = Flow()
    sources: list[Source] = []
    if result.value.strip():
        root = lxml.html.fragment_fromstring(result.value, create_parent="div")
        sources = _notes(root)
        read_tree(root, flow)
    title = _property(archive.read(PROPERTIES), "title") if PROPERTIES in archive.namelist() else ""
    return flow.build(sources, title=title)


def _declares_type(xml: bytes) -> bool:
    """Whether a part has a document type, in UTF-8 or, which is that with zeros in between, in UTF-16."""
    return b"<!DOCTYPE" in xml.replace(b"\0", b"")


def _notes(root: Any) -> list[Source]:
    """Take footnotes out of a tree, as sources; what stands for each mark says which it is."""
    sources: list[Source] = []
    numbers: dict[str, int] = {}
    for item in root.xpath(".//li[@id]"):
        name = item.get("id")
        if name.startswith(_NOTE):
            for back in item.xpath(".//a[starts-with(@href, '#')]"):
                back.drop_tree()
            numbers[name] = len(sources)
            text = one_line(item.text_content())
            sources.append(source_of(text) if text else Source(title=name))
            item.drop_tree()
    for link in root.xpath(".//a[starts-with(@href, '#')]"):
        number = numbers.get(link.get("href")[1:])
        if number is not None:
            mark = lxml.html.Element("span", {SOURCE: str(number)})
            mark.tail = link.tail
            link.getparent().replace(link, mark)
    return sources


def _property(data: bytes, name: str) -> str:
    try:
        root = lxml.etree.fromstring(data, safe_parser())
    except lxml.etree.XMLSyntaxError:
        return ""
    found = root.find(f".//{{*}}{name}")
    return one_line(found.text or "") if found is not None else ""


def safe_parser() -> Any:
    """Of XML: no entity is looked up, neither here nor elsewhere."""
    return lxml.etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
