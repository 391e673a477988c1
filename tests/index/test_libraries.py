"""The shared corpus and a server's own documents are searched as one, and no server sees another's."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from index import Libraries, Library, Quota, UnknownDocumentError, Verdict, in_surroundings
from index.query import read_query
from index.retrieval import retrieve
from tests.conftest import CORPUS, write_corpus
from tests.fakes import WordEmbedder, WordReader, WordReranker

ADA, BOB = 7, 8
"""Two servers."""

WHALES = b"# Songs of whales\n\n## Loudness\n\nA blue whale sings at 188 decibels. The song of a quobbler is louder.\n"
LOUD = "How loud does a blue whale sing?"
LIGHTHOUSE = "When was the lighthouse on Grey Skerry built from granite?"
QUESTIONS = [
    LIGHTHOUSE,
    LOUD,
    "Beekeepers feed sugar syrup in autumn",
    "What is the belly of a violin carved from?",
    "What is the price of bitcoin?",
    "How loud is a qoubbler?",
    "song",
]


@pytest.fixture
def libraries(library: Library, tmp_path: Path) -> Libraries:
    """The shared library, and two servers of which one has added a document."""
    libraries = Libraries(library, tmp_path / "data")
    libraries.server(ADA).add("whales.md", WHALES)
    return libraries


def told(libraries: Libraries, question: str, server_id: int | None) -> dict[str, object]:
    answer = libraries.ask(question, server_id=server_id)
    return answer.as_dict() | {
        "elapsed_ms": None,
        "corrections": answer.corrections,
        "nearest": answer.nearest_titles,
        "unknown": answer.unknown_words,
        "signs": answer.signs,
    }


# ------------------------------------------------------------------- searching


def test_a_server_is_answered_from_the_shared_corpus_and_from_its_own_documents(libraries: Libraries) -> None:
    own, shared = libraries.ask(LOUD, server_id=ADA), libraries.ask(LIGHTHOUSE, server_id=ADA)

    assert (own.verdict, own.quotes[0].citation.document) == (Verdict.ANSWERED, "server/whales")
    assert (shared.verdict, shared.quotes[0].citation.document) == (Verdict.ANSWERED, "sea/lighthouse")
    for answer in (own, shared):
        for quote in answer.quotes:
            document = libraries.document(quote.citation.document, ADA)
            start, end = quote.citation.span
            assert document.text[start:end] == quote.text


def test_quotes_of_both_stand_beside_each_other_the_best_first(libraries: Libraries) -> None:
    libraries.server(ADA).add("towers.md", b"The second lighthouse on Grey Skerry was built from granite in 1911.\n")

    answer = libraries.ask(LIGHTHOUSE, server_id=ADA)

    found = [quote.citation.document for quote in answer.quotes[:2]]
    assert sorted(found) == ["sea/lighthouse", "server/towers"]
    scores = [quote.score for quote in answer.quotes]
    assert scores == sorted(scores, reverse=True)


def test_no_section_of_a_server_counts_as_one_of_the_shared_corpus(libraries: Libraries) -> None:
    joined = libraries.generation(ADA)
    shared, own = joined.parts
    numbers = np.arange(len(joined.passages))

    sections = joined.heading_of_passage[numbers]

    behind = numbers >= len(shared.passages)
    assert np.array_equal(sections[~behind], shared.heading_of_passage)
    assert len(set(sections[behind])) == len(set(own.heading_of_passage))
    assert sections[behind].min() > sections[~behind].max()


def test_the_answer_names_both_generations(libraries: Libraries) -> None:
    shared, own = libraries.shared.generation.id, libraries.server(ADA).generation.id

    assert libraries.ask(LIGHTHOUSE, server_id=ADA).generation == f"{shared}+{own}"
    assert libraries.ask(LIGHTHOUSE, server_id=BOB).generation == shared
    assert libraries.ask(LIGHTHOUSE).generation == shared
    libraries.server(ADA).remove("server/whales")
    assert libraries.ask(LIGHTHOUSE, server_id=ADA).generation == shared


@pytest.mark.parametrize("question", QUESTIONS)
def test_what_a_server_adds_changes_no_score_of_the_shared_corpus(libraries: Libraries, question: str) -> None:
    joined, shared = libraries.generation(ADA), libraries.shared.generation
    query = read_query(question, joined, WordEmbedder())
    alone = retrieve(shared, replace(query, near_in_parts=query.near_in_parts[:1]))

    found = retrieve(joined, query)

    count = len(alone.sentences)
    assert (found.sentences[:count] == alone.sentences).all()
    assert np.array_equal(found.sentence_scores[:count], alone.sentence_scores)
    assert (found.sentences[count:] >= len(shared.sentences)).all()


def test_a_word_counts_as_much_in_a_servers_document_as_in_a_shared_one(library: Library, tmp_path: Path) -> None:
    libraries = Libraries(library, tmp_path / "data")
    libraries.server(ADA).add("violins.md", CORPUS["crafts/violins.md"].encode())
    for number in range(5):  # where everything is about violins, "violin" says nothing by the server's own counts
        libraries.server(ADA).add(f"violin-{number}.md", f"Violin number {number} hangs in room {number}.\n".encode())
    joined = libraries.generation(ADA)
    found = retrieve(joined, read_query("violin or trombone", joined, WordEmbedder()))

    def best_of(document: str) -> tuple[float, float]:
        rows = np.isin(found.passages, joined.passages_of(document))
        sentences = np.isin(joined.passage_of_sentence[found.sentences], joined.passages_of(document))
        return float(found.parts.keyword_shares[rows].max()), float(found.sentence_scores[sentences].max())

    own, shared = best_of("server/violins"), best_of("crafts/violins")
    assert min(*own, *shared) > 0.1
    # each index compares lengths with its own, which moves a score by little
    assert own == pytest.approx(shared, abs=0.12)


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_server_with_nothing_of_its_own_is_answered_as_anybody(libraries: Libraries, question: str) -> None:
    assert told(libraries, question, BOB) == told(libraries, question, None)
    assert libraries.generation(BOB) is libraries.shared.generation


def test_a_server_with_nothing_of_its_own_leaves_nothing_on_disk(libraries: Libraries, tmp_path: Path) -> None:
    libraries.ask(LIGHTHOUSE, server_id=BOB)
    libraries.documents(BOB)
    libraries.suggest("", count=10, server_id=BOB)

    assert [path.name for path in (tmp_path / "data" / "servers").iterdir()] == [str(ADA)]


def test_one_document_of_either_kind_can_be_searched_alone(libraries: Libraries) -> None:
    for document in ("server/whales", "garden/bees"):
        answer = libraries.ask(LOUD, server_id=ADA, within=document, nearest=True)
        assert {quote.citation.document for quote in answer.quotes} == {document}


def test_a_word_that_only_the_server_has_is_not_mended_for_it(libraries: Libraries) -> None:
    libraries.server(ADA).add("lighthause.md", b"The lighthause is a tavern.\n")

    assert libraries.ask("Where is the lighthause?", server_id=ADA).corrections == ()
    assert libraries.ask("Where is the lighthause?", server_id=BOB).corrections[0].read_as == "lighthouse"


def test_a_misspelled_word_of_the_servers_is_mended_for_it_alone(libraries: Libraries) -> None:
    assert libraries.ask("How loud is a qoubbler?", server_id=ADA).corrections[0].read_as == "quobbler"
    assert libraries.ask("How loud is a qoubbler?", server_id=BOB).corrections == ()


def test_models_read_quotes_of_both(library: Library, tmp_path: Path) -> None:
    reranker, reader = WordReranker("decibels"), WordReader("188")
    shared = Library(
        corpus=library.corpus, data=tmp_path / "data", embedder=library.embedder, reranker=reranker, reader=reader
    )
    shared.open()
    libraries = Libraries(shared, tmp_path / "data")
    libraries.server(ADA).add("whales.md", WHALES)

    answer = libraries.ask(LOUD, server_id=ADA, explain=True)

    quote = answer.quotes[0]
    assert answer.trace is not None
    assert answer.trace.read[0].text == "188"
    highlighted = [libraries.document("server/whales", ADA).text[span.start : span.end] for span in quote.highlights]
    assert highlighted == ["A blue whale sings at 188 decibels."]
    assert any("decibels" in text for _, passages in reranker.read for text, _ in passages)


def test_an_address_of_the_shared_corpus_is_none_of_a_servers_document(library: Library, tmp_path: Path) -> None:
    shared = Library(
        corpus=library.corpus, data=tmp_path / "data", embedder=library.embedder, base_url="https://example.org"
    )
    shared.open()
    libraries = Libraries(shared, tmp_path / "data")
    libraries.server(ADA).add("whales.md", WHALES)

    assert libraries.ask(LOUD, server_id=ADA).quotes[0].citation.url is None
    bees = libraries.ask("Beekeepers feed sugar syrup in autumn", server_id=ADA)
    assert bees.quotes[0].citation.url == "https://example.org/garden/bees.md"


def test_a_quote_is_found_in_its_surroundings(libraries: Libraries) -> None:
    quote = libraries.ask(LOUD, server_id=ADA).quotes[0]

    wide = in_surroundings(libraries.document("server/whales", ADA), quote)

    assert wide is not None
    assert quote.text in wide.text


def test_the_explanation_of_a_joined_answer_names_places_of_both(libraries: Libraries) -> None:
    trace = libraries.ask("song lighthouse quobbler", server_id=ADA, explain=True).trace

    assert trace is not None
    assert {sentence.place.document for sentence in trace.sentences} >= {"sea/lighthouse", "server/whales"}
    assert trace.missing_words == ()


# -------------------------------------------------------------------- isolation


def everything(libraries: Libraries, server_id: int | None) -> str:
    """All that somebody can be shown, whatever they ask."""
    entries = libraries.documents(server_id)
    typed = ["", "w", "song", "loud", "whale", "188", "quob"]
    parts: list[object] = [
        [told(libraries, question, server_id) for question in QUESTIONS],
        [told_nearest(libraries, question, server_id) for question in QUESTIONS],
        entries,
        len(entries),
        [libraries.suggest(text, count=50, server_id=server_id) for text in typed],
    ]
    return repr(parts)


def told_nearest(libraries: Libraries, question: str, server_id: int | None) -> object:
    answer = libraries.ask(question, server_id=server_id, nearest=True, limit=0, room=100_000, explain=True)
    return answer.quotes, answer.trace, answer.diagnoses, answer.confidence, answer.generation


@pytest.mark.parametrize("server_id", [BOB, None])
def test_nobody_else_is_shown_anything_of_what_a_server_adds(
    library: Library, tmp_path: Path, server_id: int | None
) -> None:
    libraries = Libraries(library, tmp_path / "data")
    libraries.server(BOB).add("otters.md", b"# Otters\n\nOtters hold hands while they sleep.\n")
    before = everything(libraries, server_id)

    libraries.server(ADA).add("whales.md", WHALES)
    libraries.ask(LOUD, server_id=ADA)
    libraries.suggest("song", count=10, server_id=ADA)

    assert everything(libraries, server_id) == before
    assert "quobbler" not in before
    key = next(entry.key for entry in libraries.documents(ADA) if entry.id == "server/whales")
    assert key not in before
    assert "quobbler" in everything(libraries, ADA)


@pytest.mark.parametrize("server_id", [BOB, None])
def test_another_servers_document_cannot_be_named(libraries: Libraries, server_id: int | None) -> None:
    with pytest.raises(UnknownDocumentError):
        libraries.document("server/whales", server_id)
    with pytest.raises(UnknownDocumentError):
        libraries.ask(LOUD, server_id=server_id, within="server/whales")
    assert not (libraries.folder_of("server/whales", server_id) / "whales.md").exists()


def test_two_servers_documents_of_one_name_are_two(libraries: Libraries) -> None:
    libraries.server(BOB).add("whales.md", b"A narwhal has one tooth.\n")

    assert "decibels" in libraries.document("server/whales", ADA).text
    assert "narwhal" in libraries.document("server/whales", BOB).text
    assert "narwhal" not in everything(libraries, ADA)


def test_a_shared_folder_named_server_does_not_speak_for_a_server(libraries: Libraries) -> None:
    write_corpus(libraries.shared.corpus, {"server/whales.md": "A forged whale.\n"})
    libraries.shared.reload(yes=True)

    assert "decibels" in libraries.document("server/whales", ADA).text
    with pytest.raises(UnknownDocumentError):
        libraries.document("server/whales", BOB)


# ---------------------------------------------------------------- opening, closing


def test_no_more_libraries_are_open_than_may_be_and_all_answer(library: Library, tmp_path: Path) -> None:
    libraries = Libraries(library, tmp_path / "data", open_at_most=2)
    for number in range(4):
        libraries.server(number).add("fact.md", f"The quobbler{number} sleeps in den{number}.\n".encode())

    for number in (0, 3, 1, 2, 0):
        answer = libraries.ask(f"Where does the quobbler{number} sleep?", server_id=number)
        assert f"den{number}" in answer.quotes[0].text
        libraries.suggest("", count=5, server_id=number)

    assert len(libraries._servers) == len(libraries._joined) == len(libraries._suggestions) - 1 == 2


def test_large_libraries_are_closed_sooner(library: Library, tmp_path: Path) -> None:
    libraries = Libraries(library, tmp_path / "data", passages_at_most=3)
    for number in range(4):
        text = "".join(f"## Part {part}\n\nThe quobbler{number} sleeps in den{part}.\n\n" for part in range(2))
        libraries.server(number).add("fact.md", text.encode())

    for number in (0, 3, 1):
        assert libraries.ask("Where does it sleep?", server_id=number, nearest=True).quotes

    assert sum(server.opened is not None for server in libraries._servers.values()) <= 2
    assert list(libraries._servers)[-1] == 1


def test_what_another_process_changes_is_noticed(libraries: Libraries, library: Library, tmp_path: Path) -> None:
    elsewhere = Libraries(library, tmp_path / "data")
    assert elsewhere.ask(LOUD, server_id=ADA).quotes
    libraries.server(ADA).add("otters.md", b"# Otters\n\nOtters hold hands while they sleep.\n")

    elsewhere.refresh()

    assert [entry.id for entry in elsewhere.documents(ADA)][-2:] == ["server/otters", "server/whales"]
    assert "Otters" in elsewhere.suggest("ott", count=5, server_id=ADA)


def test_what_another_process_forgets_is_gone_from_memory_too(
    libraries: Libraries, library: Library, tmp_path: Path
) -> None:
    elsewhere = Libraries(library, tmp_path / "data")
    elsewhere.suggest("song", count=5, server_id=ADA)
    assert elsewhere.ask(LOUD, server_id=ADA).quotes

    libraries.server(ADA).forget()

    assert told(elsewhere, LOUD, ADA) == told(elsewhere, LOUD, None)
    assert (elsewhere._servers, elsewhere._joined, list(elsewhere._suggestions)) == ({}, {}, [None])
    assert elsewhere.server_ids() == []


def test_servers_with_documents_are_listed_and_left_overs_of_forgetting_are_deleted(
    libraries: Libraries, tmp_path: Path
) -> None:
    left = tmp_path / "data" / "servers" / ".forgotten-9"
    left.mkdir()
    (left / "whales.md").write_text("left")

    libraries.clean_up()

    assert libraries.server_ids() == [ADA]
    assert not left.exists()


def test_a_quota_holds_for_each_server(library: Library, tmp_path: Path) -> None:
    libraries = Libraries(library, tmp_path / "data", quota=Quota(documents=1))

    assert [libraries.server(number).originals.quota for number in (ADA, BOB)] == [Quota(documents=1)] * 2


def test_a_shared_reload_shows_at_once_to_servers_with_documents(libraries: Libraries) -> None:
    libraries.ask(LOUD, server_id=ADA)
    write_corpus(libraries.shared.corpus, {"zebras.md": "Zebras are striped horses of the plains.\n"})
    libraries.shared.reload()

    answer = libraries.ask("striped horses of the plains", server_id=ADA)

    assert answer.quotes[0].citation.document == "zebras"
    assert json.dumps(answer.as_dict())
