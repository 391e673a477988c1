"""What commands on the corpus found, on a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.render.wording import actor_in_words, risks_in_words
from index import Evaluation, Finding, Floor, GoldenEvaluation, HistoryEntry, ReloadReport

FIGURES = {
    "recall@600": "evidence recall, 600 characters",
    "recall@1200": "evidence recall, 1,200 characters",
    "hit@600": "hit, 600 characters",
    "hit@1200": "hit, 1,200 characters",
    "hit@1": "hit@1",
    "mrr": "MRR",
    "hit@3": "hit@3",
}


def print_report(console: Console, report: ReloadReport, *, is_dry_run: bool = False) -> None:
    """Show what a reload found and did, or would do."""
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    for name, documents in (("added", report.added), ("changed", report.changed), ("removed", report.removed)):
        shown = ", ".join(documents[:8]) + (f" and {len(documents) - 8} more" if len(documents) > 8 else "")
        table.add_row(name, str(len(documents)), shown)
    table.add_row("unchanged", str(report.unchanged), "")
    table.add_row("failed", str(len(report.failed)), "")
    console.print(table)
    for failure in report.failed:
        kept = " (its last good version stays)" if failure.kept else ""
        console.print(Text(f"  {failure.path}: it {failure.reason}{kept}", style="yellow"))
    for twin in report.twins:
        how = "the same as" if twin.is_same else "nearly the same as"
        console.print(Text(f"  {twin.document} says {how} {twin.other}", style="yellow"))
    if report.golden:
        golden = report.golden
        console.print(
            Text(f"Of {golden.asked} golden questions, quotes answered {golden.before} before and {golden.after} now.")
        )
    if is_dry_run:
        console.print(Text(f"Dry run: generation {report.generation} would become current."))
    if report.risks and not report.made_current:
        console.print(Text(f"{'It would need a yes' if is_dry_run else 'Not made current'}: {risks_in_words(report)}."))
    if report.made_current:
        same = report.generation == report.previous
        what = "stays current" if same else "is current"
        console.print(
            Text(
                f"Generation {report.generation} {what}: {report.passages} passages, {report.embedded} embedded, "
                f"{report.elapsed_s:.1f} s."
            )
        )
        if report.golden_questions:
            console.print(Text(f"How sure it must be is fitted to {report.golden_questions} golden questions."))


def print_history(console: Console, entries: Sequence[HistoryEntry]) -> None:
    """List generations, the latest first."""
    if not entries:
        console.print(Text("Nothing was current yet."))
        return
    table = Table(box=None, padding=(0, 2, 0, 0))
    for name in ("generation", "now", "since (UTC)"):
        table.add_column(name, no_wrap=True)
    table.add_column("by", overflow="fold")
    for name in ("documents", "passages"):
        table.add_column(name, justify="right")
    for entry in entries:
        now = "yes" if entry.is_current else ""
        since, by = entry.since[:16].replace("T", " "), Text(actor_in_words(entry.by))
        table.add_row(entry.generation, now, since, by, str(entry.documents), str(entry.passages))
    console.print(table)


def print_evaluation(console: Console, evaluation: Evaluation, *, without_faq: Evaluation | None = None) -> None:
    """Show the figures of a question set, each with its 95% interval where it has one."""
    counts = ", ".join(f"{count} {_in_words(kind)}" for kind, count in evaluation.counts.items())
    console.print(Text(f"{evaluation.documents} documents, generation {evaluation.generation}; questions: {counts}"))
    console.print()
    if evaluation.intervals:
        console.print(_retrieval_table(evaluation, without_faq), "")
        console.print(_product_table(evaluation), "")
    console.print(_refusal_table(evaluation), "")
    confidence = evaluation.confidence
    area = "not defined" if confidence["auc"] is None else f"{confidence['auc']:.3f}"
    console.print(
        Text(
            f"confidence: Brier score {confidence['brier']:.3f} (base rate's {confidence['brier_of_base_rate']:.3f}), "
            f"area under the curve {area}"
        )
    )
    times = evaluation.elapsed_ms
    console.print(Text(f"time: {times['p50']:.1f} ms a question (median), {times['p99']:.1f} ms (99th percentile)"))
    console.print()
    _print_worst(console, evaluation)


def _retrieval_table(evaluation: Evaluation, without_faq: Evaluation | None) -> Table:
    table = _table("Retrieval, whatever the verdict")
    table.add_column("figure")
    for name in ("value", "95% interval", *(["without FAQ"] if without_faq else [])):
        table.add_column(name, justify="right")

    def add(meaning: str, value: float | None, interval: str = "", other: float | None = None) -> None:
        table.add_row(meaning, _share(value), interval, *([_share(other)] if without_faq else []))

    for name, meaning in FIGURES.items():
        low, high = evaluation.intervals[name]
        beside = without_faq.retrieval[name] if without_faq else None
        add(meaning, evaluation.retrieval[name], f"{low:.3f} to {high:.3f}", beside)
    for kind, share in evaluation.hits.items():
        add(f"hit@3, {_in_words(kind)}", share, other=without_faq.hits.get(kind) if without_faq else None)
    for name, value in evaluation.chroma.items():
        add(f"Chroma's {'IoU' if name == 'iou' else name}", value)
    return table


def _product_table(evaluation: Evaluation) -> Table:
    table = _table("What a person sees, a refusal counting 0")
    table.add_column("figure")
    table.add_column("value", justify="right")
    product, highlights = evaluation.product, evaluation.highlights
    table.add_row("evidence recall", _share(product["recall"]))
    table.add_row("hit", _share(product["hit"]))
    table.add_row("characters shown, mean", _whole(product["characters_shown"]))
    read = product["characters_read"]
    table.add_row("characters until the evidence, median", "not shown" if read is None else _whole(read))
    for name in ("precision", "recall", "f1"):
        table.add_row(f"highlights, word {'F1' if name == 'f1' else name}", _share(highlights[name]))
    table.add_row("highlights, share of the quote", _share(highlights["share"]))
    table.add_row("first highlights hold an evidence span", _share(highlights["first_holds"]))
    return table


def _refusal_table(evaluation: Evaluation) -> Table:
    table = _table("Verdicts")
    table.add_column("questions")
    for name in ("answered", "uncertain", "not covered"):
        table.add_column(name, justify="right")
    for kind, shares in evaluation.refusal.items():
        table.add_row(_in_words(kind), *(f"{share:.3f}" for share in shares.values()))
    return table


def _print_worst(console: Console, evaluation: Evaluation) -> None:
    console.print(Text("Served worst", style="italic"))
    for item in evaluation.worst:
        question = " ".join(item["question"].split())
        console.print(Text(f"{item['id']}  {question if len(question) <= 100 else question[:99] + '…'}"))
        quoted = ", ".join(dict.fromkeys(item["quoted"])) or "nothing"
        parts = [
            f"{_in_words(item['kind'])}: {_in_words(item['verdict'])} ({item['confidence']:.2f})",
            f"quoted {quoted}",
        ]
        if item["evidence"]:
            parts.append(f"evidence in {', '.join(item['evidence'])}")
        console.print(Text("      " + "; ".join(parts), style="dim"))


def print_golden_evaluation(console: Console, evaluation: GoldenEvaluation) -> None:
    """Show the figures of a corpus's golden questions, and whether its floors are kept."""
    print_evaluation(console, evaluation.all_documents, without_faq=evaluation.without_faq)
    if not evaluation.floors:
        return
    table = _table("Floors")
    for name in ("figure", "must be", "is"):
        table.add_column(name, justify="left" if name == "figure" else "right")
    for floor in evaluation.floors:
        table.add_row(*_floor_cells(floor), style=None if floor.is_met else "red")
    console.print(table)


def _floor_cells(floor: Floor) -> tuple[str, str, str]:
    bound = "at most" if floor.is_ceiling else "at least"
    return floor.figure, f"{bound} {floor.limit:.3f}", "nothing" if floor.value is None else f"{floor.value:.3f}"


def missed_floors(floors: Sequence[Floor]) -> str:
    """The floors that are missed in words; empty if none is."""
    missed = [_floor_cells(floor) for floor in floors if not floor.is_met]
    return "; ".join(f"{figure} must be {bound} and is {value}" for figure, bound, value in missed)


def print_findings(console: Console, findings: Sequence[Finding]) -> None:
    """Show what is to be mended in a corpus, one line each, remarks last."""
    for finding in sorted(findings, key=lambda finding: finding.is_remark):
        place = finding.path if finding.line is None else f"{finding.path}:{finding.line}"
        console.print(Text(f"{place}: {finding.what}", style="dim" if finding.is_remark else "yellow"))
    remarks = sum(finding.is_remark for finding in findings)
    console.print(Text(f"{_count(len(findings) - remarks, 'finding')}, {_count(remarks, 'remark')}"))


def _table(title: str) -> Table:
    return Table(title=title, title_justify="left", box=None, padding=(0, 2, 0, 0))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")


def _in_words(name: str) -> str:
    return name.replace("_", " ")


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _whole(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}"
