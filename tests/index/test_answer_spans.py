"""The reader, with tiny models made here, and what it does to an answer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index import Answer, Library, ModelError, QuestionAnsweringReader, Span, Verdict
from index.answer_spans import ANSWER_TOKENS, AnswerSpan
from index.confidence import shipped_calibration
from index.models import BATCH_SIZE
from index.values import Signs
from tests.conftest import CORPUS, write_corpus
from tests.fakes import WordEmbedder, WordReader
from tests.index.tiny_models import config_of, make_cross_encoder, make_reader, save_tokenizer

TEXT = "The lighthouse was built from granite. Its lamp burned whale oil for forty years."
QUESTION = "What did the lamp burn?"
FILLER = "the lighthouse was built from granite . " * 30


def whole(*texts: str) -> list[tuple[str, Span]]:
    return [(text, Span(0, len(text))) for text in texts]


def words_of(text: str, answer: AnswerSpan | None) -> str | None:
    return text[answer.span.start : answer.span.end] if answer is not None and answer.is_answer else None


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> QuestionAnsweringReader:
    """Answers "whale oil", and reads forty tokens at once."""
    folder = make_reader(tmp_path_factory.mktemp("reader"), [TEXT, QUESTION], "whale", "oil", window=40)
    return QuestionAnsweringReader(str(folder))


# ---- the model


@pytest.mark.model
def test_the_words_that_answer_are_found_to_the_character(reader: QuestionAnsweringReader):
    [answer] = reader.read(QUESTION, whole(TEXT))

    assert words_of(TEXT, answer) == "whale oil"
    assert answer is not None
    assert 0.9 < answer.probability <= 1


@pytest.mark.model
def test_a_text_without_an_answer_says_so(reader: QuestionAnsweringReader):
    [answer] = reader.read(QUESTION, whole("The lighthouse was built from granite."))

    assert answer is not None
    assert not answer.is_answer
    assert 0 <= answer.probability < 0.1


@pytest.mark.model
@pytest.mark.parametrize("before", [0, 7, 35, 36, 37, 38, 39, 40, 41, 210])
def test_an_answer_is_found_wherever_a_long_text_has_it(reader: QuestionAnsweringReader, before: int):
    text = f"{' '.join(FILLER.split()[:before])} whale oil {FILLER}"

    [answer] = reader.read(QUESTION, whole(text))

    assert words_of(text, answer) == "whale oil"


@pytest.mark.model
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("oil burned whale", None),  # ends before it begins
        ("whale lamp oil", "whale lamp oil"),
        ("whale " + "was " * (ANSWER_TOKENS - 2) + "oil", "whale " + "was " * (ANSWER_TOKENS - 2) + "oil"),
        ("whale " + "was " * (ANSWER_TOKENS - 1) + "oil", None),  # too long
    ],
)
def test_an_answer_begins_before_it_ends_and_is_short(reader: QuestionAnsweringReader, text: str, found: str | None):
    assert words_of(text, reader.read("Lamp?", whole(text))[0]) == found


@pytest.mark.model
def test_an_answer_lies_in_the_part_that_may_answer(reader: QuestionAnsweringReader):
    text = f"whale oil {FILLER} the lamp"
    lamp = Span(text.index("the lamp"), len(text))

    within, everywhere = reader.read(QUESTION, [(text, lamp), *whole(text)])

    assert words_of(text, everywhere) == "whale oil"
    assert within is not None
    assert not within.is_answer
    assert lamp.start <= within.span.start < within.span.end <= lamp.end


@pytest.mark.model
@pytest.mark.parametrize("text", ["", " \n", "\u200b"])
def test_a_text_without_a_word_has_no_answer_at_all(reader: QuestionAnsweringReader, text: str):
    assert reader.read(QUESTION, [(text, Span(0, len(text))), *whole(TEXT)])[0] is None
    assert reader.read(QUESTION, []) == []


@pytest.mark.model
def test_words_that_the_model_does_not_know_keep_their_place(reader: QuestionAnsweringReader):
    text = "Zażółć 😀😀 gęślą — whale   oil!"

    assert words_of(text, reader.read(QUESTION, whole(text))[0]) == "whale   oil"


@pytest.mark.model
def test_a_question_that_is_longer_than_the_model_reads_leaves_room_for_the_text(reader: QuestionAnsweringReader):
    text = FILLER + "whale oil"

    assert words_of(text, reader.read(QUESTION * 60, whole(text))[0]) == "whale oil"
    assert reader.read("", whole(TEXT))[0] is not None


@pytest.mark.model
def test_texts_of_any_length_together_are_read_as_alone(reader: QuestionAnsweringReader):
    texts = [FILLER[: 13 * number] + TEXT[: 7 * number] for number in range(1, BATCH_SIZE + 5)]

    together = reader.read(QUESTION, whole(*texts))
    alone = [reader.read(QUESTION, whole(text))[0] for text in texts]

    pairs = [(one, other) for one, other in zip(together, alone, strict=True) if one is not None and other is not None]
    assert len(pairs) == len(texts)
    assert [one.span for one, _ in pairs] == [other.span for _, other in pairs]
    assert np.allclose([one.probability for one, _ in pairs], [other.probability for _, other in pairs], atol=1e-5)
    assert {answer.is_answer for answer, _ in pairs} == {True, False}
    assert together == reader.read(QUESTION, whole(*texts))


# ---- what is no such model


@pytest.mark.model
def test_a_model_of_another_kind_is_refused_instead_of_answering_at_random(tmp_path: Path):
    from transformers import BertModel

    vocabulary = save_tokenizer(tmp_path / "plain", [TEXT], 64)
    BertModel(config_of(vocabulary, 64)).save_pretrained(tmp_path / "plain")
    make_cross_encoder(tmp_path / "reranker", [TEXT], "granite")

    for name in ("plain", "reranker"):
        with pytest.raises(ModelError, match=r"lacks qa_outputs\.bias, qa_outputs\.weight") as caught:
            QuestionAnsweringReader(str(tmp_path / name)).load()
        assert "not trained to answer questions. Check READER_MODEL." in caught.value.user_message


@pytest.mark.model
def test_a_model_that_cannot_say_that_there_is_no_answer_is_refused(tmp_path: Path):
    folder = make_reader(tmp_path, [TEXT], "whale", "oil")
    settings_file = folder / "tokenizer_config.json"
    settings_file.write_text(settings_file.read_text().replace('"cls_token": "[CLS]"', '"cls_token": null'))

    with pytest.raises(ModelError, match="no token for texts without an answer") as caught:
        QuestionAnsweringReader(str(folder)).load()

    assert "READER_MODEL" in caught.value.user_message


def test_a_missing_folder_is_an_error_that_names_it_and_the_setting():
    with pytest.raises(ModelError, match="there is no model folder") as caught:
        QuestionAnsweringReader("/no/such/folder")

    assert "/no/such/folder" in caught.value.user_message
    assert "READER_MODEL" in caught.value.user_message


@pytest.mark.model
def test_a_folder_without_a_model_is_an_error_that_names_it_and_the_setting(tmp_path: Path):
    with pytest.raises(ModelError, match="cannot be loaded") as caught:
        QuestionAnsweringReader(str(tmp_path)).load()

    assert caught.value.user_message == f"The model {tmp_path} cannot be loaded. Check READER_MODEL."


# ---- what it does to an answer

LAMP = "What oil did the lamp of the lighthouse burn until 1904?"
STRANGE = "Which zeppelin flew over Lisbon?"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Library:
    folder = tmp_path_factory.mktemp("read")
    library = Library(corpus=write_corpus(folder / "corpus", CORPUS), data=folder / "data", embedder=WordEmbedder())
    library.reload()
    return library


def asked(
    library: Library, question: str, reader: WordReader | QuestionAnsweringReader | None, **options: Any
) -> Answer:
    other = Library(corpus=library.corpus, data=library.folder.parents[1], embedder=library.embedder, reader=reader)
    assert other.open() is None
    return other.ask(question, nearest=True, explain=True, **options)


def highlights_of(library: Library, answer: Answer) -> list[str]:
    return [
        library.document(quote.citation.document).text[start:end]
        for quote in answer.quotes
        for start, end in quote.highlights
    ]


@pytest.mark.model
@pytest.mark.parametrize(
    ("question", "first", "last", "highlight"),
    [
        (LAMP, "whale", "oil", "Its lamp burned whale oil until 1904, then paraffin."),
        ("Which boat brought coal?", "coal", "letters", "A boat brought coal and letters every second Thursday."),
        ("What does the lens float on?", "36", "prisms", "The **lens** has 36 prisms and floats on a bath of mercury."),
        ("What turns it in forty seconds?", "forty", "seconds", "A falling weight turns it once in *forty* seconds."),
    ],
)  # fmt: skip
def test_highlights_are_the_whole_sentences_of_the_answer_as_they_stand_in_the_document(
    built: Library, tmp_path: Path, question: str, first: str, last: str, highlight: str
):
    model = make_reader(tmp_path, [question, *CORPUS.values()], first, last)

    answer = asked(built, question, QuestionAnsweringReader(str(model)))

    assert highlights_of(built, answer) == [highlight]
    assert answer.trace is not None
    [best] = [read for read in answer.trace.read if read.probability > 0.5]
    assert best.text in highlight.replace("*", "")
    assert (best.text.split()[0], best.text.split()[-1]) == (first, last)
    for quote in answer.quotes:
        start, end = quote.citation.span
        assert built.document(quote.citation.document).text[start:end] == quote.text


def test_where_no_quote_answers_the_highlights_are_those_without_a_reader(built: Library):
    plain = asked(built, LAMP, None)
    read = asked(built, LAMP, WordReader("zeppelin"))

    assert [quote.highlights for quote in plain.quotes] == [quote.highlights for quote in read.quotes]
    assert any(quote.highlights for quote in plain.quotes)


def test_quotes_that_do_not_answer_have_no_highlight_beside_one_that_does(built: Library):
    question = "Which sugar do bees need, which oil the lamp, which clocks the chess club?"
    plain = asked(built, question, None, room=3000, limit=6)

    read = asked(built, question, WordReader("sugar"), room=3000, limit=6)

    assert [quote.citation for quote in plain.quotes] == [quote.citation for quote in read.quotes]
    assert len(read.quotes) > 1
    assert [bool(quote.highlights) for quote in read.quotes] == ["sugar" in quote.text for quote in read.quotes]


words = st.sampled_from(sorted({word for text in CORPUS.values() for word in text.split()}))


@given(st.lists(words, min_size=1, max_size=8).map(" ".join), words, st.integers(1, 1500), st.integers(0, 5))
@settings(max_examples=60)
def test_highlights_lie_in_their_quotes_whatever_is_asked_and_found(
    built: Library, question: str, word: str, room: int, limit: int
):
    answer = asked(built, question, WordReader(word), room=room, limit=limit)

    for quote in answer.quotes:
        for start, end in quote.highlights:
            assert quote.citation.span.start <= start < end <= quote.citation.span.end


def test_a_reader_pushes_the_confidence_up_and_down(built: Library):
    plain = asked(built, LAMP, None)
    found = asked(built, LAMP, WordReader("whale", probability=0.9))
    missed = asked(built, LAMP, WordReader("zeppelin", probability=0.9))

    assert missed.confidence < plain.confidence < found.confidence
    assert plain.signs is not None
    assert (plain.signs.answer, found.signs, missed.signs) == (
        None,
        replace(plain.signs, answer=0.8),
        replace(plain.signs, answer=-0.8),
    )
    assert missed.quotes
    assert asked(built, LAMP, WordReader("whale", probability=0.5)).confidence == plain.confidence


def test_a_reader_alone_makes_no_answer_of_what_is_not_covered(built: Library):
    plain = asked(built, STRANGE, None)
    found = asked(built, STRANGE, WordReader("the", probability=1.0))

    assert plain.verdict is Verdict.NOT_COVERED
    assert found.confidence > plain.confidence
    assert found.verdict is not Verdict.ANSWERED


def test_the_confidence_does_not_depend_on_how_much_is_shown(built: Library):
    question = "Which sugar do bees need, which oil the lamp, which clocks the chess club?"
    whole_answer = asked(built, question, WordReader("clocks", probability=0.9))

    one = asked(built, question, WordReader("clocks", probability=0.9), room=60, limit=1)
    many = asked(built, question, WordReader("clocks", probability=0.9), room=9000, limit=0)

    assert whole_answer.signs == one.signs == many.signs
    assert whole_answer.signs is not None
    assert whole_answer.signs.answer == 0.8


def test_without_a_quote_a_reader_says_nothing(built: Library, tmp_path: Path):
    write_corpus(tmp_path / "corpus", {"only-headings.md": "# Lamps\n\n## Oil lamps\n"})
    library = Library(
        corpus=tmp_path / "corpus", data=tmp_path / "data", embedder=WordEmbedder(), reader=WordReader("oil")
    )
    library.reload()

    answer = library.ask("Which oil lamps?", nearest=True, explain=True)

    assert answer.quotes == ()
    assert answer.signs is not None
    assert answer.signs.answer is None
    assert answer.trace is not None
    assert answer.trace.read == ()


def test_the_whole_passage_is_read_and_the_answer_must_lie_in_the_quote(built: Library):
    reader = WordReader("whale")

    asked(built, LAMP, reader, room=60, limit=1)

    parts = [(text, text[within.start : within.end]) for text, within in reader.texts]
    assert all(part in text for text, part in parts)
    assert parts[-1][1] == "Its lamp burned whale oil until 1904, then paraffin."
    assert "Grey Skerry is a bare rock" in parts[-1][0]
    assert "[^" not in parts[-1][0]


def test_a_quote_over_the_end_of_a_passage_is_read_whole(tmp_path: Path):
    sentences = [f"Zebra alpha{number} beta{number} gamma{number} delta{number}." for number in range(40)]
    corpus = write_corpus(tmp_path / "corpus", {"a.md": " ".join(sentences) + "\n"})
    reader = WordReader("zeppelin")
    library = Library(corpus=corpus, data=tmp_path / "data", embedder=WordEmbedder(), reader=reader)
    library.reload()
    number = len(library.generation.passages[0][1].sentences)
    reader.word = f"gamma{number}"

    answer = library.ask(" ".join(sentences[number - 1 : number + 1]), limit=1, nearest=True)

    assert sentences[number - 1] in answer.quotes[0].text
    assert highlights_of(library, answer) == [sentences[number]]


def test_a_sentence_that_a_reader_chose_is_bold_whole_however_long(tmp_path: Path):
    sentence = f"A zebra ran home, {', '.join(f'past house {number}' for number in range(30))}, to its zeppelin."
    corpus = write_corpus(tmp_path / "corpus", {"a.md": f"{sentence}\n"})
    library = Library(corpus=corpus, data=tmp_path / "data", embedder=WordEmbedder(), reader=WordReader("zeppelin"))
    library.reload()

    answer = library.ask("Where did the zebra run?", nearest=True)

    assert highlights_of(library, answer) == [sentence]


def test_the_shift_of_a_reader_is_symmetric_and_at_most_its_number():
    signs = Signs(best_score=0.5, standout=0.2, sentence_cosine=0.4)

    def logit(sign: float | None) -> float:
        probability = shipped_calibration().probability(replace(signs, answer=sign))
        return float(np.log(probability / (1 - probability)))

    assert logit(0.5) - logit(None) == pytest.approx(logit(None) - logit(-0.5))
    assert logit(1.0) - logit(None) == pytest.approx(1.0)
    assert logit(0.0) == logit(None)
