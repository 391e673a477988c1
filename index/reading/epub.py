"""EPUB: the chapters of a book in the order of its spine."""

from __future__ import annotations

import posixpath
import re
import urllib.parse
from typing import Any

import lxml.etree
import lxml.html

from index.errors import DocumentError
from index.reading.archive import open_archive, part_of
from index.reading.flow import Flow, one_line
from index.reading.outline import Reading
from index.reading.tree import read_tree
from index.reading.webpage import decode_webpage
from index.reading.word import safe_parser

CONTAINER = "META-INF/container.xml"


def read_epub(data: bytes) -> Reading:
    """Read a book; its headings make sections.

    Raises:
        DocumentError: It is damaged, locked, or a bomb.
    """
    archive = open_archive(data)
    package_path = _xml(part_of(archive, CONTAINER)).xpath("string(//*[local-name()='rootfile']/@full-path)")
    if not package_path:
        raise DocumentError("does not name the part that lists its chapters; save it again")
    package = _xml(part_of(archive, package_path))
    if "META-INF/encryption.xml" in archive.namelist() and "META-INF/rights.xml" in archive.namelist():
        raise DocumentError("is locked to its reader; save it without copy protection")
    addresses = {
        item.get("id"): item.get("href", "")
        for item in package.xpath("//*[local-name()='manifest']/*[local-name()='item']")
    }
    title = _said(package, "title")
    flow = Flow(title=title or None)
    for reference in package.xpath("//*[local-name()='spine']/*[local-name()='itemref']/@idref"):
        address = urllib.parse.unquote(addresses.get(reference, "").split("#")[0])
        if not address:
            continue
        name = posixpath.normpath(posixpath.join(posixpath.dirname(package_path), address))
        chapter = decode_webpage(part_of(archive, name))
        chapter = re.sub(r"\A\s*<\?xml[^>]*\?>", "", chapter).replace("\0", "")
        if chapter.strip():
            page = lxml.html.document_fromstring(chapter, parser=lxml.html.HTMLParser(no_network=True))
            body = page.find(".//body")
            read_tree(page if body is None else body, flow)
    day = re.match(r"\d{4}(-\d\d(-\d\d)?)?", _said(package, "date"))
    return flow.build(title=title, publisher=_said(package, "publisher"), published=day[0] if day else None)


def _xml(data: bytes) -> Any:
    try:
        return lxml.etree.fromstring(data, safe_parser())
    except lxml.etree.XMLSyntaxError as error:
        raise DocumentError("is damaged; save it again") from error


def _said(package: Any, name: str) -> str:
    return one_line(package.xpath(f"string(//*[local-name()='metadata']/*[local-name()='{name}'])"))
