"""What the buttons of an answer show, and the buttons themselves."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.render.answer import answer_body
from bot.render.body import Action, Body, Button, File, Menu
from bot.render.buttons import Topic, answer_buttons, refusal_buttons
from bot.render.limits import CUSTOM_ID, length
from bot.render.passages import NO_MORE, context_body, more_body, source_body
from bot.views import follow_up_modal, view_of
from index import Answer, Length, Quote
from tests.bot.discord_markdown import quotes_in, read, styled, styles_in, text_of
from tests.bot.quotes import answers, lines, quote_of, quotes
from tests.wire.limits import check_message, check_modal

TODAY = date(2026, 11, 24)
LARGEST_ID = 2**63 - 1


def payload_of(body: Body) -> dict[str, Any]:
    view = view_of(body.buttons)
    return {
        "content": body.content,
        "embeds": [body.embed.to_dict()] if body.embed else [],
        "components": view.to_components() if view else [],
    }


topics = st.builds(lambda title: Topic("k" * 16, title), lines)


@settings(max_examples=40, deadline=None)
@given(answers(), st.lists(topics, max_size=8), st.booleans(), st.booleans())
def test_every_answer_with_its_buttons_fits_discords_limits(
    answer: Answer, offered: list[Topic], is_private: bool, is_set: bool
):
    buttons = (
        answer_buttons(LARGEST_ID, is_private=is_private, has_question=is_set)
        if answer.quotes
        else refusal_buttons(LARGEST_ID, offered[:1], is_private=is_private, has_person_to_ask=is_set)
    )

    payload = payload_of(answer_body(answer, repeats_question=True, buttons=buttons))

    check_message(payload)
    assert all(button["label"] for row in payload["components"] for button in row["components"])


@given(st.sampled_from(Action))
def test_every_custom_id_fits(action: Action):
    assert length(Button(action, "x", LARGEST_ID, argument="k" * 16).custom_id) <= CUSTOM_ID


@settings(max_examples=40, deadline=None)
@given(st.lists(quotes(), max_size=3), st.booleans(), st.none() | st.integers(2, 5))
def test_more_quotes_fit_and_are_shown_in_order(more: list[Quote], has_changed: bool, next_page: int | None):
    body = more_body(more, first=4, answer_id=LARGEST_ID, next_page=next_page, has_changed=has_changed, today=TODAY)

    check_message(payload_of(body))
    description = (body.embed.description or "") if body.embed else ""
    assert styles_in(read(body.content)) | styles_in(read(description)) <= {"strong", "emphasis", "quote"}
    if not more:
        assert body.content.endswith(NO_MORE)


@settings(max_examples=40, deadline=None)
@given(quotes(), st.none() | quotes(), st.integers(1, 3), st.booleans())
def test_a_context_fits(quote: Quote, wide: Quote | None, number: int, is_gone: bool):
    body = context_body([quote] * 3, wide, number=number, answer_id=LARGEST_ID, is_gone=is_gone, today=TODAY)

    check_message(payload_of(body))
    assert styles_in(read(body.content)) <= {"strong", "emphasis", "quote"}


@pytest.mark.parametrize("count", [1, 3, 6])
def test_each_of_a_few_other_quotes_has_a_button(count: int):
    body = context_body([quote_of("The quote.")] * count, None, number=1, answer_id=7, is_gone=False, today=TODAY)

    buttons = [button.custom_id for row in body.buttons for button in row if isinstance(button, Button)]
    assert buttons == [f"answer:7:context:{other}" for other in range(2, count + 1)]


@pytest.mark.parametrize("number", [1, 12, 2 * Length.LONG.sentences])
def test_a_menu_names_every_other_quote_even_of_the_longest_comparison(number: int):
    quotes = [quote_of(f"Quote no. {which}. " * 20) for which in range(1, 2 * Length.LONG.sentences + 1)]

    body = context_body(quotes, None, number=number, answer_id=7, is_gone=False, today=TODAY)

    check_message(payload_of(body))
    [[menu]] = body.buttons
    assert isinstance(menu, Menu)
    assert menu.button.custom_id == "answer:7:context:"
    assert [choice.value for choice in menu.choices] == [
        str(other) for other in range(1, len(quotes) + 1) if other != number
    ]
    assert all(choice.label.startswith(f"{choice.value}. Quote no. {choice.value}. ") for choice in menu.choices)


def test_a_menu_keeps_discords_bound_of_choices():
    body = context_body([quote_of("A.")] * 40, None, number=1, answer_id=7, is_gone=False, today=TODAY)

    check_message(payload_of(body))


def test_the_quote_is_bold_in_its_surroundings():
    wide = quote_of("Before. The quote. After.", highlights=[(8, 18)])

    body = context_body([quote_of("The quote.", start=8)], wide, number=1, answer_id=1, is_gone=False, today=TODAY)

    [shown] = quotes_in(body.content)
    assert text_of(shown).strip() == "Before. The quote. After."
    assert styled(shown, "strong") == "The quote."


@settings(max_examples=40, deadline=None)
@given(st.lists(quotes(), min_size=1, max_size=3), st.lists(lines, max_size=3), st.lists(lines, max_size=12))
def test_sources_fit(shown: list[Quote], missing: list[str], left_out: list[str]):
    check_message(payload_of(source_body(shown, [File("a.md", b"text")], missing, left_out)))


@given(lines)
def test_the_dialog_fits(earlier: str):
    check_modal(follow_up_modal("answer:1:follow:", earlier=earlier).to_dict())
