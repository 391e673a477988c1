"""What is wrong with the documents of a corpus: what an author should mend before people are quoted from it."""

from __future__ import annotations

import datetime
import re
import unicodedata
import urllib.parse
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import combinations, pairwise
from pathlib import Path

import Stemmer
from rapidfuzz.distance import DamerauLevenshtein

from index.embedding import Embedder
from index.errors import DocumentError, QuestionsError
from index.keywords import terms
from index.questions import GOLDEN_QUESTIONS, read_golden_questions
from index.reading import decode, read_document, scan
from index.splitting import split
from index.twins import find_twins
from index.values import Document, Passage, Source, Twin

REQUIRED_KEYS = ("title", "summary", "updated", "licence")
DATE_KEYS = ("published", "updated")

MAY_REPEAT = frozenset({"timeline", "glossary", "faq"})
"""Documents with one of these tags may repeat what others say."""

SHINGLE_TERMS = 3
REPEATED_SHARE = 0.5
"""Of two passages, one nearly repeats the other if the other has this share of its shingles."""
SHINGLES_AT_LEAST = 8

NAME_LETTERS = 5
"""Shorter names differ by a letter as a rule (Iran, Iraq)."""
LONE_NAME_LETTERS = 7
"""So do names shorter than this, where nothing but their letters says that they are one (Malan, Milan)."""

_MARK = re.compile(r"\[\^[^\]\s]+\]")
_LINK = re.compile(r"\]\(\s*<?([^()\s<>]*(?:\([^()\s]*\)[^()\s<>]*)*)>?[^()]*\)")
_HOST = re.compile(r"(?:[\w-]+\.)+[^\W\d_]{2,}")
_ISO_DATE = re.compile(r"\d{4}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?)?")
_MONTHS = "January February March April May June July August September October November December".split()
_DATE = re.compile(rf"\b(\d{{1,2}}) ({'|'.join(_MONTHS)}) (\d{{4}})\b")
_WORD = re.compile(r"[^\W\d_]+(?:[-'\u2019][^\W\d_]+)*")
_stem = Stemmer.Stemmer("english")


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to mend; a remark is only worth a look."""

    path: str
    line: int | None
    what: str
    is_remark: bool = False


@dataclass(frozen=True, slots=True)
class _Read:
    """A document with its passages, none of whose sentences was cut to fit a model."""

    document: Document
    passages: tuple[Passage, ...]
    front_lines: int | None
    """Lines ahead of the text in its file; None where the text was taken out of a format without lines."""

    def finding(self, what: str, offset: int | None = None, *, is_remark: bool = False) -> Finding:
        """A finding at an offset of the document's text, or on the whole document."""
        line = None
        if offset is not None and self.front_lines is not None:
            line = self.front_lines + self.document.text.count("\n", 0, offset) + 1
        return Finding(self.document.path, line, what, is_remark)


def check_corpus(corpus: Path, embedder: Embedder, *, today: datetime.date | None = None) -> tuple[Finding, ...]:
    """Look for what is wrong with the documents and golden questions of a folder; nothing is changed.

    Args:
        corpus: The folder.
        embedder: Says which sentences it can read whole.
        today: What is later lies in the future; the system's day in UTC by default.

    Returns:
        Findings in order of path and line.

    Raises:
        CorpusError: The folder is missing or cannot be listed.
    """
    today = today or datetime.datetime.now(datetime.UTC).date()
    files, failures = scan(corpus)
    findings = [Finding(failure.path, None, f"it {failure.reason}") for failure in failures]
    read: list[_Read] = []
    for file in files:
        try:
            document = read_document(corpus, file)
        except DocumentError as error:
            findings.append(Finding(file.path, None, f"it {error}"))
            continue
        passages = split(document, fits=lambda text: True)
        read.append(_Read(document, passages, _front_lines(corpus / file.path, document)))
    once = {item.document.id: item.document for item in read if not MAY_REPEAT & set(item.document.tags)}
    twins = tuple(find_twins(once, list(once)))
    for item in read:
        findings += _keys(item)
        findings += _footnotes(item)
        findings += _links(item, corpus)
        findings += _dates(item, today)
        findings += _long_sentences(item, embedder)
    findings += _citations(read)
    findings += _twins(read, twins)
    findings += _repeats(read, twins)
    findings += _names(read, embedder)
    findings += _golden_questions(corpus, read)
    return tuple(sorted(findings, key=lambda finding: (finding.path, finding.line or 0, finding.what)))


def _front_lines(path: Path, document: Document) -> int | None:
    try:
        whole = decode(path.read_bytes())
    except (DocumentError, OSError):
        return None
    return whole.count("\n") - document.text.count("\n") if whole.endswith(document.text) else None


def _keys(item: _Read) -> Iterator[Finding]:
    if item.front_lines is None:  # a format that has no front matter
        return
    for key in REQUIRED_KEYS:
        if item.document.metadata.get(key) in (None, "", []):
            yield item.finding(f"the front matter has no {key}")


def _footnotes(item: _Read) -> Iterator[Finding]:
    document = item.document
    for sentence in (sentence for passage in item.passages for sentence in passage.sentences):
        for part in document.visible(sentence.span):
            for match in _MARK.finditer(document.text, part.start, part.end):
                yield item.finding(f"the footnote {match[0]} has no definition", match.start())
    used = {mark.source for mark in document.marks}
    for number, source in enumerate(document.sources):
        if number not in used:
            yield item.finding(f"the footnote for {source.title!r} is never used", _place_of(document, source.title))


def _links(item: _Read, corpus: Path) -> Iterator[Finding]:
    document = item.document
    places = {match[1]: match.start(1) for match in reversed(list(_LINK.finditer(document.text)))}
    addresses = {source.url: _place_of(document, source.url) for source in document.sources if source.url} | places
    for address, place in sorted(addresses.items()):
        if not re.match(r"[a-z][a-z0-9+.-]*:", address, re.IGNORECASE):
            target = (corpus / document.path).parent / urllib.parse.unquote(address.split("#")[0])
            if not address or not target.exists():
                yield item.finding(f"the link {address!r} leads nowhere", place)
        elif address.startswith("mailto:"):
            continue
        elif not _is_web_address(address):
            yield item.finding(f"{address!r} is no link", place)
        elif not address.startswith("https:"):
            yield item.finding(f"{address} is without https", place, is_remark=True)


def _is_web_address(address: str) -> bool:
    try:
        parts = urllib.parse.urlsplit(address)
        _ = parts.port
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and _HOST.fullmatch(parts.hostname or "") is not None


def _citations(read: Sequence[_Read]) -> Iterator[Finding]:
    """Sources that one document names otherwise than most others that cite the same address.

    Where a document cites an address twice, they are parts of one page, and may be named as such.
    """
    places: defaultdict[str, defaultdict[Source, list[_Read]]] = defaultdict(lambda: defaultdict(list))
    for item in read:
        for source in item.document.sources:
            if source.url:
                places[source.url][source].append(item)
    for address, forms in sorted(places.items()):
        citing = [item.document.path for items in forms.values() for item in items]
        if len(set(citing)) < len(citing):
            continue
        usual, *others = sorted(forms, key=lambda source: (-len(forms[source]), forms[source][0].document.path))
        for source in others:
            for item in forms[source]:
                elsewhere = forms[usual][0].document.path
                place = _place_of(item.document, address)
                yield item.finding(f"the source {source.title!r} is cited otherwise in {elsewhere}", place)


def _dates(item: _Read, today: datetime.date) -> Iterator[Finding]:
    document = item.document
    for key in DATE_KEYS:
        value = document.metadata.get(key)
        if value in (None, ""):
            continue
        if not _ISO_DATE.fullmatch(str(value)[:10]):
            yield item.finding(f"{key} is {str(value)!r}, not a date like {today.isoformat()}")
        elif _is_future(str(value)[:10], today):
            yield item.finding(f"{key} is {value}, which lies in the future")
    for source in document.sources:
        if source.date and _is_future(source.date, today):
            yield item.finding(f"the source {source.title!r} is dated {source.date}, which lies in the future")
    for match in _DATE.finditer(document.text):
        written = f"{match[3]}-{_MONTHS.index(match[2]) + 1:02}-{int(match[1]):02}"
        if _is_future(written, today):
            yield item.finding(f"{match[0]} lies in the future", match.start(), is_remark=True)


def _is_future(date: str, today: datetime.date) -> bool:
    """Whether a date, or all of a month or year, is yet to come."""
    return date > today.isoformat()[: len(date)]


def _long_sentences(item: _Read, embedder: Embedder) -> Iterator[Finding]:
    for passage in item.passages:
        for sentence in passage.sentences:
            if not embedder.fits(item.document.plain(sentence.span)):
                opening = item.document.plain(sentence.span)[:60]
                yield item.finding(f"a sentence is too long to embed: {opening!r}...", sentence.span.start)


# -------------------------------------------------------------------- repeats


def _twins(read: Sequence[_Read], twins: Sequence[Twin]) -> Iterator[Finding]:
    """Documents that say what another one says."""
    paths = {item.document.id: item.document.path for item in read}
    for twin in twins:
        how = "the same as" if twin.is_same else "nearly the same as"
        yield Finding(paths[twin.document], None, f"it says {how} {paths[twin.other]}; keep one of the two")


def _repeats(read: Sequence[_Read], twins: Sequence[Twin]) -> Iterator[Finding]:
    """Passages that nearly repeat another (containment of word shingles, Broder 1997)."""
    places: list[tuple[_Read, Passage, frozenset[tuple[str, ...]]]] = []
    holders: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
    for item in read:
        if MAY_REPEAT & set(item.document.tags):
            continue
        for passage in item.passages:
            shingles = _shingles(item.document, passage)
            if len(shingles) >= SHINGLES_AT_LEAST:
                for shingle in shingles:
                    holders[shingle].append(len(places))
                places.append((item, passage, shingles))
    told = {frozenset((twin.document, twin.other)) for twin in twins}
    shared: Counter[tuple[int, int]] = Counter()
    for numbers in holders.values():
        shared.update(combinations(numbers, 2))
    for (first, second), count in sorted(shared.items()):
        (one, passage, shingles), (other, other_passage, other_shingles) = places[first], places[second]
        if frozenset((one.document.id, other.document.id)) in told:
            continue
        if count >= REPEATED_SHARE * min(len(shingles), len(other_shingles)):
            here = other.finding("", other_passage.span.start)
            there = one.finding("", passage.span.start)
            where = there.path if there.line is None else f"{there.path}, line {there.line}"
            yield Finding(here.path, here.line, f"a passage nearly repeats {where}")


def _shingles(document: Document, passage: Passage) -> frozenset[tuple[str, ...]]:
    """Runs of neighbouring terms within each sentence of a passage, headings aside."""
    return frozenset(
        tuple(words[start : start + SHINGLE_TERMS])
        for sentence in passage.sentences
        if not sentence.is_heading
        for words in (terms(document.plain(sentence.span)),)
        for start in range(len(words) - SHINGLE_TERMS + 1)
    )


# ---------------------------------------------------------------------- names


@dataclass(slots=True)
class _Name:
    """A word that is written with a capital, with where it stands first in each document."""

    places: dict[int, int] = field(default_factory=dict)
    """Number of the document to offset."""
    partners: set[str] = field(default_factory=set)
    """Capitalised words right before and behind it: the rest of a full name."""


def _names(read: Sequence[_Read], embedder: Embedder) -> Iterator[Finding]:
    """Names that one document spells almost as another does.

    Two are taken for different names where a document holds both, where both stand in full names that differ, and where
    the model knows both as words (Ireland, Iceland).
    """
    names: defaultdict[str, _Name] = defaultdict(_Name)
    for number, item in enumerate(read):
        for name, partners, offset in _names_in(item):
            names[name].places.setdefault(number, offset)
            names[name].partners |= partners
    neighbours: defaultdict[str, list[str]] = defaultdict(list)
    for name in sorted(names):
        for key in {_folded(name), *_deletions(_folded(name))}:
            neighbours[key].append(name)
    pairs = {pair for group in neighbours.values() for pair in combinations(group, 2)}
    for one, other in sorted(pairs):
        first, second = names[one], names[other]
        shared_partners = first.partners & second.partners
        is_told_apart = bool(first.partners and second.partners and not shared_partners)
        letters = NAME_LETTERS if shared_partners else LONE_NAME_LETTERS
        if is_told_apart or first.places.keys() & second.places.keys() or not _are_alike(one, other, letters):
            continue
        if embedder.knows_word(one) and embedder.knows_word(other):
            continue
        rare, common = sorted((one, other), key=lambda name: (len(names[name].places), -min(names[name].places)))
        number, offset = min(names[rare].places.items())
        elsewhere = read[min(names[common].places)].document.path
        yield read[number].finding(f"{rare!r} is spelled {common!r} in {elsewhere}", offset)


def _names_in(item: _Read) -> Iterator[tuple[str, set[str], int]]:
    """Words with a capital that no sentence begins with, each with the capitalised words beside it and its place."""
    text = item.document.text
    for sentence in (sentence for passage in item.passages for sentence in passage.sentences):
        parts = () if sentence.is_heading else item.document.visible(sentence.span)
        words = [match for part in parts for match in _WORD.finditer(text, part.start, part.end)]
        gaps = [text[before.end() : word.start()].strip(" ") for before, word in pairwise(words)]
        for number, word in enumerate(words[1:], 1):
            if not word[0][0].isupper() or word[0].isupper() or gaps[number - 1] in (":", ".", "?", "!"):
                continue
            beside = [words[number - 1]] if not gaps[number - 1] else []
            beside += [words[number + 1]] if number < len(gaps) and not gaps[number] else []
            yield _bare(word[0]), {_bare(other[0]) for other in beside if other[0][0].isupper()}, word.start()


def _bare(name: str) -> str:
    """A name without the ending of a genitive, with plain apostrophes."""
    return re.sub(r"'s?$", "", name.replace("\u2019", "'"))


@lru_cache(maxsize=100_000)
def _folded(name: str) -> str:
    letters = unicodedata.normalize("NFKD", name.casefold())
    return "".join(letter for letter in letters if letter.isalpha())


def _deletions(word: str) -> Iterable[str]:
    """The word with any one letter left out: two words within one edit have one of these in common, or each other."""
    if len(word) < NAME_LETTERS:
        return ()
    return (word[:place] + word[place + 1 :] for place in range(len(word)))


def _are_alike(one: str, other: str, letters: int) -> bool:
    """Whether two spellings are probably of one name: the same letters, or one edit apart and neither an inflection
    of the other nor what comes from there (Iraq, Iraqi; Syria, Syrian)."""
    first, second = _folded(one), _folded(other)
    if first == second:
        return one.casefold() != other.casefold()
    return (
        max(len(first), len(second)) >= letters
        and min(len(first), len(second)) >= NAME_LETTERS
        and first[0] == second[0]
        and _stem.stemWord(first) != _stem.stemWord(second)
        and not {first, second} & {f"{name}{ending}" for name in (first, second) for ending in "ins"}
        and DamerauLevenshtein.distance(first, second) == 1
    )


# ----------------------------------------------------------- golden questions


def _golden_questions(corpus: Path, read: Sequence[_Read]) -> Iterator[Finding]:
    path = corpus / GOLDEN_QUESTIONS
    if not path.is_file():
        return
    try:
        _, problems = read_golden_questions(path, {item.document.id: item.document.text for item in read})
    except QuestionsError as error:
        problems = [str(error)]
    for problem in problems:
        line = re.match(r"line (\d+) ", problem)
        yield Finding(GOLDEN_QUESTIONS, int(line[1]) if line else None, problem[line.end() :] if line else problem)


def _place_of(document: Document, words: str) -> int | None:
    place = document.text.find(words)
    return None if place < 0 else place
