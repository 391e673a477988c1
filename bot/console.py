"""The same answers in a terminal."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterable, Mapping, Sequence

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bot.chatter import is_small_talk
from bot.render.text import pieces
from bot.render.wording import (
    NO_DATES,
    NO_SAME_POINTS,
    NO_SENTENCES,
    SAME_POINTS,
    UNCERTAIN,
    UNCERTAIN_TOPIC,
    confidence_in_words,
    corrections_in_words,
    coverage_in_words,
    diagnosis_in_words,
    refusal_in_words,
    risks_in_words,
    theme_in_words,
)
from index import (
    PASSAGE_WEIGHTS,
    SENTENCE_WEIGHTS,
    Answer,
    Comparison,
    Library,
    PassageTrace,
    Quote,
    RetrievalError,
    SentenceTrace,
    Signs,
    Summary,
    Trace,
    Verdict,
)

PROMPT = "? "
BY_TERMINAL = "terminal"
"""Who it was, in the history of a library."""
NO_QUESTION = "Ask something that the documents may answer."
WELCOME = "Ask about the {count} documents of {corpus}. An empty line or Ctrl-D ends."

PASSAGE_LABELS = {"cosine": "cosine", "keywords": "words", "tokens": "tokens", "relevance": "reranker"}
SENTENCE_LABELS = {
    "sentence_cosine": "sentence: cosine",
    "sentence_keywords": "words",
    "sentence_tokens": "tokens",
    "surroundings_cosine": "around it: cosine",
    "surroundings_tokens": "tokens",
    "passage_keywords": "passage: words",
    "passage_relevance": "reranker",
}
"""What `ask --explain` calls the fields of a trace."""


def print_answer(console: Console, answer: Answer) -> None:
    """Show an answer as people read it: quotes, where they stand, how sure the bot is; below, how it came about."""
    if answer.signs is None:
        console.print(Text(NO_QUESTION))
        return
    if answer.corrections:
        console.print(Text(corrections_in_words(answer), style="italic"))
    if not answer.quotes:
        _print_refusal(console, answer)
    elif answer.verdict is Verdict.UNCERTAIN:
        console.print(Text(UNCERTAIN, style="italic"))
    elif answer.verdict is Verdict.NOT_COVERED:
        console.print(Text(f"{refusal_in_words(answer)} The nearest passages:", style="italic"))
        _print_missing(console, answer)
    for number, quote in enumerate(answer.quotes, 1):
        console.print()
        _print_indented(console, _quote_text(quote))
        _print_indented(console, _citation_text(number, quote))
    if answer.quotes:
        console.print()
    _print_how_sure(console, answer)
    if answer.trace is not None:
        _print_explanation(console, answer, answer.signs, answer.trace)


def _print_refusal(console: Console, answer: Answer | Summary) -> None:
    console.print(Text(refusal_in_words(answer)))
    _print_missing(console, answer)
    if answer.nearest_titles:
        console.print(Text("They do cover: " + " \u00b7 ".join(answer.nearest_titles)))


def _print_missing(console: Console, answer: Answer | Summary) -> None:
    if answer.unknown_words and answer.language_gap is None:
        console.print(Text(f"Not in the documents: {', '.join(answer.unknown_words)}"))


def _print_how_sure(console: Console, answer: Answer | Summary) -> None:
    words = confidence_in_words(answer) if isinstance(answer, Answer) else coverage_in_words(answer)
    sure = "" if answer.confidence is None else f"{words} ({answer.confidence:.2f}) \u00b7 "
    console.print(Text(f"{sure}generation {answer.generation} \u00b7 {answer.elapsed_ms:.0f} ms", style="dim"))


def print_summary(console: Console, summary: Summary) -> None:
    """Show a summary: its sentences in order, each with its place, under their themes where there are any."""
    if summary.corrections:
        console.print(Text(corrections_in_words(summary), style="italic"))
    if summary.quotes:
        if summary.subject:
            console.print(Text(summary.subject, style="bold"))
        if summary.verdict is Verdict.UNCERTAIN:
            console.print(Text(UNCERTAIN_TOPIC, style="italic"))
    elif summary.verdict is not Verdict.NOT_COVERED:
        console.print(Text(NO_DATES))
    elif summary.confidence is None:
        console.print(Text(NO_SENTENCES))
    else:
        _print_refusal(console, summary)
    number = 0
    for theme in summary.themes or (None,):
        if theme is not None:
            if number:
                console.print()
            console.print(Text(theme_in_words(theme), style="bold"))
        last = len(summary.quotes) if theme is None else number + theme.quotes
        while number < last:
            console.print()
            if summary.dates:
                console.print(Text(summary.dates[number], style="bold cyan"))
            number += 1
            _print_line(console, f"[{number}] ", summary.quotes[number - 1])
    if summary.quotes:
        console.print()
    _print_how_sure(console, summary)


def print_comparison(console: Console, comparison: Comparison) -> None:
    """Show what two documents say on the same points, then what only one of them says."""
    both = [pair for pair in comparison.pairs if pair.a and pair.b]
    console.print(Text(SAME_POINTS if both else NO_SAME_POINTS, style="bold"))
    for number, pair in enumerate(both, 1):
        console.print()
        for letter, quote in (("a", pair.a), ("b", pair.b)):
            assert quote is not None
            _print_line(console, f"[{number}{letter}] ", quote)
    number = len(both)
    for title, quotes in zip(
        comparison.titles,
        ([pair.a for pair in comparison.pairs if not pair.b], [pair.b for pair in comparison.pairs if not pair.a]),
        strict=True,
    ):
        if quotes:
            console.print()
            console.print(Text(f"Only in: {title}", style="bold"))
        for quote in quotes:
            assert quote is not None
            number += 1
            console.print()
            _print_line(console, f"[{number}] ", quote)
    console.print()
    console.print(Text(f"generation {comparison.generation} \u00b7 {comparison.elapsed_ms:.0f} ms", style="dim"))


def _print_line(console: Console, mark: str, quote: Quote) -> None:
    _print_indented(console, _quote_text(quote))
    _print_indented(console, _place_text(mark, quote))


def _print_indented(console: Console, text: Text) -> None:
    """Wrapped at a terminal; whole lines in a pipe or file, so that they can be searched."""
    if console.soft_wrap:
        indented = Text("  ").append_text(text)
        console.print(Text("\n  ").join(indented.split("\n")))
    else:
        console.print(Padding(text, (0, 0, 0, 2)))


def _quote_text(quote: Quote) -> Text:
    text = Text()
    for piece in pieces(quote):
        style = " ".join(name for name, is_on in (("bold", piece.is_strong), ("italic", piece.is_emphasis)) if is_on)
        text.append(piece.text, style=style or None)
    text.rstrip()
    return text


def _place_text(mark: str, quote: Quote) -> Text:
    citation = quote.citation
    place = citation.title + (f" \u203a {citation.section}" if citation.section else "")
    if citation.page is not None:
        place += f", page {citation.page}"
    text = Text(f"{mark}{place}", style="cyan")
    start, end = citation.span
    return text.append(f"  {citation.document} {start}:{end}", style="dim")


def _citation_text(number: int, quote: Quote) -> Text:
    citation = quote.citation
    text = _place_text(f"[{number}] ", quote)
    if citation.url:
        text.append(f"\n    {citation.url}", style="dim")
    for source in quote.sources:
        details = ", ".join(part for part in (source.title, source.publisher, source.date) if part)
        text.append(f"\n    {details}" + (f" {source.url}" if source.url else ""), style="dim")
    return text


def _print_explanation(console: Console, answer: Answer, signs: Signs, trace: Trace) -> None:
    """The stages of an answer as tables, and at the end what a moderator can do about it."""
    tables = [_words_table(trace), _passages_table(trace), _sentences_table(trace), _scores_table(trace)]
    if trace.read:
        tables.append(_reader_table(trace))
    for table in (*tables, _verdict_table(answer, signs, trace)):
        console.print()
        console.print(table)
    console.print()
    console.print(Text("\n".join(_conclusions(answer, trace))))


def _conclusions(answer: Answer, trace: Trace) -> Iterable[str]:
    """What a moderator can do about an answer, or why nothing need be done."""
    missing = ", ".join(trace.missing_words)
    if answer.language_gap is not None:
        yield refusal_in_words(answer)
    elif answer.verdict is Verdict.ANSWERED:
        yield f"The answer is sure enough without {missing}." if missing else "The answer is sure enough."
    elif not trace.words:
        yield "The question has only words that stand in any text: name the person, the thing or the event."
    elif not trace.sentences:
        yield "No sentence was found that could be quoted."
    elif trace.within is not None:
        yield f"Only {trace.within} was searched: ask without --within for what the other documents say."
    yield from map(diagnosis_in_words, answer.diagnoses)


def _words_table(trace: Trace) -> Table:
    table = _table("Words", "word", "read as", "in the documents", "near words searched for")
    for word in trace.words:
        known = "yes" if word.is_known else "only near words" if word.near else "no"
        table.add_row(Text(word.word), Text(word.read_as or ""), known, Text(", ".join(word.near)))
    return table


def _passages_table(trace: Trace) -> Table:
    labels, cells = _scores(trace.passages, PASSAGE_LABELS, PASSAGE_WEIGHTS)
    table = _table("Best passages", "rank", "quoted", "score", *labels, "place")
    table.columns[-1].overflow = "fold"
    for rank, (passage, numbers) in enumerate(zip(trace.passages, cells, strict=True), 1):
        table.add_row(
            str(rank), "yes" if passage.is_quoted else "", *numbers, Text(passage.place.document, style="dim")
        )
    return table


def _sentences_table(trace: Trace) -> Table:
    table = _table("Best sentences", "rank", "quoted", "place and opening")
    for rank, sentence in enumerate(trace.sentences, 1):
        place = Text(f"{sentence.place.document}  ", style="dim").append(Text(sentence.text, style="not dim"))
        table.add_row(str(rank), "yes" if sentence.is_quoted else "repeats" if sentence.is_repeat else "", place)
    return table


def _scores_table(trace: Trace) -> Table:
    """A table of its own: beside so many numbers, no text has room on a narrow terminal."""
    labels, cells = _scores(trace.sentences, SENTENCE_LABELS, SENTENCE_WEIGHTS)
    table = _table("Their scores", "rank", "score", *labels)
    for rank, numbers in enumerate(cells, 1):
        table.add_row(str(rank), *numbers)
    table.caption = "A score is the sum of what stands beside it, each times the number in its heading."
    return table


def _scores(
    items: Sequence[PassageTrace | SentenceTrace], labels: Mapping[str, str], weights: Mapping[str, float]
) -> tuple[list[str], list[list[str]]]:
    """Headings of what scores are summed from, each with its weight, and for each item its score and those numbers.

    What no item has is left out: without a reranker, its relevance.
    """
    names = [name for name in labels if any(getattr(item, name) is not None for item in items)]
    numbers = [[item.score, *(getattr(item, name) for name in names)] for item in items]
    cells = [["" if number is None else f"{number:.3f}" for number in row] for row in numbers]
    return [f"{labels[name]} \u00d7{weights[name]:g}" for name in names], cells


def _reader_table(trace: Trace) -> Table:
    table = _table("What the reader would answer", "probability", "place and words")
    for read in trace.read:
        place = Text(f"{read.place.document}  ", style="dim").append(Text(read.text, style="not dim"))
        table.add_row(f"{read.probability:.3f}", place)
    return table


def _verdict_table(answer: Answer, signs: Signs, trace: Trace) -> Table:
    table = _table("Verdict", "sign", "value")
    before = " before reranking" if any(passage.relevance is not None for passage in trace.passages) else ""
    table.add_row(f"score of the best sentence{before}, of a perfect one's", f"{signs.best_score:.3f}")
    table.add_row("how far it stands out of the subject", f"{signs.standout:.3f}")
    table.add_row("cosine of the nearest sentence", f"{signs.sentence_cosine:.3f}")
    if signs.answer is not None:
        table.add_row("what the reader finds, from -1, no answer, to 1, an answer", f"{signs.answer:.3f}")
    table.add_row("confidence", f"{answer.confidence:.3f}")
    table.add_row(f"answered from, at STRICTNESS={trace.strictness}", f"{trace.answered_from:.3f}")
    table.add_row("not covered below", f"{trace.not_covered_below:.3f}")
    table.add_row("verdict", str(answer.verdict))
    return table


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", box=None, padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(column)
    return table


def run_console(library: Library, console: Console, errors: Console) -> None:
    """Answer one question after another until the input ends.

    At a terminal it prompts, and takes in changed files in the background; otherwise each line is a question.
    """
    is_terminal = sys.stdin.isatty()
    if is_terminal:
        console.print(Text(WELCOME.format(count=len(library.documents()), corpus=library.corpus), style="dim"))
        threading.Thread(target=_take_in_changes, args=(library, errors), daemon=True).start()
    for line in _lines(console) if is_terminal else sys.stdin:
        question = line.strip()
        if not is_terminal:
            if not question:
                continue
            console.print(Text(f"{PROMPT}{question}", style="bold"))
        if is_small_talk(question):
            console.print(Text(NO_QUESTION))
        else:
            library.open()
            print_answer(console, library.ask(question))
        console.print()


def _lines(console: Console) -> Iterable[str]:
    while True:
        try:
            line = console.input(Text(PROMPT, style="bold"))
        except (EOFError, KeyboardInterrupt):
            console.print()
            return
        if not line.strip():
            return
        yield line


def _take_in_changes(library: Library, errors: Console) -> None:
    try:
        report = library.bring_up_to_date(by=BY_TERMINAL)
    except RetrievalError as error:
        errors.print(Text(error.user_message, style="yellow"))
        return
    if report is None:
        return
    if not report.made_current:
        text = f"Files have changed, but {risks_in_words(report)}: `corpus reload --yes` agrees."
        errors.print(Text(text, style="yellow"))
    elif report.has_changes:
        errors.print(Text(f"Took in changed files: generation {report.generation}.", style="dim"))
