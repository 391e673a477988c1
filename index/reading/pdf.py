"""PDF: lines by pdfium, put together into flowing paragraphs with headings, each with its page.

A PDF only says where letters stand. What belongs together is told from that: line distances, sizes, indents, and
whether the next word would have fitted.
"""

from __future__ import annotations

import ctypes
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Any

from index.errors import DocumentError
from index.reading.flow import Flow, Piece, cleaned, one_line
from index.reading.outline import Reading
from index.values import BlockKind

MAX_PAGES = 2_000
LINE_HYPHEN = 2
LARGER = 1.12
"""A heading's letters are larger than those of the text by this factor."""
HEADING_CHARACTERS = 200
NEW_PARAGRAPH = 1.25
"""A line that stands further below than the usual distance by this factor begins a paragraph."""
EDGE_LINES = 2
"""So many lines at the top and bottom of a page may be running ones, if they stand apart from the text."""
APART = 1.6
"""Times the size of their letters."""
RUNNING_PAGES = 2
RUNNING_SHARE = 0.3

_OBJECT = re.compile(rb"\d\s+\d+\s+obj\b")
_BULLET = re.compile(r"[\u2022\u2023\u25aa\u25cf\u25e6\u2043\uf0b7\u00b7\u2219*\u2013\u2014-]\s+(?=\S)")
_NUMBER = re.compile(r"(?:\(?\d{1,2}[.)]|\([a-z]\))\s+\S")
_LEADER = re.compile(r"(?:\.\s?){5,}|\u2026{2,}")
_END = re.compile(r"[.!?:;][\"'\u2019\u201d)\]]*$")
_LINE_HYPHEN = re.compile(r"(?<=\w)[-\u00ad\u2010\u0002\ufffe]$")
_PAGE_NUMBER = re.compile(r"\W*(?:page\s*)?(\d{1,4})(?:\s*(?:of|/)\s*\d{1,4})?\W*", re.IGNORECASE)
_NO_TITLE = re.compile(
    r"untitled|\(?anonymous\)?|microsoft word - .*|.*\.(?:docx?|pdf|indd|rtf|tex|dvi)", re.IGNORECASE
)


@dataclass(slots=True)
class _Line:
    """A line of letters; lengths in points, upwards and to the right."""

    text: str
    page: int
    left: float
    right: float
    base: float
    size: float
    first_word: float
    """Width of the first word."""
    is_bold: bool


def read_pdf(data: bytes) -> Reading:
    """Read a PDF.

    Raises:
        DocumentError: It is damaged, cut off, locked, too long, or has no text, as a scan has none.
    """
    import pypdfium2

    if not _is_whole(data):
        raise DocumentError("ends in the middle; save or download it again")
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if error.err_code == pypdfium2.raw.FPDF_ERR_PASSWORD:
            raise DocumentError("is locked with a password; save it without one") from error
        raise DocumentError("is a damaged PDF; save or download it again") from error
    count = len(document)
    if count > MAX_PAGES:
        raise DocumentError(
            "has {pages} pages; the limit is {limit}, so split it", pages=f"{count:,}", limit=f"{MAX_PAGES:,}"
        )
    pages: list[list[_Line]] = []
    for number in range(count):
        try:
            page = document[number]
            pages.append(list(_lines(page.get_textpage(), number + 1)))
            page.close()
        except pypdfium2.PdfiumError as error:
            raise DocumentError("is damaged on page {page}; save or download it again", page=number + 1) from error
    if not any(pages):
        raise DocumentError("has no text, only pictures; run text recognition (OCR) on it first")
    title = one_line(document.get_metadata_dict().get("Title", ""))
    return _flow(_without_running(pages), "" if _NO_TITLE.fullmatch(title) else title)


def _is_whole(data: bytes) -> bool:
    """Whether a file says that it ends, with none of its objects behind: others may pad it with what they like."""
    end = data.rfind(b"%%EOF")
    return end >= 0 and _OBJECT.search(data, end) is None


def _lines(page: Any, number: int) -> Iterator[_Line]:
    """The lines of a page in the order of the file."""
    from pypdfium2 import raw

    codes = [raw.FPDFText_GetUnicode(page, index) for index in range(page.count_chars())]
    x, y, box = ctypes.c_double(), ctypes.c_double(), raw.FS_RECTF()
    begin = 0
    # a hyphen at the end of a line comes as 2, with the next line right behind it
    ends = [index + (code == LINE_HYPHEN) for index, code in enumerate(codes) if code in (LINE_HYPHEN, 10, 13)]
    for end in [*ends, len(codes)]:
        shown = [index for index in range(begin, end) if not chr(codes[index]).isspace()]
        begin = end
        if not shown:
            continue
        text = _text(codes[shown[0] : shown[-1] + 1])
        word_end = next((index for index in range(shown[0], end) if chr(codes[index]).isspace()), end) - 1
        sizes = []
        for index in (shown[0], shown[len(shown) // 2], shown[-1]):  # a bullet is larger than its text, as a rule
            raw.FPDFText_GetLooseCharBox(page, index, box)
            sizes.append(box.top - box.bottom)
        raw.FPDFText_GetCharOrigin(page, shown[0], x, y)
        left, size = x.value, median(sizes)
        raw.FPDFText_GetLooseCharBox(page, word_end, box)
        first_word = box.right - left
        raw.FPDFText_GetLooseCharBox(page, shown[-1], box)
        is_bold = _is_bold(page, shown[0]) and _is_bold(page, shown[-1])
        yield _Line(text, number, left, max(box.right, left), y.value, max(size, 0.1), first_word, is_bold)


def _text(codes: Sequence[int]) -> str:
    """UTF-16 code units as text; half a letter is dropped."""
    units = b"".join(code.to_bytes(2, "little") for code in codes if 0 < code < 0x10000)
    return units.decode("utf-16-le", errors="ignore")


def _is_bold(page: Any, index: int) -> bool:
    from pypdfium2 import raw

    name, flags = ctypes.create_string_buffer(128), ctypes.c_int()
    raw.FPDFText_GetFontInfo(page, index, name, 128, flags)
    return b"bold" in name.value.lower() or raw.FPDFText_GetFontWeight(page, index) >= 600


# ------------------------------------------------------------------ running lines


def _without_running(pages: Sequence[list[_Line]]) -> list[_Line]:
    """All lines but those that pages repeat at their edges, with any number in place of another, and page numbers.

    Where nothing else stands on any page, as on certificates, they are the text.
    """
    places = [{id(line): _form(line) for line in _edges(lines)} for lines in pages]
    counts = Counter(form for page in places for form in set(page.values()))
    enough = max(RUNNING_PAGES, RUNNING_SHARE * len(pages))

    def is_running(form: tuple[str, int]) -> bool:
        is_number = not re.search(r"[^\W_]", form[0])  # some chapters begin with pages that have it elsewhere
        return counts[form] >= (RUNNING_PAGES if is_number else enough)

    rest = [
        line
        for lines, edges in zip(pages, places, strict=True)
        for line in lines
        if id(line) not in edges or not (_is_page_number(line) or is_running(edges[id(line)]))
    ]
    return rest or [line for lines in pages for line in lines]


def _edges(lines: Sequence[_Line]) -> list[_Line]:
    """The lines at the top and bottom of a page that stand apart from its text."""
    by_height = sorted(lines, key=lambda line: -line.base)
    return [*_apart(by_height), *_apart(by_height[::-1])]


def _apart(lines: Sequence[_Line]) -> Sequence[_Line]:
    """The first few lines up to a gap."""
    for number in range(min(EDGE_LINES, len(lines) - 1), 0, -1):
        if abs(lines[number].base - lines[number - 1].base) > APART * lines[number - 1].size:
            return lines[:number]
    return lines if len(lines) == 1 else ()


def _form(line: _Line) -> tuple[str, int]:
    """What running lines have in common: their words, and how high they stand."""
    return re.sub(r"\d+|\b[ivxl]+\b", "#", one_line(line.text).casefold()), round(line.base / 4)


def _is_page_number(line: _Line) -> bool:
    number = _PAGE_NUMBER.fullmatch(one_line(line.text))
    return number is not None and int(number[1]) == line.page


# --------------------------------------------------------------------- paragraphs


def _flow(lines: Sequence[_Line], title: str) -> Reading:
    """Lines as headings, paragraphs and list items."""
    body = _usual_size(lines)
    distances = _usual_distances(lines)
    edges = _right_edges(lines)
    paragraphs: list[list[_Line]] = []
    for line in lines:
        if paragraphs and not _begins(line, paragraphs[-1], distances, edges):
            paragraphs[-1].append(line)
        else:
            paragraphs.append([line])
    sizes = sorted({round(group[0].size) for group in paragraphs if _is_heading(group, body)}, reverse=True)
    words = Counter(word for line in lines for word in re.findall(r"\w+(?:-\w+)*", cleaned(line.text.casefold())))
    flow = Flow()
    for group in paragraphs:
        pieces = _joined(group, words)
        if _is_heading(group, body):
            flow.add(BlockKind.HEADING, pieces, level=min(6, 1 + sizes.index(round(group[0].size))))
        elif bullet := _BULLET.match(pieces[0].text):
            pieces[0] = pieces[0]._replace(text=pieces[0].text[bullet.end() :])
            flow.add(BlockKind.LINES, pieces)
        elif _NUMBER.match(pieces[0].text) or _LEADER.search(group[0].text):
            flow.add(BlockKind.LINES, pieces)
        else:
            flow.add(BlockKind.PARAGRAPH, pieces)
    return flow.build(title=title)


def _usual_size(lines: Iterable[_Line]) -> float:
    """The size of most letters."""
    letters: Counter[float] = Counter()
    for line in lines:
        letters[round(line.size, 1)] += len(line.text)
    return min(letters, key=lambda size: (-letters[size], size))


def _usual_distances(lines: Sequence[_Line]) -> dict[int, float]:
    """The distance between neighbouring lines, by size."""
    found: defaultdict[int, list[float]] = defaultdict(list)
    for above, below in pairwise(lines):
        distance = above.base - below.base
        if above.page == below.page and _same_size(above, below) and 0 < distance < 3 * below.size:
            found[round(below.size)].append(distance)
    return {size: min(median(distances), 1.7 * size) for size, distances in found.items()}


def _right_edges(lines: Iterable[_Line]) -> dict[tuple[int, int], float]:
    """How far to the right the lines of a column reach, by page and left edge."""
    edges: dict[tuple[int, int], float] = {}
    for line in lines:
        place = (line.page, round(line.left / 20))
        edges[place] = max(edges.get(place, 0.0), line.right)
    return edges


def _begins(
    line: _Line, paragraph: Sequence[_Line], distances: dict[int, float], edges: dict[tuple[int, int], float]
) -> bool:
    """Whether a line begins a paragraph rather than going on with one."""
    last = paragraph[-1]
    if not _same_size(line, last) or (line.is_bold != last.is_bold and (line.is_bold or _all_bold(paragraph))):
        return True
    if _BULLET.match(line.text) or _NUMBER.match(line.text) or _LEADER.search(last.text):
        return True
    is_ended = _END.search(last.text) is not None
    distance = last.base - line.base
    if line.page != last.page or distance < -line.size:  # a new page or column
        return is_ended or _all_bold(paragraph)
    if abs(distance) < 0.3 * line.size:  # side by side
        return False
    if distance > NEW_PARAGRAPH * distances.get(round(line.size), 1.4 * line.size):
        return True
    margin = paragraph[1].left if len(paragraph) > 1 else last.left
    if is_ended and line.left > margin + 0.8 * line.size:
        return True
    right = max(edges.get((line.page, round(place.left / 20)), 0.0) for place in paragraph)
    return last.right + line.first_word + 0.5 * line.size < right and (is_ended or right - last.right > 0.5 * right)


def _same_size(one: _Line, other: _Line) -> bool:
    return abs(one.size - other.size) <= 0.11 * max(one.size, other.size)


def _all_bold(lines: Iterable[_Line]) -> bool:
    return all(line.is_bold for line in lines)


def _is_heading(group: Sequence[_Line], body: float) -> bool:
    length = sum(len(line.text) for line in group)
    if length > HEADING_CHARACTERS or not any(letter.isalpha() for letter in group[0].text):
        return False
    if any(_LEADER.search(line.text) for line in group):  # a table of contents
        return False
    is_larger = group[0].size > LARGER * body
    return is_larger or (_all_bold(group) and length <= HEADING_CHARACTERS // 2 and group[-1].text[-1] not in ".,;:")


def _joined(group: Sequence[_Line], words: Counter[str]) -> list[Piece]:
    """The text of a paragraph, words that were parted at line ends put together again."""
    pieces: list[Piece] = []
    for line, following in zip(group, [*group[1:], None], strict=True):
        text = line.text
        hyphen = _LINE_HYPHEN.search(text)
        if following is None:
            ending = ""
        elif hyphen is None:
            ending = " "
        else:
            text, ending = text[: hyphen.start()], _hyphen_between(text[: hyphen.start()], following.text, words)
        pieces.append(Piece(text + ending, page=line.page))
    return pieces


def _hyphen_between(before: str, after: str, words: Counter[str]) -> str:
    """The hyphen where the word has one anyway, which its other places tell; else nothing."""
    first = re.search(r"\w+(?:-\w+)*$", cleaned(before.casefold()))
    second = re.match(r"\w+(?:-\w+)*", cleaned(after.casefold()))
    if first is None or second is None or not after[0].islower():
        return "-"
    hyphened, whole = words[f"{first[0]}-{second[0]}"], words[first[0] + second[0]]
    return "-" if hyphened > whole else ""
