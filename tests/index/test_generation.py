from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from index import Failure, Library, StaleGenerationError, UnknownDocumentError
from index.generation import FailedFile, document_key, generation_id, open_generation, read_manifest
from index.keywords import terms
from index.segment import (
    ARRAYS,
    Segment,
    build_segment,
    checksum_of,
    heading_of,
    read_segment,
    reading_of,
    segment_key,
    write_segment,
    write_whole,
)
from index.tokens import learn_projection
from tests.fakes import WordEmbedder
from tests.index.documents import document_of
from tests.index.strategies import markdown_text

TEXT = """\
# Title

A claim.[^a] Another **bold** claim.

## Part

- An item.

[^a]: [Paper](https://example.org). 2020.
"""


@pytest.fixture
def segment(embedder: WordEmbedder) -> Segment:
    return build_segment(document_of(TEXT), embedder, learn_projection(embedder))


def test_a_segment_holds_a_vector_for_each_passage_and_each_of_its_sentences(
    segment: Segment, embedder: WordEmbedder
) -> None:
    readings = [reading_of(segment.document, passage) for passage in segment.passages]
    passages = [embedder.embed_query(text).vector for text, _ in readings]
    sentences = [embedder.embed_query(text[start:end]).vector for text, spans in readings for start, end in spans]

    assert np.allclose(segment.passage_vectors, passages, atol=1e-3)
    assert np.allclose(segment.sentence_vectors, sentences, atol=1e-3)


@given(markdown_text.filter(lambda text: document_of(text).blocks != ()))
@settings(max_examples=60, deadline=None)
def test_the_reading_of_a_passage_is_its_sentences_plain_texts(text: str) -> None:
    document = document_of(text)

    for passage in build_segment(document, WordEmbedder(), learn_projection(WordEmbedder())).passages:
        reading, spans = reading_of(document, passage)

        assert [reading[start:end] for start, end in spans] == [
            document.plain(sentence.span) for sentence in passage.sentences
        ]


def test_a_segment_holds_each_token_of_its_sentences(segment: Segment) -> None:
    sentences = [sentence for passage in segment.passages for sentence in passage.sentences]
    words = [len(re.findall(r"\w+", segment.document.plain(sentence.span))) for sentence in sentences]

    assert segment.token_counts.tolist() == words
    assert segment.tokens.shape == (sum(words), 64)


def test_a_segment_holds_the_tokens_of_what_stands_above_each_section(segment: Segment) -> None:
    assert [heading_of(segment.document, section) for section in range(2)] == ["Title", "Title Part"]
    assert segment.heading_token_counts.tolist() == [1, 2]


def test_a_segment_with_too_few_vectors_or_tokens_cannot_be_made(segment: Segment) -> None:
    for name in ("passage_vectors", "sentence_vectors"):
        with pytest.raises(ValueError, match="vectors for"):
            replace(segment, **{name: getattr(segment, name)[1:]})
    with pytest.raises(ValueError, match="tokens, counted as"):
        replace(segment, tokens=segment.tokens[1:])


def test_a_segment_is_read_back_as_it_was_written(segment: Segment, tmp_path: Path) -> None:
    write_segment(segment, tmp_path, "key")

    found = read_segment(tmp_path, "key")

    assert found.passages == segment.passages
    for name in ARRAYS:
        assert np.array_equal(getattr(found, name), getattr(segment, name))
    for name in ("id", "path", "title", "text", "digest", "sections", "hidden", "emphasis", "sources", "metadata"):
        assert getattr(found.document, name) == getattr(segment.document, name)


def test_a_segments_key_depends_on_the_path_the_file_and_the_model() -> None:
    keys = {
        segment_key("a.md", "a" * 64, WordEmbedder()),
        segment_key("b.md", "a" * 64, WordEmbedder()),
        segment_key("a.md", "b" * 64, WordEmbedder()),
        segment_key("a.md", "a" * 64, WordEmbedder(name="other")),
    }

    assert len(keys) == 4
    assert segment_key("a.md", "a" * 64, WordEmbedder()) in keys


def test_a_missing_segment_is_stale(tmp_path: Path) -> None:
    with pytest.raises(StaleGenerationError, match="cannot be read"):
        read_segment(tmp_path, "key")


@pytest.mark.parametrize("content", [b"", b"[]", b"null", b'"text"', b"{}", b'{"format": 1}', b"\xff\xfe", b"[" * 50])
def test_a_segment_file_that_is_something_else_is_stale(segment: Segment, tmp_path: Path, content: bytes) -> None:
    write_segment(segment, tmp_path, "key")
    (tmp_path / "key.json").write_bytes(content)

    with pytest.raises(StaleGenerationError):
        read_segment(tmp_path, "key")


def test_a_segment_of_another_format_is_stale_and_says_so(segment: Segment, tmp_path: Path) -> None:
    write_segment(segment, tmp_path, "key")
    change_json(tmp_path / "key.json", {"format": 99})

    with pytest.raises(StaleGenerationError, match="has format 99"):
        read_segment(tmp_path, "key")


def test_vectors_of_another_segment_are_noticed(segment: Segment, tmp_path: Path, embedder: WordEmbedder) -> None:
    write_segment(segment, tmp_path, "key")
    write_segment(build_segment(document_of("Another text."), embedder, learn_projection(embedder)), tmp_path, "other")
    (tmp_path / "other.npz").rename(tmp_path / "key.npz")

    with pytest.raises(StaleGenerationError, match="is damaged"):
        read_segment(tmp_path, "key")


def change_json(path: Path, change: dict[str, Any]) -> None:
    """Change a checked file with a checksum that is right again."""
    content = json.loads(path.read_bytes()) | change
    del content["checksum"]
    path.write_text(json.dumps(content | {"checksum": checksum_of(content)}))


def test_a_file_is_written_whole_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    write_whole(tmp_path / "a.json", b"old")
    write_whole(tmp_path / "a.json", b"new")

    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a.json": b"new"}


def test_a_generation_is_named_by_what_it_holds_what_failed_and_what_calibrates_it() -> None:
    failed = FailedFile(Failure("x.md", "is empty"), "d")

    names = [
        generation_id({"a": "1", "b": "2"}, [], ""),
        generation_id({"a": "1"}, [], ""),
        generation_id({"a": "2"}, [], ""),
        generation_id({"a": "1"}, [failed], ""),
        generation_id({"a": "1"}, [], "questions"),
    ]

    assert len(set(names)) == 5
    assert generation_id({"b": "2", "a": "1"}, [], "") == names[0]
    assert all(len(name) == 12 for name in names)


def test_a_documents_key_fits_a_button() -> None:
    keys = {document_key(f"{'long/' * 50}{number}") for number in range(100)}

    assert len(keys) == 100
    assert all(0 < len(key) <= 16 for key in keys)


def test_a_generation_describes_itself(library: Library, embedder: WordEmbedder) -> None:
    manifest = read_manifest(library.folder, library.generation.id)

    assert (manifest.model, manifest.model_digest, manifest.dimension) == (embedder.name, embedder.digest, 256)
    assert manifest.built.endswith("+00:00")
    assert [entry.id for entry in manifest.documents] == sorted(manifest.segments)
    for entry in manifest.documents:
        document = library.document(entry.id)
        assert (entry.title, entry.path, entry.digest) == (document.title, document.path, document.digest)
        assert entry.characters == len(document.text)
        assert entry.passages == len(library.generation.segment(entry.id).passages)


def test_vectors_and_sentences_are_numbered_alike(library: Library) -> None:
    generation = library.generation

    assert len(generation.passage_vectors) == len(generation.passages) == generation.vectors.count
    assert len(generation.sentence_vectors) == len(generation.sentences) == len(generation.passage_of_sentence)
    for number, sentence in enumerate(generation.sentences):
        owner, passage = generation.passages[generation.passage_of_sentence[number]]
        plain = generation.segments[owner].document.plain(sentence.span)
        assert sentence in passage.sentences
        assert np.allclose(generation.sentence_vectors[number], library.embedder.embed_query(plain).vector, atol=1e-3)


def test_the_passages_of_all_documents_are_all_passages(library: Library) -> None:
    numbers = [number for entry in library.documents() for number in library.generation.passages_of(entry.id).tolist()]

    assert numbers == list(range(len(library.generation.passages)))


def test_a_document_that_is_not_there_is_an_error(library: Library) -> None:
    with pytest.raises(UnknownDocumentError):
        library.generation.segment("no/such")


def test_a_generation_of_another_model_is_refused(library: Library) -> None:
    with pytest.raises(StaleGenerationError, match="was made with the model words, not other"):
        open_generation(library.folder, library.generation.id, embedder=WordEmbedder(name="other"))


@pytest.mark.parametrize("change", [{"format": [99, 1]}, {"format": [1, 99]}, {"splitter": -1}])
def test_a_generation_of_another_version_is_refused(
    library: Library, embedder: WordEmbedder, change: dict[str, Any]
) -> None:
    change_json(library.folder / "generations" / library.generation.id / "manifest.json", change)

    with pytest.raises(StaleGenerationError, match="another version"):
        open_generation(library.folder, library.generation.id, embedder=embedder)


def test_a_generation_under_another_ones_name_is_refused(library: Library, embedder: WordEmbedder) -> None:
    generations = library.folder / "generations"
    (generations / library.generation.id).rename(generations / "0123456789ab")

    with pytest.raises(StaleGenerationError, match="damaged"):
        open_generation(library.folder, "0123456789ab", embedder=embedder)


def test_a_missing_generation_is_refused(library: Library, embedder: WordEmbedder) -> None:
    with pytest.raises(StaleGenerationError, match="cannot be read"):
        open_generation(library.folder, "0123456789ab", embedder=embedder)


def test_the_words_that_a_segment_keeps_are_those_of_its_passages_and_sentences(library: Library) -> None:
    for segment in library.generation.segments:
        document = segment.document
        for passage, words in zip(segment.passages, segment.words.passages, strict=True):
            above = " ".join((document.title, *document.sections[passage.section]))
            assert sorted(words.split()) == sorted(terms(f"{above} {document.plain(passage.span)}"))
        sentences = [sentence for passage in segment.passages for sentence in passage.sentences]
        assert [words.split() for words in segment.words.sentences] == [
            terms(document.plain(sentence.span)) for sentence in sentences
        ]
