"""HTML: the main text of a page by trafilatura, without menus, banners and comments."""

from __future__ import annotations

import codecs
import re
from typing import Any

import lxml.etree
import lxml.html

from index.errors import DocumentError
from index.reading.flow import Flow, one_line
from index.reading.outline import Reading
from index.reading.tree import read_tree

_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]+)", re.IGNORECASE)
_DECLARATION = re.compile(r"\A\s*<\?xml[^>]*\?>")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


def read_webpage(data: bytes) -> Reading:
    """Read a page.

    What it says of itself in its head (title, site, day, address) is kept; nothing is guessed from its text.

    Raises:
        DocumentError: It has no main text.
    """
    from trafilatura import bare_extraction  # 0.2 s that no other format needs

    page = _parsed(decode_webpage(data))
    head = _Head(page)
    found = bare_extraction(page, include_comments=False, include_formatting=True, include_tables=True)
    if found is None or isinstance(found, dict) or found.body is None:
        raise DocumentError("has no main text; a page that a program fills in has to be saved as text or PDF")
    flow = Flow()
    read_tree(found.body, flow)
    return flow.build(title=head.title, publisher=head.meta("og:site_name"), published=head.published, url=head.address)


def decode_webpage(data: bytes) -> str:
    """Decode a page as browsers do: a byte order mark, what it declares, UTF-8, and else Windows' Latin letters."""
    declared = _CHARSET.search(data[:2048])
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encodings = ["utf-16"]
    elif data.startswith(codecs.BOM_UTF8):
        encodings = ["utf-8-sig"]
    else:
        encodings = [declared[1].decode("ascii")] if declared else []
        encodings += ["utf-8", "cp1252"]
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            continue
    return data.decode(encodings[-1], errors="replace")


def _parsed(text: str) -> Any:
    try:
        parser = lxml.html.HTMLParser(no_network=True, remove_pis=True)
        page = lxml.html.document_fromstring(_DECLARATION.sub("", text).replace("\0", ""), parser=parser)
    except (lxml.etree.LxmlError, ValueError) as error:
        raise DocumentError("is no web page that can be read; save it again") from error
    return page


class _Head:
    """What a page says of itself, each only where it is said plainly."""

    def __init__(self, page: Any) -> None:
        self._meta = {
            (element.get("property") or element.get("name") or "").lower(): one_line(element.get("content") or "")
            for element in page.iterfind(".//meta")
        }
        title = page.find(".//head/title")
        self.title = self.meta("og:title") or (one_line(title.text_content()) if title is not None else "")
        day = _DAY.match(self.meta("article:published_time") or self.meta("dc.date") or self.meta("date"))
        self.published = day[0] if day else None
        address = next(
            (link.get("href") for link in page.iterfind(".//link") if (link.get("rel") or "").lower() == "canonical"),
            "",
        )
        address = address or self.meta("og:url")
        self.address = address if re.fullmatch(r"https?://[^\s<>\"]{1,500}", address or "") else None

    def meta(self, name: str) -> str:
        return self._meta.get(name, "")
