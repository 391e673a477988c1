"""What sums up is central, different from what was chosen, and fits the room."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from index.summaries.extracting import centrality, choose_units
from index.summaries.standing import Unit
from tests.fakes import WordEmbedder

BEES = "The queen bee lays eggs in the hive."
TEXTS = [
    BEES,
    "The bees of the hive feed the queen.",
    "A hive of bees stores honey for winter.",
    "The weather in Lisbon was mild.",
    BEES,
]


def choose(
    texts: list[str],
    *,
    sentences: int,
    merits: list[float] | None = None,
    sides: tuple[int, ...] = (),
    times: tuple[set[int], ...] = (),
) -> list[int]:
    embedder = WordEmbedder()
    vectors = np.stack([embedder.embed_query(text).vector for text in texts])
    units = [Unit(number, number) for number in range(len(texts))]
    deserved = np.array(merits or [0.0] * len(texts), dtype=np.float32)
    return choose_units(units, texts, vectors, deserved, sentences=sentences, sides=sides, times=times)


def test_what_lies_near_the_others_is_central_and_what_lies_alone_is_not():
    embedder = WordEmbedder()

    shares = centrality(np.stack([embedder.embed_query(text).vector for text in TEXTS[:4]]))

    assert shares.max() == 1
    assert int(shares.argmin()) == 3


def test_a_sentence_is_never_said_twice():
    chosen = choose(TEXTS, sentences=5)

    assert len({TEXTS[position] for position in chosen}) == len(chosen) == 4


def test_what_has_nearly_the_same_words_is_not_said_again_wherever_its_vector_lies():
    texts = ["Inflation keeps coming down.", "Owls hunt mice.", "Inflation keeps coming down!", "Bees fly far."]
    units = [Unit(number, number) for number in range(4)]
    vectors = np.eye(4, dtype=np.float32)

    chosen = choose_units(units, texts, vectors, np.array([9, 0, 8, 0], dtype=np.float32), sentences=4)

    assert sorted(chosen) == [0, 1, 3]


def test_sentences_of_their_own_go_before_one_that_brings_no_more_and_takes_others_with_it():
    texts = ["Bees store honey.", "Bees store honey. They sleep in Kent.", "Owls hunt mice."]
    units = [Unit(0, 0), Unit(0, 1), Unit(2, 2)]
    vectors = np.eye(3, dtype=np.float32)

    assert choose_units(units, texts, vectors, np.full(3, 5, dtype=np.float32), sentences=2) == [0, 2]


def test_merit_comes_first():
    assert choose(TEXTS, sentences=1, merits=[0, 0, 0, 100, 0]) == [3]


def test_another_side_is_heard_before_more_of_one():
    texts = ["Bees fly in Devon.", "Bees sleep in Kent.", "Bees dance in Wales."]

    assert choose(texts, sentences=2, merits=[9, 8.9, 0], sides=(1, 1, 2)) == [0, 1]  # merit outweighs it
    assert choose(texts, sentences=2, merits=[9, 8.9, 8.8], sides=(1, 1, 2)) == [0, 2]
    assert choose(texts, sentences=2, merits=[9, 8.9, 0], sides=(1, 1, 1)) == [0, 1]


def test_another_time_is_heard_of_before_more_of_one():
    texts = ["Bees fly in Devon.", "Bees sleep in Kent.", "Bees dance in Wales."]

    assert choose(texts, sentences=2, merits=[9, 8.9, 0], times=({1971}, {1971}, {1993})) == [
        0,
        1,
    ]  # merit outweighs it
    assert choose(texts, sentences=2, merits=[9, 8.9, 8.8], times=({1971}, {1971}, {1971, 1993})) == [0, 2]
    assert choose(texts, sentences=2, merits=[9, 8.9, 8.8], times=({1971}, {1971}, set())) == [0, 1]


def test_what_another_side_has_told_is_not_told_again():
    texts = ["Bees store honey in Devon.", "Bees store honey in Devon each warm June.", "Owls hunt mice at night."]

    assert choose(texts, sentences=2, merits=[9, 8, 0], sides=(1, 2, 3)) == [0, 2]
    assert choose(texts, sentences=2, merits=[9, 8, 0], sides=(1, 1, 3)) == [0, 1]


def test_a_unit_takes_as_many_sentences_as_it_shows_and_none_is_shown_twice():
    embedder = WordEmbedder()
    texts = ["Bees store honey.", "Bees store honey. They sell it in towns by the river.", "Owls hunt at night."]
    units = [Unit(0, 0), Unit(0, 1), Unit(2, 2)]
    vectors = np.stack([embedder.embed_query(text).vector for text in texts])

    for sentences in (1, 2, 3):
        chosen = choose_units(units, texts, vectors, np.array([0, 50, 0], dtype=np.float32), sentences=sentences)

        shown = [number for position in chosen for number in units[position].sentences]
        assert len(shown) == len(set(shown)) <= sentences
    assert chosen[0] == 1


def test_nothing_is_chosen_from_nothing():
    assert choose_units([], [], np.empty((0, 3), dtype=np.float32), np.empty(0, dtype=np.float32), sentences=3) == []


@given(
    st.lists(st.sampled_from(["bee", "owl", "sea", "tree of bees", "sea owl tree", "tree sea"]), max_size=9),
    st.integers(1, 4),
)
def test_more_room_only_adds(texts: list[str], sentences: int):
    if texts:
        assert choose(texts, sentences=sentences + 1)[:sentences] == choose(texts, sentences=sentences)[:sentences]
