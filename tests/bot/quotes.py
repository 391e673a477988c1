"""Quotes and answers made for tests, one by one and by hypothesis."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from index import Answer, Citation, Correction, Quote, Source, Span, Verdict

MARKUP = "*_~`|<>[]()@#:-+.!\\/1 \n\t"

words = st.sampled_from(
    ["@everyone", "<@1234567890>", "<#12>", "<:cat:12>", "[here](https://evil.example)", "https://a.example/b", "# ",
     "-# ", "1. ", "- ", "> ", ">>> ", "```", "||", "~~", "**", "***", "*", "__", "_", "a", "Word ", " and ", "😀", "é"]
)  # fmt: skip
any_text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), max_size=20)
short_texts = st.one_of(st.lists(words, max_size=8).map("".join), st.text(MARKUP, max_size=20), any_text)
long_texts = st.builds(lambda text, times: (text * times)[:2500], short_texts, st.integers(1, 200))
texts = st.one_of(short_texts, short_texts, long_texts)
lines = st.one_of(st.just(""), short_texts, long_texts)
letters = st.text(st.characters(categories=["L"]), min_size=1, max_size=40)
addresses = st.one_of(
    st.sampled_from(
        ["https://example.org/a", "https://example.org/a_(b)_*c*?d=[e]", "http://x.example/", "ftp://x", ""]
    ),
    short_texts.map("https://example.org/".__add__),
)


def quote_of(text: str, *, start: int = 0, **more: Any) -> Quote:
    """A quote of a text; `highlights`, `hidden` and `emphasis` count from the text's beginning."""
    spans = {
        name: tuple(Span(left + start, right + start) for left, right in more.pop(name, ()))
        for name in ("highlights", "hidden", "emphasis")
    }
    citation: dict[str, Any] = {
        "document": "sea/lighthouse",
        "title": "The lighthouse",
        "section": None,
        "page": None,
        "publisher": None,
        "published": None,
        "updated": None,
        "url": None,
    }
    sources = tuple(more.pop("sources", ()))
    place = Citation(span=Span(start, start + len(text)), **(citation | more))
    return Quote(citation=place, text=text, sources=sources, score=1.0, **spans)


def answer_of(*quotes: Quote, **more: Any) -> Answer:
    """An answer of these quotes."""
    values: dict[str, Any] = {
        "question": "When was it built?",
        "verdict": Verdict.ANSWERED if quotes else Verdict.NOT_COVERED,
        "confidence": 0.912 if quotes else 0.01,
        "generation": "3f9a2c41d07b",
        "elapsed_ms": 14.4,
    }
    return Answer(quotes=quotes, **(values | more))


@st.composite
def spans_in(draw: st.DrawFn, size: int) -> list[tuple[int, int]]:
    """Disjoint spans, in order."""
    cuts = sorted(draw(st.sets(st.integers(0, size), max_size=8)))
    return list(zip(cuts[::2], cuts[1::2], strict=False))


sources = st.builds(Source, lines, st.none() | lines, st.none() | lines, st.none() | addresses)


@st.composite
def quotes(draw: st.DrawFn) -> Quote:
    """Quotes of any text, with markup, highlights and emphasis anywhere."""
    text = draw(texts.filter(bool))
    return quote_of(
        text,
        start=draw(st.integers(0, 100)),
        hidden=draw(spans_in(len(text))),
        emphasis=draw(spans_in(len(text))),
        highlights=draw(spans_in(len(text))),
        title=draw(lines),
        section=draw(st.none() | lines),
        page=draw(st.none() | st.integers(1, 9999)),
        published=draw(st.none() | lines),
        updated=draw(st.none() | lines),
        url=draw(st.none() | addresses),
        sources=draw(st.lists(sources, max_size=5)),
    )


@st.composite
def answers(draw: st.DrawFn) -> Answer:
    """Answers of any verdict with quotes of any kind."""
    shown = draw(st.lists(quotes(), max_size=4))
    verdict = draw(st.sampled_from(Verdict))
    return answer_of(
        *shown,
        question=draw(texts),
        verdict=verdict,
        confidence=draw(st.floats(0, 1)),
        elapsed_ms=draw(st.floats(0, 1e6)),
        unknown_words=tuple(draw(st.lists(lines, max_size=5))),
        corrections=tuple(draw(st.lists(st.builds(Correction, letters, letters), max_size=4))),
        nearest_titles=tuple(draw(st.lists(lines, max_size=3))),
    )


def visible(quote: Quote) -> list[tuple[str, bool, bool]]:
    """The characters of a quote that are no markup and no white space, and whether they are strong and emphasised."""

    def holds(spans: tuple[Span, ...], position: int) -> bool:
        return any(start <= position < end for start, end in spans)

    return [
        (character, holds(quote.highlights, position), holds(quote.emphasis, position))
        for position, character in enumerate(quote.text, quote.citation.span.start)
        if not holds(quote.hidden, position) and not character.isspace()
    ]


def visible_words(quote: Quote) -> list[str]:
    """The words of a quote without its markup."""
    hidden = {position for start, end in quote.hidden for position in range(start, end)}
    kept = [c for position, c in enumerate(quote.text, quote.citation.span.start) if position not in hidden]
    return "".join(kept).split()
