"""The command line."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import logging
import os
import re
import sqlite3
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from bot.console import BY_TERMINAL, print_answer, print_comparison, print_summary, run_console
from bot.logs import set_up_logging
from bot.render.wording import refusal_in_words, risks_in_words, running_in_words
from bot.reports import (
    missed_floors,
    print_evaluation,
    print_findings,
    print_golden_evaluation,
    print_history,
    print_report,
)
from bot.settings import Settings, SettingsError, read_settings
from index import (
    DEFAULT_LIMIT,
    DEFAULT_ROOM,
    Answer,
    CrossEncoderReranker,
    Length,
    Libraries,
    Library,
    QuestionAnsweringReader,
    QuestionsError,
    ReloadReport,
    RetrievalError,
    SentenceTransformerEmbedder,
    Summary,
    UnknownDocumentError,
    check_corpus,
    evaluate_golden,
    read_off_topic,
    read_question_set,
)
from index import evaluate as evaluate_questions

FAILED = 1
WRONG_USAGE = 2

NO_TOKEN = (
    "No DISCORD_TOKEN is set, so this is the terminal bot: the same answers, without Discord. To run on Discord, copy "
    ".env.example to .env and put the token from https://discord.com/developers/applications into it; the README's "
    "part on Discord leads through it."
)

app = typer.Typer(
    help="Answers questions by quoting documents, word for word, with exact citations.",
    no_args_is_help=False,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
corpus_app = typer.Typer(help="The documents: what is in the index, and taking in changes.", no_args_is_help=True)
app.add_typer(corpus_app, name="corpus")

summary_app = typer.Typer(help="Summaries: sentences of the documents, each with its place.", no_args_is_help=True)
app.add_typer(summary_app, name="summary")

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
ServerOption = Annotated[
    int | None, typer.Option("--server", metavar="ID", min=1, help="That server's own documents, not the shared ones.")
]
DocumentArgument = Annotated[str, typer.Argument(metavar="ID", help="As `corpus list` shows it.")]
LengthOption = Annotated[Length, typer.Option(help="About 3, 6 or 12 sentences.")]
TopicArgument = Annotated[str, typer.Argument(metavar="TEXT", help="What it is to be about.")]


@dataclass(frozen=True)
class Terminal:
    """What every command shares: the settings, and where to print."""

    corpus: Path | None
    data: Path | None

    @cached_property
    def settings(self) -> Settings:
        return read_settings(corpus=self.corpus, data=self.data)

    @cached_property
    def console(self) -> Console:
        return Console(highlight=False, soft_wrap=not sys.stdout.isatty())

    @cached_property
    def errors(self) -> Console:
        return Console(stderr=True, highlight=False, soft_wrap=not sys.stderr.isatty())

    def set_up_logging(self, *, is_service: bool) -> None:
        """Log as set; commands that print a result keep quiet unless they are asked to debug."""
        level = self.settings.log_level
        if not is_service and level == "INFO":
            level = "WARNING"
        set_up_logging(level, self.settings.log_format)

    def library(self, corpus: Path | None = None) -> Library:
        """The library of a folder of documents, of the corpus that is set by default."""
        settings = self.settings
        return Library(
            corpus=corpus or settings.corpus_dir,
            data=settings.data_dir,
            embedder=SentenceTransformerEmbedder(settings.embedding_model),
            reranker=CrossEncoderReranker(settings.reranker_model) if settings.reranker_model else None,
            reader=QuestionAnsweringReader(settings.reader_model) if settings.reader_model else None,
            base_url=settings.corpus_url,
            strictness=settings.strictness,
        )

    def library_of(self, server: int | None) -> Library:
        """The shared library, or a server's own."""
        return self.library() if server is None else self.libraries().server(server)

    def libraries(self) -> Libraries:
        """The shared library, and those of servers."""
        return Libraries(self.library(), self.settings.data_dir)

    def open_library(self, server: int | None = None, *, says_changes: bool = True) -> Library:
        """Open the current generation, building one where there is none that can be used."""
        library = self.library_of(server)
        problem = library.open()
        if problem is not None:
            self.hint(f"Building the index of {library.corpus}, because {problem}.")
            report = self.reload(library)
            for failure in report.failed:
                self.hint(f"Left out {failure.path}: it {failure.reason}.")
        elif says_changes and library.files_changed():
            command = "dissent-bot corpus reload" + ("" if server is None else f" --server {server}")
            self.hint(f"Files in {library.corpus} have changed since; `{command}` takes them in.")
        return library

    def reload(self, library: Library, *, yes: bool = False) -> ReloadReport:
        with self.progress() as show:
            return library.reload(yes=yes, by=BY_TERMINAL, on_progress=show, on_wait=self.hint_waiting)

    @contextlib.contextmanager
    def progress(self, what: str = "Embedding passages") -> Iterator[Callable[[int, int], None]]:
        """A bar on a terminal, nothing elsewhere."""
        columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=self.errors, transient=True, disable=not sys.stderr.isatty()) as bar:
            task = bar.add_task("embedding", total=None)
            yield lambda done, total: bar.update(task, completed=done, total=total)

    def hint_waiting(self, waited_s: int) -> None:
        if waited_s == 0:
            self.hint("Another process is building this index; waiting for it.")

    def hint(self, text: str) -> None:
        self.errors.print(Text(text, style="dim"))

    def print_json(self, value: Any) -> None:
        sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
        sys.stdout.flush()  # whoever reads a file of answers gets each when it is there


@app.callback(invoke_without_command=True)
def set_up(
    context: typer.Context,
    corpus: Annotated[Path | None, typer.Option(help="Folder of documents (default: CORPUS_DIR).")] = None,
    data: Annotated[Path | None, typer.Option(help="Folder for indexes (default: DATA_DIR).")] = None,
) -> None:
    """Answers questions by quoting documents, word for word, with exact citations."""
    context.obj = Terminal(corpus, data)
    if context.invoked_subcommand is None:
        run(context)


@app.command()
def run(context: typer.Context) -> None:
    """Run the Discord bot; without a token, the terminal bot."""
    terminal: Terminal = context.obj
    if not terminal.settings.discord_token:
        terminal.hint(NO_TOKEN)
        console(context)
        return
    terminal.set_up_logging(is_service=True)
    _run_discord(terminal)


@app.command()
def console(context: typer.Context) -> None:
    """Ask questions in the terminal; piped input is answered line by line."""
    terminal: Terminal = context.obj
    terminal.set_up_logging(is_service=False)
    run_console(terminal.open_library(says_changes=not sys.stdin.isatty()), terminal.console, terminal.errors)


@app.command()
def ask(
    context: typer.Context,
    question: Annotated[str | None, typer.Argument(help="What you want to know.")] = None,
    questions: Annotated[Path | None, typer.Option(help="A file with one JSON object a line.")] = None,
    within: Annotated[str | None, typer.Option(help="Search only this document.")] = None,
    room: Annotated[int, typer.Option(min=1, help="Characters of all quotes together.")] = DEFAULT_ROOM,
    limit: Annotated[int, typer.Option(min=0, help="How many quotes; 0: as many as the room takes.")] = DEFAULT_LIMIT,
    nearest: Annotated[bool, typer.Option("--nearest", help="Quote even what does not cover the question.")] = False,
    explain: Annotated[bool, typer.Option("--explain", help="Say how the answer came about.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Answer one question, or a file of them."""
    terminal: Terminal = context.obj
    if (question is None) == (questions is None):
        raise typer.BadParameter("give a question, or a file with --questions")
    terminal.set_up_logging(is_service=False)
    asked = [Question(question, within)] if question is not None else read_questions(questions or Path(), within)
    library = terminal.open_library()
    for document in {item.within for item in asked} - {None}:
        library.document(document or "")  # an unknown one is named before anything is answered
    for item in asked:
        answer = library.ask(
            item.question, within=item.within, room=room, limit=limit, nearest=nearest, explain=explain
        )
        if as_json:
            terminal.print_json(
                _with_id(item, answer) | ({"explanation": answer.explanation_as_dict()} if explain else {})
            )
            if answer.language_gap is not None and questions is None:
                terminal.hint(refusal_in_words(answer))
        else:
            if questions is not None:
                terminal.console.print(Text(f"? {item.question}", style="bold"))
            print_answer(terminal.console, answer)


@dataclass(frozen=True, slots=True)
class Question:
    """One line of a file of questions."""

    question: str
    within: str | None = None
    id: str | int | None = None


def read_questions(path: Path, within: str | None = None) -> list[Question]:
    """Read a file of questions, one JSON object a line; blank lines are passed over.

    Raises:
        QuestionsError: The file cannot be read, or a line is no question.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError as error:
        raise QuestionsError(f"{path} cannot be read: there is no such file") from error
    except (OSError, UnicodeDecodeError) as error:
        raise QuestionsError(f"{path} cannot be read: {error}") from error
    found: list[Question] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            content = json.loads(line)
        except ValueError as error:
            raise QuestionsError(f"{path}, line {number} is not JSON: {error}") from error
        if not isinstance(content, dict) or "question" not in content:
            raise QuestionsError(f'{path}, line {number} has no "question"')
        if not isinstance(content["question"], str):
            raise QuestionsError(f'{path}, line {number}: "question" is no text')
        line_within = content.get("within", within)
        if not isinstance(line_within, str | None):
            raise QuestionsError(f'{path}, line {number}: "within" is not the name of a document')
        found.append(Question(content["question"], line_within, content.get("id")))
    return found


@summary_app.command("document")
def summary_document(
    context: typer.Context,
    document_id: DocumentArgument,
    length: LengthOption = Length.MEDIUM,
    as_json: JsonOption = False,
) -> None:
    """Sum up one document."""
    _print_summary(context, lambda library: library.summarize_document(document_id, length=length), as_json=as_json)


@summary_app.command("topic")
def summary_topic(
    context: typer.Context, topic: TopicArgument, length: LengthOption = Length.MEDIUM, as_json: JsonOption = False
) -> None:
    """Sum up what the documents say on a topic."""
    _print_summary(context, lambda library: library.summarize_topic(topic, length=length), as_json=as_json)


@summary_app.command("corpus")
def summary_corpus(context: typer.Context, length: LengthOption = Length.MEDIUM, as_json: JsonOption = False) -> None:
    """Show what the documents are about, by theme."""
    _print_summary(context, lambda library: library.summarize_corpus(length=length), as_json=as_json)


@app.command()
def timeline(
    context: typer.Context, topic: TopicArgument, length: LengthOption = Length.MEDIUM, as_json: JsonOption = False
) -> None:
    """Show the dated sentences on a topic, earliest first."""
    _print_summary(context, lambda library: library.timeline(topic, length=length), as_json=as_json)


def _print_summary(context: typer.Context, make: Callable[[Library], Summary], *, as_json: bool) -> None:
    terminal: Terminal = context.obj
    terminal.set_up_logging(is_service=False)
    summary = make(terminal.open_library())
    if as_json:
        terminal.print_json(summary.as_dict())
        if summary.language_gap is not None:
            terminal.hint(refusal_in_words(summary))
    else:
        print_summary(terminal.console, summary)


@app.command()
def compare(
    context: typer.Context,
    a: DocumentArgument,
    b: DocumentArgument,
    length: LengthOption = Length.MEDIUM,
    as_json: JsonOption = False,
) -> None:
    """Show what two documents say on the same points, then what only one of them says."""
    terminal: Terminal = context.obj
    if a == b:
        raise typer.BadParameter("name two different documents")
    terminal.set_up_logging(is_service=False)
    comparison = terminal.open_library().compare(a, b, length=length)
    if as_json:
        terminal.print_json(comparison.as_dict())
    else:
        print_comparison(terminal.console, comparison)


@app.command()
def evaluate(
    context: typer.Context,
    folder: Annotated[Path | None, typer.Argument(metavar="DIR", help="A question set with its documents.")] = None,
    off_topic: Annotated[Path | None, typer.Option(help="A file of questions that the set does not cover.")] = None,
    golden: Annotated[bool, typer.Option("--golden", help="Ask the corpus its own golden questions.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Measure how well questions with known answers are answered; nothing becomes current."""
    terminal: Terminal = context.obj
    if (folder is not None) == golden:
        raise typer.BadParameter("give the folder of a question set, or --golden")
    if golden and off_topic is not None:
        raise typer.BadParameter("--off-topic belongs to a question set; golden questions have their own")
    terminal.set_up_logging(is_service=False)
    if folder is not None:
        _evaluate_set(terminal, folder, off_topic, as_json=as_json)
    else:
        _evaluate_golden(terminal, as_json=as_json)


def _evaluate_set(terminal: Terminal, folder: Path, off_topic: Path | None, *, as_json: bool) -> None:
    questions = read_question_set(folder) + (read_off_topic(off_topic) if off_topic else [])
    library = terminal.library(folder / "corpus")
    with terminal.progress() as show:
        generation = library.calibrate(library.draft(on_progress=show, on_wait=terminal.hint_waiting))
    with terminal.progress("Asking questions") as show:
        evaluation = evaluate_questions(
            generation,
            library.embedder,
            questions,
            reranker=library.reranker,
            reader=library.reader,
            strictness=library.strictness,
            on_progress=show,
        )
    if as_json:
        terminal.print_json(evaluation.as_dict())
    else:
        print_evaluation(terminal.console, evaluation)


def _evaluate_golden(terminal: Terminal, *, as_json: bool) -> None:
    library = terminal.library()
    with terminal.progress() as show:
        generation = library.draft(on_progress=show, on_wait=terminal.hint_waiting)
    with terminal.progress("Asking questions") as show:
        evaluation = evaluate_golden(
            generation,
            library.corpus,
            library.embedder,
            reranker=library.reranker,
            reader=library.reader,
            strictness=library.strictness,
            on_progress=show,
        )
    if as_json:
        terminal.print_json(evaluation.as_dict())
    else:
        print_golden_evaluation(terminal.console, evaluation)
    missed = missed_floors(evaluation.floors)
    if missed:
        _fail(f"Below the floors of {library.corpus}: {missed}.", FAILED)


@corpus_app.command("status")
def corpus_status(context: typer.Context, server: ServerOption = None, as_json: JsonOption = False) -> None:
    """Show what is current, and whether files have changed."""
    terminal: Terminal = context.obj
    terminal.set_up_logging(is_service=False)
    status = terminal.library_of(server).status()
    if as_json:
        terminal.print_json(asdict(status))
        return
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_row("corpus", status.corpus)
    table.add_row("generation", status.generation or "none yet; `corpus reload` builds one")
    if status.generation:
        table.add_row("built", status.built)
        table.add_row("documents", f"{status.documents} ({status.passages} passages)")
        table.add_row("files changed", "yes; `corpus reload` takes them in" if status.files_changed else "no")
    table.add_row("model", status.model + (f" ({status.dimension} dimensions)" if status.dimension else ""))
    if status.reranker:
        table.add_row("reranker", status.reranker)
    if status.reader:
        table.add_row("reader", status.reader)
    if status.is_held:
        table.add_row("rolled back", "yes, until the next `corpus reload`")
    if status.running:
        table.add_row("reload", running_in_words(status.running))
    if status.prepared:
        table.add_row("waits for a yes", risks_in_words(status.prepared))
    if status.problem:
        table.add_row("problem", status.problem)
    if status.quota:
        quota = status.quota
        room = (
            f"{quota.documents} documents, {quota.bytes / 1e6:.0f} MB, {quota.characters / 1e6:.0f} million characters"
        )
        table.add_row("at most", room)
    terminal.console.print(table)
    for failure in status.failed:
        what = "kept the last good version of" if failure.kept else "left out"
        terminal.console.print(Text(f"{what} {failure.path}: it {failure.reason}", style="yellow"))


@corpus_app.command("reload")
def corpus_reload(
    context: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Agree to what needs a yes.")] = False,
    server: ServerOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take in changed files and make the new index current."""
    terminal: Terminal = context.obj
    terminal.set_up_logging(is_service=False)
    library = terminal.library_of(server)
    report = library.difference(on_wait=terminal.hint_waiting) if dry_run else terminal.reload(library, yes=yes)
    if dry_run:
        _show_report(terminal, report, as_json=as_json, is_dry_run=True)
    else:
        _end_reload(terminal, library, report, as_json=as_json)


def _show_report(terminal: Terminal, report: ReloadReport, *, as_json: bool, is_dry_run: bool = False) -> None:
    if as_json:
        terminal.print_json(asdict(report))
    else:
        print_report(terminal.console, report, is_dry_run=is_dry_run)


def _end_reload(
    terminal: Terminal, library: Library, report: ReloadReport, *, as_json: bool, shown: object = None
) -> None:
    """Show what a reload did; where it needs a yes, ask for that, or fail."""
    if as_json:
        terminal.print_json(shown if shown is not None else asdict(report))
    else:
        print_report(terminal.console, report)
    if report.made_current:
        return
    if sys.stdin.isatty() and not as_json and typer.confirm("Make it current all the same?", err=True):
        library.make_current(report.generation, by=BY_TERMINAL, on_wait=terminal.hint_waiting)
        terminal.console.print(Text(f"Generation {report.generation} is current."))
        return
    terminal.hint("`corpus reload --yes` goes on all the same.")
    raise typer.Exit(FAILED)


@corpus_app.command("add")
def corpus_add(
    context: typer.Context,
    source: Annotated[
        str, typer.Argument(metavar="FILE|URL", help="A document, which is copied, or its https address.")
    ],
    replace: Annotated[bool, typer.Option("--replace", help="Replace a document of that name.")] = False,
    server: ServerOption = None,
    as_json: JsonOption = False,
) -> None:
    """Copy a document into the corpus folder, or to a server's own, and take it in."""
    terminal: Terminal = context.obj
    terminal.set_up_logging(is_service=False)
    name, data, url = _read_source(source, is_allowed=terminal.settings.allow_urls)
    library = terminal.library_of(server)
    with terminal.progress() as show:
        added = library.add(
            name,
            data,
            replace=replace,
            yes=server is not None,
            by=BY_TERMINAL,
            on_progress=show,
            on_wait=terminal.hint_waiting,
        )
    if not as_json:
        what = "Replaced" if added.replaced else "Added"
        origin = f", fetched from {url}" if url else ""
        terminal.console.print(Text(f"{what} {added.document}{origin}."))
    _end_reload(terminal, library, added.report, as_json=as_json, shown=asdict(added))


def _read_source(source: str, *, is_allowed: bool) -> tuple[str, bytes, str]:
    """Name and bytes of a document that is a file, or lies at an address, if addresses are allowed; then also the
    address, after redirects.
    """
    if re.match(r"[a-z][a-z0-9+.-]*://", source, re.IGNORECASE):
        from bot.fetching import Fetcher

        fetched = asyncio.run(Fetcher(is_allowed).fetch(source))
        return fetched.name, fetched.data, fetched.url
    file = Path(source)
    if not file.is_file():
        raise typer.BadParameter(f"there is no file {file}")
    return file.name, file.read_bytes(), ""


@corpus_app.command("remove")
def corpus_remove(
    context: typer.Context,
    document_id: DocumentArgument,
    yes: Annotated[bool, typer.Option("--yes", help="Delete its file without asking.")] = False,
    server: ServerOption = None,
    as_json: JsonOption = False,
) -> None:
    """Delete a document's file and take it out; `corpus rollback` brings its text back, and a server's file, too."""
    terminal: Terminal = context.obj
    terminal.set_up_logging(is_service=False)
    library = terminal.library_of(server)
    files = [library.corpus / file.path for file in library.originals.files() if file.id == document_id]
    if files and not yes:
        if not sys.stdin.isatty() or as_json:
            _fail(f"This would delete {files[0]}; --yes agrees to it.", FAILED)
        if not typer.confirm(f"Delete {files[0]}?", err=True):
            raise typer.Exit(FAILED)
    with terminal.progress() as show:
        report = library.remove(document_id, by=BY_TERMINAL, on_progress=show, on_wait=terminal.hint_waiting)
    _end_reload(terminal, library, report, as_json=as_json)


@corpus_app.command("history")
def corpus_history(context: typer.Context, server: ServerOption = None, as_json: JsonOption = False) -> None:
    """List the generations that can be gone back to, the latest first."""
    terminal: Terminal = context.obj
    terminal.set_up_logging(is_service=False)
    entries = terminal.library_of(server).history()
    if as_json:
        terminal.print_json([asdict(entry) for entry in entries])
    else:
        print_history(terminal.console, entries)


@corpus_app.command("rollback")
def corpus_rollback(
    context: typer.Context,
    generation: Annotated[
        str | None, typer.Argument(metavar="GENERATION", help="As `corpus history` shows it; by default one back.")
    ] = None,
    server: ServerOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make an earlier generation current again; of the shared corpus, until somebody reloads, adds or removes."""
    terminal: Terminal = context.obj
    terminal.set_up_logging(is_service=False)
    library = terminal.library_of(server)
    previous = library.status().generation
    current = library.rollback(generation, by=BY_TERMINAL, on_wait=terminal.hint_waiting)
    if as_json:
        terminal.print_json({"generation": current, "previous": previous})
    else:
        until = "until the next `corpus reload`" if server is None else "with the files that it was made from"
        terminal.console.print(Text(f"Generation {current} is current, {until}."))


@corpus_app.command("export")
def corpus_export(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The zip archive to write.")],
    server: ServerOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a zip archive of the documents' files."""
    terminal: Terminal = context.obj
    terminal.set_up_logging(is_service=False)
    originals = terminal.library_of(server).originals
    if not originals.files():
        _fail(f"There are no documents in {originals.folder}.", FAILED)
    try:
        with file.open("xb") as archive:
            count = originals.export(archive)
    except FileExistsError:
        _fail(f"{file} is there already; name another file.", FAILED)
    if as_json:
        terminal.print_json({"file": str(file), "documents": count})
    else:
        terminal.console.print(Text(f"{file} holds {count} documents." if count != 1 else f"{file} holds 1 document."))


@corpus_app.command("list")
def corpus_list(context: typer.Context, server: ServerOption = None, as_json: JsonOption = False) -> None:
    """List the documents."""
    terminal: Terminal = context.obj
    terminal.set_up_logging(is_service=False)
    entries = terminal.open_library(server).documents()
    if as_json:
        terminal.print_json([asdict(entry) for entry in entries])
        return
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("document", no_wrap=True)
    table.add_column("title")
    table.add_column("passages", justify="right")
    for entry in entries:
        table.add_row(entry.id, Text(entry.title), str(entry.passages))
    terminal.console.print(table)


@corpus_app.command("show")
def corpus_show(
    context: typer.Context,
    document_id: DocumentArgument,
    server: ServerOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one document: what is known of it, and its text, in which a quote's offsets count."""
    terminal: Terminal = context.obj
    terminal.set_up_logging(is_service=False)
    document = terminal.open_library(server).document(document_id)
    about = {"id": document.id, "path": document.path, "title": document.title, **document.metadata}
    if as_json:
        sources = [asdict(source) for source in document.sources]
        terminal.print_json({**about, "digest": document.digest, "sources": sources, "text": document.text})
        return
    for name, value in about.items():
        shown = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        terminal.console.print(Text(f"{name}: {shown}", style="dim"))
    terminal.console.print()
    terminal.console.print(Text(document.text))


@corpus_app.command("check")
def corpus_check(context: typer.Context, server: ServerOption = None, as_json: JsonOption = False) -> None:
    """Look for what authors should mend: footnotes, links, dates, repeats, names, golden questions."""
    terminal: Terminal = context.obj
    terminal.set_up_logging(is_service=False)
    library = terminal.library_of(server)
    is_empty = server is not None and not library.corpus.is_dir()
    findings = [] if is_empty else check_corpus(library.corpus, library.embedder)
    if as_json:
        terminal.print_json([asdict(finding) for finding in findings])
    else:
        print_findings(terminal.console, findings)
    if not all(finding.is_remark for finding in findings):
        raise typer.Exit(FAILED)


def main() -> None:
    """The console script: every expected failure is one plain line."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # bytes that are no text, and characters that the terminal lacks
    try:
        app()
    except SettingsError as error:
        _fail(str(error), WRONG_USAGE)
    except UnknownDocumentError as error:
        _fail(error.user_message, WRONG_USAGE)
    except RetrievalError as error:
        logging.getLogger(__name__).debug("failed", exc_info=error)
        _fail(error.user_message, FAILED)
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    except BrokenPipeError:
        # whoever reads our output has gone (`| head`): leave without a word
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(0) from None
    except (OSError, sqlite3.Error) as error:
        logging.getLogger(__name__).debug("failed", exc_info=error)
        _fail(f"This cannot be read or written: {error}", FAILED)


def _fail(message: str, code: int) -> NoReturn:
    Console(stderr=True, highlight=False, soft_wrap=True).print(Text(message, style="red"))
    raise SystemExit(code)


def _with_id(item: Question, answer: Answer) -> dict[str, Any]:
    return ({} if item.id is None else {"id": item.id}) | answer.as_dict()


def _run_discord(terminal: Terminal) -> None:
    from bot.client import StartError, run_bot
    from bot.ending import end_on_signals
    from bot.service import AnswerService
    from bot.state import State

    async def serve() -> None:
        end_on_signals()
        state = State(terminal.settings.data_dir / "bot.sqlite3", answers_kept_days=terminal.settings.answers_kept_days)
        try:
            service = AnswerService(terminal.libraries(), watches=terminal.settings.corpus_watch)
            await run_bot(terminal.settings, service, state)
        finally:
            state.close()

    try:
        asyncio.run(serve())
    except StartError as error:
        _fail(str(error), FAILED)
    except (asyncio.CancelledError, KeyboardInterrupt):
        logging.getLogger(__name__).info("stopped")
