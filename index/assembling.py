"""From a plan to a generation: what is new is embedded, everything else is taken as it is."""

from __future__ import annotations

import logging
from pathlib import Path

from index.building import Progress, no_progress
from index.calibration import recalibrated, try_questions
from index.embedding import Embedder
from index.errors import QuestionsError
from index.generation import Generation, manifest_of, texts_of
from index.planning import Plan
from index.questions import read_golden_questions
from index.segment import Segment, SegmentStore, build_segment, write_segment
from index.tokens import learn_projection
from index.vocabulary import Vocabulary

log = logging.getLogger(__name__)


def assemble(
    plan: Plan, known: Generation | None, *, store: SegmentStore, embedder: Embedder, on_progress: Progress
) -> tuple[Generation, int]:
    """The planned generation in memory, its segments on disk.

    Args:
        plan: What it is made of.
        known: A generation in memory, from which is taken what both have.
        store: The segments on disk; what is embedded joins them.
        embedder: The model.
        on_progress: Told after each batch.

    Returns:
        The generation, and how many passages had to be embedded.
    """
    store.folder.mkdir(parents=True, exist_ok=True)
    characters = sum(len(document.text) for document in plan.unbuilt.values())
    done = seen = 0

    def step(count: int) -> None:
        nonlocal done
        done += count
        # passages are only known once a document is split: estimate the rest from what was seen
        on_progress(done, max(done, round(done * characters / max(1, seen))))

    projection = known.projection if known else learn_projection(embedder)
    in_memory = segments_by_key(known)
    segments: list[Segment] = []
    for key in plan.keys.values():
        if key in plan.unbuilt:
            seen += len(plan.unbuilt[key].text)
            segment = build_segment(plan.unbuilt[key], embedder, projection, on_passages=step)
            write_segment(segment, store.folder, key)
        else:
            segment = in_memory[key] if key in in_memory else store.read(key)
        segments.append(segment)
    manifest = manifest_of(segments, plan.keys, embedder=embedder, failed=plan.failed, golden=plan.golden)
    vocabulary = Vocabulary.build(texts_of(segments), embedder, known=known.vocabulary if known else None)
    return Generation.build(manifest, segments, vocabulary, projection), done


def segments_by_key(generation: Generation | None) -> dict[str, Segment]:
    """The segments of a generation in memory by their keys."""
    if generation is None:
        return {}
    keys = generation.manifest.segments
    return {keys[segment.document.id]: segment for segment in generation.segments}


def calibrate(
    generation: Generation, questions: Path, embedder: Embedder, *, on_progress: Progress = no_progress
) -> Generation:
    """Ask a generation its corpus's golden questions, and fit its confidence to them where there are enough.

    Args:
        generation: It stays as it is.
        questions: The file of golden questions.
        embedder: The model.
        on_progress: Told after each question.
    """
    if not generation.manifest.golden:
        return generation
    try:
        texts = {segment.document.id: segment.document.text for segment in generation.segments}
        golden, _ = read_golden_questions(questions, texts)
    except QuestionsError as error:
        log.warning("not calibrated: %s", error)
        return generation
    trials = list(try_questions(generation, embedder, golden, on_progress=on_progress))
    answerable = [trial for trial in trials if trial.is_answerable]
    return generation.judged(
        asked=(trial.question.id for trial in answerable),
        hits=(trial.question.id for trial in answerable if trial.is_hit),
    ).calibrated(recalibrated(generation.calibration, trials))
