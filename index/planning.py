"""What a reload would change: the files of a corpus as they lie now, against the current generation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from index.corpus_files import CorpusFiles
from index.embedding import Embedder
from index.errors import CorpusError, DocumentError
from index.generation import FailedFile, Generation, generation_id
from index.line import EMPTY
from index.questions import GOLDEN_QUESTIONS
from index.reading import read_document
from index.segment import SegmentStore, segment_key, write_segment
from index.twins import find_twins
from index.values import Document, Failure, ReloadReport, Risk

LARGE_REMOVAL = 0.2
"""A reload that would take away more than this share of the documents waits for somebody's yes."""


@dataclass(slots=True)
class Plan:
    """What a generation is to be made of."""

    keys: dict[str, str] = field(default_factory=dict)
    """Document id to segment key, for all of its documents, in order."""
    unbuilt: dict[str, Document] = field(default_factory=dict)
    """Segment key to document, for what has to be embedded."""
    failed: list[FailedFile] = field(default_factory=list)
    golden: str = ""
    """Digest of the golden questions."""

    @property
    def generation(self) -> str:
        """The id of that generation."""
        return generation_id(self.keys, self.failed, self.golden) if self.keys else EMPTY


def plan_reload(
    files: CorpusFiles,
    current: Generation | None,
    *,
    store: SegmentStore,
    embedder: Embedder,
    may_be_empty: bool = False,
    elsewhere: Callable[[], Mapping[str, Document]] = dict,
) -> tuple[Plan, ReloadReport]:
    """Read what has changed, and compare; nothing is embedded.

    Args:
        files: Of the corpus.
        current: The generation that is current; a file that cannot be read keeps what it has of it.
        store: Segments that need not be built again.
        embedder: What the others are to be embedded with.
        may_be_empty: Whether no documents at all is a state to be in, and not a mistake.
        elsewhere: Gives documents of other libraries, by id, that new ones are compared with.

    Returns:
        What the generation is to be made of, and what there is to say of that before it is built.

    Raises:
        CorpusError: The folder is missing, or nothing in it can be read.
    """
    found, unreadable = files.scan()
    digests = files.digests(found)
    plan = Plan(failed=[FailedFile(failure, "") for failure in unreadable], golden=digests.get(GOLDEN_QUESTIONS, ""))
    for file in found:
        digest = digests[file.path]
        key = segment_key(file.path, digest, embedder)
        if not store.is_whole(key):
            try:
                document = read_document(files.folder, file)
            except DocumentError as error:
                kept = _kept(file.id, current, store)
                plan.failed.append(FailedFile(Failure.of(file.path, error, kept=kept is not None), digest))
                if kept is None:
                    continue
                key = kept
            else:
                key = segment_key(file.path, document.digest, embedder)
                plan.unbuilt[key] = document
        plan.keys[file.id] = key
    plan.keys = dict(sorted(plan.keys.items()))
    if not plan.keys and not may_be_empty:
        raise _nothing_to_read(files, plan)
    return plan, _report(plan, current, store, elsewhere)


def _kept(name: str, current: Generation | None, store: SegmentStore) -> str | None:
    """The key of the version of a document that is current, whose segment is on disk then; None where there is none."""
    if current is None or name not in current.manifest.segments:
        return None
    key = current.manifest.segments[name]
    if not store.is_whole(key):  # what is in memory is all that is left of it
        write_segment(current.segment(name), store.folder, key)
    return key


def _nothing_to_read(files: CorpusFiles, plan: Plan) -> CorpusError:
    if not plan.failed:
        return CorpusError(
            f"nothing in {files.folder} can be read",
            user_message="There is nothing to answer from in {corpus}. Put .md or .pdf files there.",
            corpus=files.folder,
        )
    reasons = "; ".join(f"{item.failure.path} {item.failure.reason}" for item in plan.failed[:5])
    first = plan.failed[0].failure
    template = first.template
    return CorpusError(
        f"nothing in {files.folder} can be read: {reasons}",
        user_message="There is nothing to answer from in {corpus}. No file there can be read: {file}, for one, "
        "{reason}.",
        corpus=files.folder,
        file=first.path,
        reason=DocumentError(template, file=first.path, **first.values),
    )


def _report(
    plan: Plan, current: Generation | None, store: SegmentStore, elsewhere: Callable[[], Mapping[str, Document]]
) -> ReloadReport:
    """What there is to say of a plan."""
    before: Mapping[str, str] = current.manifest.segments if current else {}
    removed = tuple(name for name in before if name not in plan.keys)
    known = {(item.failure.path, item.digest) for item in current.manifest.failed} if current else set()
    failed_anew = tuple(item.failure.path for item in plan.failed if (item.failure.path, item.digest) not in known)
    risks = []
    if len(before) > 1 and len(removed) > LARGE_REMOVAL * len(before):
        risks.append(Risk.LARGE_REMOVAL)
    if current and failed_anew:
        risks.append(Risk.FAILURES)
    fresh = [name for name, key in plan.keys.items() if before.get(name) != key]
    documents = {**elsewhere(), **{name: _document(name, plan, current, store) for name in plan.keys}} if fresh else {}
    return ReloadReport(
        generation=plan.generation,
        previous=current.id if current else None,
        added=tuple(name for name in fresh if name not in before),
        changed=tuple(name for name in fresh if name in before),
        removed=removed,
        unchanged=len(plan.keys) - len(fresh),
        failed=tuple(item.failure for item in plan.failed),
        failed_anew=failed_anew,
        risks=tuple(risks),
        twins=tuple(find_twins(documents, fresh)),
    )


def _document(name: str, plan: Plan, current: Generation | None, store: SegmentStore) -> Document:
    """A document of a plan, from memory where it is there."""
    key = plan.keys[name]
    if key in plan.unbuilt:
        return plan.unbuilt[key]
    if current is not None and current.manifest.segments.get(name) == key:
        return current.segment(name).document
    return store.read(key).document
