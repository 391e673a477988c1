"""An answer, and the bot's account of itself, as Discord messages."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.localisation import languages, speaking
from bot.render.about import UNOFFICIAL, about_body
from bot.render.answer import answer_body, not_covered_text
from bot.render.body import Body
from bot.render.channels import report_line
from bot.render.wording import NOT_COVERED, UNCERTAIN, confidence_in_words
from bot.state import AnswerChannel, AnswerMode
from index import Answer, Correction, DocumentEntry, LibraryStatus, Source, Verdict
from tests.bot.discord_markdown import links_in, quotes_in, read, styled, styles_in, text_of
from tests.bot.quotes import answer_of, answers, lines, quote_of, visible
from tests.wire.limits import check_message

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SHADOWED = AnswerChannel(10**19, 10**19, AnswerMode.SHADOW, 10**19, seen=99999, answered=99999)
LINK = f"https://discord.com/channels/{10**19}/{10**19}/{10**19}"


def payload_of(body: Body) -> dict[str, Any]:
    return {"content": body.content, "embeds": [body.embed.to_dict()] if body.embed else []}


def description_of(body: Body) -> str:
    assert body.embed is not None
    return body.embed.description or ""


def sources_of(body: Body) -> str:
    assert body.embed is not None
    return "\n".join(field.value or "" for field in body.embed.fields)


def footer_of(body: Body) -> str:
    assert body.embed is not None
    return body.embed.footer.text or ""


def letters(text: str) -> str:
    return "".join(text.split())


# ---- whatever the answer


@settings(max_examples=40, deadline=None)
@given(answers(), st.booleans(), lines, lines, st.booleans(), st.sampled_from(languages()))
def test_every_answer_fits_discords_limits(
    answer: Answer, repeats_question: bool, subject: str, searched: str, is_report: bool, language: str
):
    with speaking(language):
        body = answer_body(
            answer,
            repeats_question=repeats_question,
            at=NOW,
            subject=subject,
            searched=searched,
            preface=report_line(SHADOWED, link=LINK) if is_report else "",
        )

    check_message(payload_of(body))


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("long", ["*" * 2000, "word " * 400, "\N{GRINNING FACE}" * 1000])
def test_whatever_stands_around_it_the_best_quote_keeps_its_room(long: str, language: str):
    quote = quote_of("word " * 800, title=long, section=long, page=1234, published="2010-05-17")
    answer = answer_of(
        quote, question=long, verdict=Verdict.UNCERTAIN, corrections=(Correction("a" * 40, "b" * 40),) * 4
    )

    with speaking(language):
        body = answer_body(
            answer,
            repeats_question=True,
            at=NOW,
            subject=long,
            searched=long,
            preface=report_line(SHADOWED, link=LINK),
        )

    check_message(payload_of(body))
    [shown] = quotes_in(body.content)
    assert len(text_of(shown)) > 400


def test_a_title_of_many_signs_is_cut_by_what_it_takes_with_its_escapes():
    body = answer_body(answer_of(quote_of("Text.", title="[a] " * 100)), repeats_question=False)

    place = body.content.removeprefix("> Text.\n**[1]** ")
    assert len(place) <= 150
    assert text_of(read(place)).endswith("[a]\N{HORIZONTAL ELLIPSIS}")


@settings(max_examples=40, deadline=None)
@given(answers(), st.booleans(), lines, lines)
def test_no_text_of_people_or_documents_has_an_effect(
    answer: Answer, repeats_question: bool, subject: str, searched: str
):
    body = answer_body(answer, repeats_question=repeats_question, subject=subject, searched=searched)

    assert styles_in(read(body.content)) <= {"strong", "emphasis", "quote", "list"}
    if body.embed is not None:
        assert styles_in(read(description_of(body))) <= {"strong", "emphasis", "quote"}
        styles = styles_in(read(sources_of(body))) - {"strong"}
        assert all(style.startswith("link:http") for style in styles)


@settings(max_examples=40, deadline=None)
@given(answers().filter(lambda answer: answer.quotes))
def test_quotes_are_shown_in_order_whole_or_to_an_ellipsis(answer: Answer):
    body = answer_body(answer, repeats_question=False)

    shown = [letters(text_of(quote)) for quote in (*quotes_in(body.content), *quotes_in(description_of(body)))]
    assert shown
    for text, quote in zip(shown, answer.quotes, strict=False):
        expected = "".join(character for character, _, _ in visible(quote))
        assert text == expected or (text.endswith("…") and expected.startswith(text.removesuffix("…")))


@settings(max_examples=40, deadline=None)
@given(answers().filter(lambda answer: answer.quotes))
def test_each_quote_shown_has_its_number(answer: Answer):
    body = answer_body(answer, repeats_question=False)

    shown = [*quotes_in(body.content), *quotes_in(description_of(body))]
    numbers = styled(
        [one for one in read(body.content) + read(description_of(body)) if "quote" not in one.styles], "strong"
    )
    assert numbers == "".join(f"[{number}]" for number in range(1, len(shown) + 1))


@settings(max_examples=40, deadline=None)
@given(answers().filter(lambda answer: answer.quotes))
def test_addresses_are_linked_exactly_or_not_at_all(answer: Answer):
    links = links_in(sources_of(answer_body(answer, repeats_question=False)))

    known = [quote.citation.url for quote in answer.quotes] + [s.url for quote in answer.quotes for s in quote.sources]
    assert {address for _, address in links} <= {
        address.replace("(", "%28").replace(")", "%29") for address in known if address
    }


@given(st.lists(lines, max_size=40), lines, lines)
def test_the_account_of_itself_fits_discords_limits(titles: list[str], model: str, built: str):
    entries = [DocumentEntry(f"d{n}", f"{n}", title, f"d{n}.md", "", 1, 1) for n, title in enumerate(titles)]

    check_message(payload_of(about_body(status_of(model=model, built=built), entries)))


# ---- the answer itself


def test_the_best_quote_is_the_messages_text_and_the_others_are_in_the_embed():
    body = answer_body(
        answer_of(quote_of("The first."), quote_of("The second."), quote_of("The third.")), repeats_question=False
    )

    assert body.content == "> The first.\n**[1]** The lighthouse"
    assert description_of(body) == "> The second.\n**[2]** The lighthouse\n\n> The third.\n**[3]** The lighthouse"


def test_what_answers_is_bold():
    quote = quote_of("Built in 1862. Of granite.", highlights=[(0, 14)])

    body = answer_body(answer_of(quote, quote), repeats_question=False)

    assert styled(quotes_in(body.content)[0], "strong") == "Built in 1862."
    assert styled(quotes_in(description_of(body))[0], "strong") == "Built in 1862."


def test_a_citation_says_title_section_page_and_date():
    quote = quote_of(
        "Text.", title="Log *book*", section="Keepers > 1894", page=12, published="1998-05-17", updated="2026"
    )

    label = answer_body(answer_of(quote), repeats_question=False).content.split("\n")[1]

    assert text_of(read(label)) == "[1] Log *book* › Keepers > 1894, page 12 (May 17, 1998)"


def test_a_document_that_was_never_published_is_dated_by_its_update():
    body = answer_body(answer_of(quote_of("Text.", updated="2026-11-01")), repeats_question=False)

    assert text_of(read(body.content)).endswith("The lighthouse (November 1, 2026)")


@pytest.mark.parametrize(
    ("published", "updated", "shown"),
    [
        ("2020-11-24", None, "(November 24, 2020, 6 years old)"),
        ("2020-11-25", None, "(November 25, 2020, 5 years old)"),
        ("2024", None, "(2024, 2 years old)"),
        ("2025-01-01", None, "(January 1, 2025)"),
        ("1998-05-17", "2026-11-01", "(May 17, 1998)"),
        (None, "2019-02", "(February 2019, 7 years old)"),
        ("long ago", None, "(long ago)"),
        ("2026-02-31", None, "(2026-02-31)"),
    ],
)
def test_an_old_document_says_how_old(published: str | None, updated: str | None, shown: str):
    quote = quote_of("Text.", published=published, updated=updated)

    body = answer_body(answer_of(quote), repeats_question=False, at=NOW)

    assert text_of(read(body.content)).endswith(f"The lighthouse {shown}")


def test_the_time_of_the_answer_is_shown_as_each_readers_own():
    body = answer_body(answer_of(quote_of("Text.")), repeats_question=False, at=NOW)

    assert body.embed is not None
    assert body.embed.timestamp == NOW


def test_a_question_that_borrowed_its_subject_says_from_where():
    body = answer_body(answer_of(quote_of("Text.")), repeats_question=False, subject="Which *light*\nhouse?")

    first_line = body.content.split("\n")[0]
    assert text_of(read(first_line)) == "I read this together with Which *light* house?"


def test_the_question_is_repeated_for_those_who_did_not_see_it_asked():
    answer = answer_of(quote_of("The first."), question="When was\nit built?")

    assert answer_body(answer, repeats_question=True).content.startswith("**When was it built?**\n> The first.")
    assert "When" not in answer_body(answer, repeats_question=False).content


@pytest.mark.parametrize(
    "question", ["@everyone <@123>", "**[click](https://evil.example)**", "# big\n> quote", "`" * 4]
)
def test_a_question_is_shown_as_it_was_typed(question: str):
    answer = answer_of(quote_of("The first."), question=question)

    first_line = answer_body(answer, repeats_question=True).content.split("\n")[0]

    assert text_of(read(first_line)) == " ".join(question.split())
    assert styles_in(read(first_line)) == {"strong"}


def test_a_question_of_blanks_leaves_no_asterisks():
    assert answer_body(answer_of(question=" \n "), repeats_question=True).content == NOT_COVERED


def test_the_footer_says_how_sure_the_bot_is_and_names_generation_and_time():
    body = answer_body(answer_of(quote_of("Text."), confidence=0.912, elapsed_ms=14.4), repeats_question=False)

    assert footer_of(body) == "very likely answers it (0.91) · generation 3f9a2c41d07b · 14 ms"


@pytest.mark.parametrize(
    ("verdict", "confidence", "words"),
    [
        (Verdict.ANSWERED, 0.8, "very likely answers it"),
        (Verdict.ANSWERED, 0.79, "likely answers it"),
        (Verdict.UNCERTAIN, 0.9, "may not answer it"),
        (Verdict.NOT_COVERED, 0.01, "not covered"),
    ],
)
def test_confidence_has_words(verdict: Verdict, confidence: float, words: str):
    assert confidence_in_words(answer_of(quote_of("Text."), verdict=verdict, confidence=confidence)) == words


@pytest.mark.parametrize("verdict", [Verdict.UNCERTAIN, Verdict.NOT_COVERED])
def test_an_answer_that_may_be_none_says_so_first(verdict: Verdict):
    body = answer_body(answer_of(quote_of("The first."), verdict=verdict), repeats_question=True)

    assert body.content.split("\n")[1:3] == [UNCERTAIN, "> The first."]


def test_a_sure_answer_has_no_such_warning():
    assert UNCERTAIN not in answer_body(answer_of(quote_of("The first.")), repeats_question=True).content


# ---- refusals


def test_a_question_that_is_not_covered_gets_no_embed_and_learns_what_is_missing():
    answer = answer_of(unknown_words=("bitcoin",))

    body = answer_body(answer, repeats_question=True)

    assert body.embed is None
    assert text_of(read(body.content)) == (f"When was it built?\n{NOT_COVERED} bitcoin does not appear in them.")


def test_words_that_were_read_as_others_are_named_first():
    answer = answer_of(quote_of("It was built in 1862."), corrections=(Correction("lihgt*", "light"),))

    assert answer_body(answer, repeats_question=False).content.startswith("I read *lihgt\\** as *light*.\n")


def test_at_most_three_unknown_words_are_named():
    text = text_of(read(not_covered_text(answer_of(unknown_words=("a_b", "c", "x" * 41, "d", "e")))))

    assert text == f"{NOT_COVERED} a_b, c, and d do not appear in them."


# ---- sources


def test_sources_are_links_with_publisher_and_date():
    source = Source("Lights [of] the North", "Harbour Museum", "1987-03", "https://example.org/lights_(1)")

    value = sources_of(
        answer_body(answer_of(quote_of("Text.", url="https://x.org/d", sources=[source])), repeats_question=False)
    )

    assert links_in(value) == [
        ("document", "https://x.org/d"),
        ("Lights [of] the North", "https://example.org/lights_%281%29"),
    ]
    assert text_of(read(value)) == "[1] document; Lights [of] the North, Harbour Museum, March 1987"


@pytest.mark.parametrize(
    "url", [None, "ftp://x.org", "javascript:alert(1)", "https://x.org/a b", "https://x.org/\u00a0", "https://"]
)
def test_a_source_without_a_usable_address_is_named_all_the_same(url: str | None):
    quote = quote_of("Text.", sources=[Source("Log book", None, None, url)])

    value = sources_of(answer_body(answer_of(quote), repeats_question=False))

    assert (text_of(read(value)), links_in(value)) == ("[1] Log book", [])


def test_sources_over_the_number_shown_are_counted():
    quote = quote_of("Text.", sources=[Source(f"S{number}") for number in range(7)])

    value = sources_of(answer_body(answer_of(quote), repeats_question=False))

    assert text_of(read(value)) == "[1] S0; S1; S2; S3; 3 more"


def test_no_quote_loses_its_sources_to_the_long_ones_of_another():
    def long(number: int) -> list[Source]:
        return [Source("T" * 90, "P" * 70, "2020-01-01", f"https://example.org/{number}" + "x" * 60) for _ in range(4)]

    quotes = [quote_of(f"Text {number}.", sources=long(number)) for number in range(3)]

    value = sources_of(answer_body(answer_of(*quotes), repeats_question=False))

    assert [line[:7] for line in value.split("\n")] == ["**[1]**", "**[2]**", "**[3]**"]
    assert [text_of(read(line))[-6:] for line in value.split("\n")] == ["3 more"] * 3
    assert len(links_in(value)) == 3


def test_quotes_with_the_same_sources_share_a_line():
    same, other = [Source("Log book", "Museum", None, None)], [Source("Chart", None, None, None)]
    quotes = [quote_of(f"Text {number}.", sources=named) for number, named in enumerate([same, other, same])]

    value = sources_of(answer_body(answer_of(*quotes), repeats_question=False))

    assert text_of(read(value)) == "[1] [3] Log book, Museum\n[2] Chart"


def test_a_quote_without_sources_adds_no_field():
    body = answer_body(answer_of(quote_of("Text.")), repeats_question=False)

    assert body.embed is not None
    assert body.embed.fields == []


# ---- what is too long


def test_a_quote_whose_styles_make_it_too_long_is_shown_without_them():
    text = "abc " * 400
    quote = quote_of(text, highlights=[(at, at + 2) for at in range(0, len(text), 4)])

    [shown] = quotes_in(answer_body(answer_of(quote), repeats_question=False).content)

    assert text_of(shown).split() == text.split()
    assert styles_in(shown) == {"quote"}


def test_a_quote_that_is_too_long_even_so_ends_at_a_word():
    quote = quote_of("word " * 1000)

    [shown] = quotes_in(answer_body(answer_of(quote), repeats_question=False).content)

    *words, last = text_of(shown).split()
    assert len(words) > 350
    assert {*words, last} == {"word", "word…"}


def test_quotes_that_do_not_fit_the_embed_are_cut_and_then_left_out():
    quotes = [quote_of(letter + " word" * 600) for letter in "abcd"]

    body = answer_body(answer_of(*quotes), repeats_question=False)

    shown = [text_of(quote) for quote in quotes_in(description_of(body))]
    assert [(text[0], text.strip().endswith("…")) for text in shown] == [("b", False), ("c", True)]
    check_message(payload_of(body))


# ---- the bot of itself


def status_of(**more: Any) -> LibraryStatus:
    values: dict[str, Any] = {
        "corpus": "corpus",
        "generation": "3f9a2c41d07b",
        "built": "2026-11-23T10:00:00Z",
        "model": "all-MiniLM-L6-v2",
        "dimension": 384,
        "documents": 1,
        "passages": 9,
        "files_changed": False,
    }
    return LibraryStatus(**(values | more))


def test_the_bot_says_what_it_covers_how_it_works_and_that_it_is_unofficial():
    entry = DocumentEntry("sea/a", "k", "Grey *Skerry*", "sea/a.md", "", 10, 1)

    body = about_body(status_of(), [entry])

    assert body.embed is not None
    fields = {field.name: field.value for field in body.embed.fields}
    assert text_of(read(fields["What I cover: 1 document"] or "")) == "\N{BULLET} Grey *Skerry*"
    assert fields["What I am not"] == UNOFFICIAL
    assert "`/ask`" in (fields["How it works"] or "")
    assert footer_of(body) == "Generation 3f9a2c41d07b of November 23, 2026 · model all-MiniLM-L6-v2"


def test_the_bot_names_the_models_that_are_set_beside_the_first():
    body = about_body(status_of(reranker="some/reranker", reader="some/reader"), [])

    assert footer_of(body).endswith("model all-MiniLM-L6-v2 · reranker some/reranker · reader some/reader")


def test_of_many_documents_ten_are_named():
    entries = [DocumentEntry(f"d{n}", "k", f"Document {n}", "d.md", "", 1, 1) for n in range(12)]

    body = about_body(status_of(), entries)

    assert body.embed is not None
    lines = (body.embed.fields[0].value or "").split("\n")
    assert [len(lines), lines[-2:]] == [11, ["- Document 9", "- and 2 more"]]


def test_a_long_list_of_documents_ends_with_how_many_more_there_are():
    entries = [DocumentEntry(f"d{n}", "k", f"Document {n} " + "x" * 80, "d.md", "", 1, 1) for n in range(40)]

    body = about_body(status_of(), entries)

    assert body.embed is not None
    listed = (body.embed.fields[0].value or "").split("\n")
    assert listed[-1] == f"- and {40 - (len(listed) - 1)} more"


def test_before_there_is_an_index_the_bot_says_so():
    body = about_body(status_of(generation=None, built=None), [])

    assert body.embed is not None
    assert body.embed.fields[0].value == "I am still reading my documents."
    assert footer_of(body).startswith("No generation yet ·")
