"""The limits themselves, without a server."""

from __future__ import annotations

from typing import Any

import pytest

from . import limits
from .errors import LimitError
from .openapi import OpenApiCheck

IN_THE_OPENAPI_FILE = {
    "IncomingWebhookRequestPartial/properties/content/maxLength": limits.MESSAGE_CONTENT,
    "MessageCreateRequest/properties/embeds/maxItems": limits.EMBEDS,
    "MessageCreateRequest/properties/attachments/maxItems": limits.ATTACHMENTS,
    "MessageCreateRequest/properties/nonce/oneOf/1/maxLength": limits.NONCE,
    "MessageCreateRequest/properties/components/maxItems": limits.COMPONENTS_V2,
    "RichEmbed/properties/title/maxLength": limits.EMBED_TITLE,
    "RichEmbed/properties/description/maxLength": limits.EMBED_DESCRIPTION,
    "RichEmbed/properties/fields/maxItems": limits.EMBED_FIELDS,
    "RichEmbedField/properties/name/maxLength": limits.EMBED_FIELD_NAME,
    "RichEmbedField/properties/value/maxLength": limits.EMBED_FIELD_VALUE,
    "RichEmbedFooter/properties/text/maxLength": limits.EMBED_FOOTER,
    "RichEmbedAuthor/properties/name/maxLength": limits.EMBED_AUTHOR,
    "ActionRowComponentForMessageRequest/properties/components/maxItems": limits.BUTTONS_IN_A_ROW,
    "ButtonComponentForMessageRequest/properties/label/maxLength": limits.BUTTON_LABEL,
    "ButtonComponentForMessageRequest/properties/custom_id/maxLength": limits.CUSTOM_ID,
    "StringSelectComponentForMessageRequest/properties/options/maxItems": limits.SELECT_OPTIONS,
    "StringSelectComponentForMessageRequest/properties/placeholder/maxLength": limits.SELECT_PLACEHOLDER,
    "StringSelectOptionForRequest/properties/label/maxLength": limits.SELECT_OPTION_TEXT,
    "StringSelectOptionForRequest/properties/value/maxLength": limits.SELECT_OPTION_TEXT,
    "StringSelectOptionForRequest/properties/description/maxLength": limits.SELECT_OPTION_TEXT,
    "ModalInteractionCallbackRequestData/properties/title/maxLength": limits.MODAL_TITLE,
    "TextInputComponentForModalRequest/properties/label/maxLength": limits.TEXT_INPUT_LABEL,
    "TextInputComponentForModalRequest/properties/value/maxLength": limits.TEXT_INPUT_VALUE,
    "TextInputComponentForModalRequest/properties/placeholder/maxLength": limits.TEXT_INPUT_PLACEHOLDER,
    "ApplicationCommandUpdateRequest/properties/name/maxLength": limits.COMMAND_NAME,
    "ApplicationCommandUpdateRequest/properties/description/maxLength": limits.COMMAND_DESCRIPTION,
    "ApplicationCommandUpdateRequest/properties/options/maxItems": limits.COMMAND_OPTIONS,
    "ApplicationCommandStringOption/properties/choices/maxItems": limits.CHOICES,
    "ApplicationCommandStringOption/properties/max_length/maximum": limits.STRING_OPTION_VALUE,
    "ApplicationCommandOptionStringChoice/properties/name/maxLength": limits.CHOICE_TEXT,
    "InteractionApplicationCommandAutocompleteCallbackStringData/properties/choices/maxItems": limits.CHOICES,
}


@pytest.mark.parametrize(("pointer", "limit"), IN_THE_OPENAPI_FILE.items())
def test_a_limit_agrees_with_discords_openapi_file(
    openapi_check: OpenApiCheck | None, pointer: str, limit: int
) -> None:
    if openapi_check is None:
        pytest.skip("Discord's OpenAPI file is not here")

    assert openapi_check.at(pointer) == limit


def button(**what: Any) -> dict[str, Any]:
    return {"type": 2, "style": 1, "label": "Go", "custom_id": "go"} | what


def row(*components: dict[str, Any]) -> dict[str, Any]:
    return {"type": 1, "components": list(components)}


@pytest.mark.parametrize(
    "body",
    [
        {"embeds": [{}] * 11},
        {"embeds": [{"title": "x" * 257}]},
        {"embeds": [{"description": "x" * 4097}]},
        {"embeds": [{"fields": [{"name": "x", "value": "x" * 1025}]}]},
        {"embeds": [{"fields": [{"name": "x", "value": ""}]}]},
        {"components": [row(button(custom_id=str(number))) for number in range(6)]},
        {"components": [row(*(button(custom_id=str(number)) for number in range(6)))]},
        {"components": [row(button(label="x" * 81))]},
        {"components": [row(button(custom_id="x" * 101))]},
        {"components": [row(button(), button())]},
        {"components": [row(button(label=""))]},
        {"components": [{"type": 10, "content": "text"}]},
        {"components": [{"type": 10, "content": "x" * 2001}] * 2, "flags": limits.IS_COMPONENTS_V2},
        {"components": [{"type": 10, "content": "x"}] * 41, "flags": limits.IS_COMPONENTS_V2},
        {"content": "both", "components": [{"type": 10, "content": "x"}], "flags": limits.IS_COMPONENTS_V2},
        {"components": [row({"type": 3, "custom_id": "menu", "options": []})]},
        {"content": "x", "attachments": [{}] * 11},
        {"content": "x", "nonce": "n" * 26},
    ],
    ids=repr,
)
def test_a_message_over_a_limit_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(LimitError) as refusal:
        limits.check_message(body)

    assert refusal.value.code == 50035


@pytest.mark.parametrize(
    "body",
    [
        {"content": "x" * 2000},
        {"embeds": [{"description": "x" * 3000}] * 2},
        {"components": [row(*(button(custom_id=f"{number} {place}") for place in range(5))) for number in range(5)]},
        {"components": [{"type": 10, "content": "x" * 2000}] * 2, "flags": limits.IS_COMPONENTS_V2},
    ],
    ids=lambda body: next(iter(body)),
)
def test_a_message_at_a_limit_is_accepted(body: dict[str, Any]) -> None:
    limits.check_message(body)


def command(**what: Any) -> dict[str, Any]:
    return {"name": "ask", "type": 1, "description": "Ask"} | what


def option(**what: Any) -> dict[str, Any]:
    return {"name": "question", "type": 3, "description": "What"} | what


@pytest.mark.parametrize(
    ("commands", "code"),
    [
        ([command(name=f"c{number}") for number in range(101)], 30032),
        ([command(name=f"menu {number}", type=3, description="") for number in range(16)], 30032),
        ([command(), command()], 50035),
        ([command(name="Ask")], 50035),
        ([command(name="two words")], 50035),
        ([command(description="")], 50035),
        ([command(type=3)], 50035),
        ([command(options=[option(name=f"o{number}") for number in range(26)])], 50035),
        ([command(options=[option(), option(name="later", required=True)])], 50035),
        ([command(options=[option(choices=[{"name": str(number), "value": 1} for number in range(26)])])], 50035),
        (
            [
                command(
                    options=[
                        option(name=f"o{number}", choices=[{"name": "x" * 100, "value": "y" * 100}] * 25)
                        for number in range(2)
                    ]
                )
            ],
            50035,
        ),
    ],
    ids=lambda value: repr(value)[:60],
)
def test_commands_over_a_limit_are_refused(commands: list[dict[str, Any]], code: int) -> None:
    with pytest.raises(LimitError) as refusal:
        limits.check_commands(commands)

    assert refusal.value.code == code


def test_suggestions_over_a_limit_are_refused() -> None:
    with pytest.raises(LimitError):
        limits.check_autocomplete([{"name": str(number), "value": "x"} for number in range(26)])
    with pytest.raises(LimitError):
        limits.check_autocomplete([{"name": "x" * 101, "value": "x"}])


def test_lengths_are_counted_in_utf_16() -> None:
    assert [limits.length(text) for text in ("a", "ä", "\N{GRINNING FACE}", "\ud800")] == [1, 1, 2, 1]
