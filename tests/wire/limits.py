"""Discord's limits, and checks that refuse what Discord would refuse.

The numbers stand here once more, apart from the bot's own, so that a wrong constant in the bot cannot hide itself.
Where Discord's OpenAPI file has a number too, a test compares them. Lengths are counted in UTF-16 code units: Discord
does not document how it counts, and this is the stricter count.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from .components import LINK_BUTTON, PREMIUM_BUTTON, SELECTS, ComponentType, walk
from .errors import ApiError, LimitError, empty_message, invalid_form, too_large, too_many_commands

__all__ = ["ApiError", "LimitError", "check_autocomplete", "check_commands", "check_message", "check_modal", "length"]

Json = Mapping[str, Any]

# https://discord.com/developers/docs/interactions/receiving-and-responding
ACKNOWLEDGE_WITHIN_S: Final = 3.0
INTERACTION_TOKEN_LIFE_S: Final = 15 * 60.0

# https://discord.com/developers/docs/resources/message#create-message
MESSAGE_CONTENT: Final = 2000
EMBEDS: Final = 10
ATTACHMENTS: Final = 10
NONCE: Final = 25
NONCE_LIFE_S: Final = 180.0

# https://discord.com/developers/docs/resources/message#embed-object-embed-limits
EMBED_TITLE: Final = 256
EMBED_DESCRIPTION: Final = 4096
EMBED_FIELDS: Final = 25
EMBED_FIELD_NAME: Final = 256
EMBED_FIELD_VALUE: Final = 1024
EMBED_FOOTER: Final = 2048
EMBED_AUTHOR: Final = 256
EMBED_TOTAL: Final = 6000  # over all embeds of a message

# https://discord.com/developers/docs/components/reference
ACTION_ROWS: Final = 5
BUTTONS_IN_A_ROW: Final = 5
BUTTON_LABEL: Final = 80
CUSTOM_ID: Final = 100
SELECT_OPTIONS: Final = 25
SELECT_OPTION_TEXT: Final = 100  # label, value and description each
SELECT_PLACEHOLDER: Final = 150
COMPONENTS_V2: Final = 40  # nested ones included
COMPONENTS_V2_TEXT: Final = 4000  # all text displays of a message together
MODAL_TITLE: Final = 45
MODAL_COMPONENTS: Final = 5
TEXT_INPUT_LABEL: Final = 45
LABEL_DESCRIPTION: Final = 100
TEXT_INPUT_VALUE: Final = 4000
TEXT_INPUT_PLACEHOLDER: Final = 100

# https://discord.com/developers/docs/interactions/application-commands
CHAT_COMMANDS: Final = 100
CONTEXT_MENU_COMMANDS: Final = 15  # of users and of messages each
COMMAND_NAME: Final = 32
COMMAND_DESCRIPTION: Final = 100
COMMAND_OPTIONS: Final = 25
COMMAND_TOTAL: Final = 8000  # names, descriptions and choice values together
CHOICES: Final = 25
CHOICE_TEXT: Final = 100  # name, and value where it is text
STRING_OPTION_VALUE: Final = 6000

# https://discord.com/developers/docs/resources/channel#start-thread-from-message
THREAD_NAME: Final = 100

# https://discord.com/developers/docs/reference#uploading-files
UPLOAD_BYTES: Final = 10 * 1024 * 1024
REQUEST_BYTES: Final = 25 * 1024 * 1024

# https://discord.com/developers/docs/topics/gateway#sending-events
GATEWAY_PAYLOAD_BYTES: Final = 4096

IS_COMPONENTS_V2: Final = 1 << 15

CHAT_COMMAND_NAME = re.compile(rf"[-_'\w]{{1,{COMMAND_NAME}}}")
SUBCOMMAND, SUBCOMMAND_GROUP = 1, 2


def length(text: str) -> int:
    """Count UTF-16 code units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def check_message(body: Json, *, file_count: int = 0, is_edit: bool = False) -> None:
    """Refuse a message that Discord would refuse.

    Args:
        body: The message as sent.
        file_count: How many files came with it.
        is_edit: Whether it changes a message, which may leave everything out.

    Raises:
        LimitError: 50035 with the field at fault, or 50006 for an empty message.
    """
    content = body.get("content") or ""
    embeds = body.get("embeds") or []
    components = body.get("components") or []
    is_v2 = bool((body.get("flags") or 0) & IS_COMPONENTS_V2)
    if is_v2 and (content or embeds):
        message = "The 'content' and 'embeds' fields cannot be used with MessageFlags.IS_COMPONENTS_V2"
        raise invalid_form(
            "content" if content else "embeds", message, "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2"
        )
    _at_most("content", content, MESSAGE_CONTENT)
    if isinstance(body.get("nonce"), str):
        _at_most("nonce", body["nonce"], NONCE)
    _check_embeds(embeds)
    _check_components(components, is_v2=is_v2)
    if len(body.get("attachments") or []) > ATTACHMENTS or file_count > ATTACHMENTS:
        raise invalid_form("attachments", f"Must be {ATTACHMENTS} or fewer in length.", "BASE_TYPE_MAX_LENGTH")
    has_something = content or embeds or components or file_count or body.get("sticker_ids") or body.get("poll")
    if not (has_something or is_edit):
        raise empty_message()


def check_modal(data: Json) -> None:
    """Refuse a dialog that Discord would refuse.

    Raises:
        LimitError: 50035 with the field at fault.
    """
    _between("data.title", data.get("title") or "", 1, MODAL_TITLE)
    _between("data.custom_id", data.get("custom_id") or "", 1, CUSTOM_ID)
    rows = data.get("components") or []
    _between("data.components", rows, 1, MODAL_COMPONENTS)
    for index, row in enumerate(rows):
        if row.get("type") == ComponentType.LABEL:
            _between(f"data.components.{index}.label", row.get("label") or "", 1, TEXT_INPUT_LABEL)
            _at_most(f"data.components.{index}.description", row.get("description") or "", LABEL_DESCRIPTION)
    for component in walk(rows):
        if component.get("type") != ComponentType.TEXT_INPUT:
            continue
        _at_most("data.components.label", component.get("label") or "", TEXT_INPUT_LABEL)
        _at_most("data.components.value", component.get("value") or "", TEXT_INPUT_VALUE)
        _at_most("data.components.placeholder", component.get("placeholder") or "", TEXT_INPUT_PLACEHOLDER)
    _check_custom_ids(rows)


def check_autocomplete(choices: Sequence[Json]) -> None:
    """Refuse suggestions that Discord would refuse.

    Raises:
        LimitError: 50035 with the field at fault.
    """
    _check_choices("data.choices", choices)


def check_commands(commands: Sequence[Json]) -> None:
    """Refuse a set of application commands that Discord would refuse.

    Args:
        commands: All commands of one scope (global, or one server's).

    Raises:
        LimitError: 30032 for too many commands, else 50035 with the field at fault.
    """
    by_type = Counter(command.get("type") or 1 for command in commands)
    for command_type, limit in ((1, CHAT_COMMANDS), (2, CONTEXT_MENU_COMMANDS), (3, CONTEXT_MENU_COMMANDS)):
        if by_type[command_type] > limit:
            raise too_many_commands(limit)
    names = Counter((command.get("type") or 1, command["name"]) for command in commands)
    for index, command in enumerate(commands):
        if names[command.get("type") or 1, command["name"]] > 1:
            message = "Application command names must be unique"
            raise invalid_form(f"{index}.name", message, "APPLICATION_COMMANDS_DUPLICATE_NAME")
        _check_command(str(index), command)


def check_uploads(sizes: Sequence[int], *, limit_bytes: int = UPLOAD_BYTES) -> None:
    """Refuse files that are too large.

    Args:
        sizes: Bytes of each file of one request.
        limit_bytes: What one file may have; servers with boosts may have more.

    Raises:
        LimitError: 40005.
    """
    if any(size > limit_bytes for size in sizes) or sum(sizes) > max(REQUEST_BYTES, limit_bytes):
        raise too_large()


def _at_most(field: str, value: str | Sequence[Any], limit: int) -> None:
    if (length(value) if isinstance(value, str) else len(value)) > limit:
        raise invalid_form(field, f"Must be {limit} or fewer in length.", "BASE_TYPE_MAX_LENGTH")


def _between(field: str, value: str | Sequence[Any], least: int, most: int) -> None:
    size = length(value) if isinstance(value, str) else len(value)
    if not least <= size <= most:
        raise invalid_form(field, f"Must be between {least} and {most} in length.")


def _check_embeds(embeds: Sequence[Json]) -> None:
    _at_most("embeds", embeds, EMBEDS)
    total = 0
    for index, embed in enumerate(embeds):
        _at_most(f"embeds.{index}.fields", embed.get("fields") or [], EMBED_FIELDS)
        for name, text, limit in _embed_texts(embed):
            _at_most(f"embeds.{index}.{name}", text, limit)
            total += length(text)
        for place, field in enumerate(embed.get("fields") or []):
            for key in ("name", "value"):
                if not field.get(key):
                    name = f"embeds.{index}.fields.{place}.{key}"
                    raise invalid_form(name, "This field is required", "BASE_TYPE_REQUIRED")
    if total > EMBED_TOTAL:
        message = f"Embed size exceeds maximum size of {EMBED_TOTAL}"
        raise invalid_form("embeds", message, "MAX_EMBED_SIZE_EXCEEDED")


def _embed_texts(embed: Json) -> Iterator[tuple[str, str, int]]:
    yield "title", embed.get("title") or "", EMBED_TITLE
    yield "description", embed.get("description") or "", EMBED_DESCRIPTION
    yield "footer.text", (embed.get("footer") or {}).get("text") or "", EMBED_FOOTER
    yield "author.name", (embed.get("author") or {}).get("name") or "", EMBED_AUTHOR
    for index, field in enumerate(embed.get("fields") or []):
        yield f"fields.{index}.name", field.get("name") or "", EMBED_FIELD_NAME
        yield f"fields.{index}.value", field.get("value") or "", EMBED_FIELD_VALUE


def _check_components(components: Sequence[Json], *, is_v2: bool) -> None:
    everything = list(walk(components))
    if is_v2:
        _at_most("components", everything, COMPONENTS_V2)
        texts = [component for component in everything if component.get("type") == ComponentType.TEXT_DISPLAY]
        if sum(length(text.get("content") or "") for text in texts) > COMPONENTS_V2_TEXT:
            message = f"The text of all components exceeds the maximum size of {COMPONENTS_V2_TEXT}"
            raise invalid_form("components", message, "COMPONENT_MAX_TOTAL_TEXT_EXCEEDED")
    else:
        _at_most("components", components, ACTION_ROWS)
        for index, component in enumerate(components):
            if component.get("type") != ComponentType.ACTION_ROW:
                message = "Only action rows are allowed without MessageFlags.IS_COMPONENTS_V2"
                raise invalid_form(f"components.{index}.type", message, "UNION_TYPE_CHOICES")
    for component in everything:
        if component.get("type") == ComponentType.ACTION_ROW:
            children = component.get("components") or []
            is_select_row = any(child.get("type") in SELECTS for child in children)
            _between("components.components", children, 1, 1 if is_select_row else BUTTONS_IN_A_ROW)
        elif component.get("type") == ComponentType.BUTTON:
            _check_button(component)
        elif component.get("type") in SELECTS:
            _check_select(component)
    _check_custom_ids(components)


def _check_button(button: Json) -> None:
    _at_most("components.label", button.get("label") or "", BUTTON_LABEL)
    if button.get("style") == PREMIUM_BUTTON:
        return
    needed = "url" if button.get("style") == LINK_BUTTON else "custom_id"
    if not button.get(needed):
        raise invalid_form(f"components.{needed}", "This field is required", "BASE_TYPE_REQUIRED")
    if not (button.get("label") or button.get("emoji")):
        raise invalid_form("components.label", "A button needs a label or an emoji", "BUTTON_COMPONENT_INVALID_LABEL")


def _check_select(select: Json) -> None:
    _at_most("components.placeholder", select.get("placeholder") or "", SELECT_PLACEHOLDER)
    if not select.get("custom_id"):
        raise invalid_form("components.custom_id", "This field is required", "BASE_TYPE_REQUIRED")
    if select.get("type") != ComponentType.STRING_SELECT:
        return
    options = select.get("options") or []
    _between("components.options", options, 1, SELECT_OPTIONS)
    for option in options:
        _between("components.options.label", option.get("label") or "", 1, SELECT_OPTION_TEXT)
        _between("components.options.value", option.get("value") or "", 1, SELECT_OPTION_TEXT)
        _at_most("components.options.description", option.get("description") or "", SELECT_OPTION_TEXT)
    values = Counter(option["value"] for option in options)
    if any(count > 1 for count in values.values()):
        message = "The specified option value is already used"
        raise invalid_form("components.options.value", message, "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED")


def _check_custom_ids(components: Sequence[Json]) -> None:
    custom_ids = [component["custom_id"] for component in walk(components) if component.get("custom_id")]
    for custom_id in custom_ids:
        _at_most("components.custom_id", custom_id, CUSTOM_ID)
    if len(set(custom_ids)) < len(custom_ids):
        message = "Component custom id cannot be duplicated"
        raise invalid_form("components.custom_id", message, "COMPONENT_CUSTOM_ID_DUPLICATED")


def _check_command(place: str, command: Json) -> None:
    _check_localisations(place, command, chat=(command.get("type") or 1) == 1)
    if (command.get("type") or 1) == 1:
        _check_chat_name(place, command["name"])
        _between(f"{place}.description", command.get("description") or "", 1, COMMAND_DESCRIPTION)
    else:
        _between(f"{place}.name", command["name"], 1, COMMAND_NAME)
        _at_most(f"{place}.description", command.get("description") or "", 0)
    _check_options(place, command.get("options") or [])
    if _command_size(command) > COMMAND_TOTAL:
        message = f"Command exceeds maximum size ({COMMAND_TOTAL})"
        raise invalid_form(place, message, "APPLICATION_COMMAND_TOO_LARGE")


def _check_chat_name(place: str, name: str) -> None:
    if not CHAT_COMMAND_NAME.fullmatch(name) or name != name.lower():
        raise invalid_form(f"{place}.name", "Command name is invalid", "APPLICATION_COMMAND_INVALID_NAME")


def _check_localisations(place: str, node: Json, *, chat: bool) -> None:
    for locale, name in (node.get("name_localizations") or {}).items():
        here = f"{place}.name_localizations.{locale}"
        if chat:
            _check_chat_name(here, name)
        else:
            _between(here, name, 1, COMMAND_NAME)
    for locale, description in (node.get("description_localizations") or {}).items():
        _between(f"{place}.description_localizations.{locale}", description, 1, COMMAND_DESCRIPTION)


def _check_options(place: str, options: Sequence[Json]) -> None:
    _at_most(f"{place}.options", options, COMMAND_OPTIONS)
    seen_optional = False
    for index, option in enumerate(options):
        here = f"{place}.options.{index}"
        _check_chat_name(here, option["name"])
        _check_localisations(here, option, chat=True)
        _between(f"{here}.description", option.get("description") or "", 1, COMMAND_DESCRIPTION)
        _check_choices(f"{here}.choices", option.get("choices") or [])
        _check_options(here, option.get("options") or [])
        if option["type"] in (SUBCOMMAND, SUBCOMMAND_GROUP):
            continue
        if option.get("required") and seen_optional:
            message = "Required options must be placed before non-required options"
            raise invalid_form(here, message, "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID")
        seen_optional = seen_optional or not option.get("required")
    names = [option["name"] for option in options]
    if len(set(names)) < len(names):
        message = "Option names must be unique"
        raise invalid_form(f"{place}.options", message, "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS")


def _check_choices(field: str, choices: Sequence[Json]) -> None:
    _at_most(field, choices, CHOICES)
    for index, choice in enumerate(choices):
        for name in (choice.get("name") or "", *(choice.get("name_localizations") or {}).values()):
            _between(f"{field}.{index}.name", name, 1, CHOICE_TEXT)
        if isinstance(choice.get("value"), str):
            _between(f"{field}.{index}.value", choice["value"], 1, CHOICE_TEXT)


def _longest(node: Json, key: str) -> int:
    """Discord counts the longest of a text and its translations."""
    texts = [node.get(key) or "", *(node.get(f"{key}_localizations") or {}).values()]
    return max(map(length, texts))


def _command_size(node: Json) -> int:
    size = _longest(node, "name") + _longest(node, "description")
    for choice in node.get("choices") or []:
        size += _longest(choice, "name") + length(str(choice["value"]))
    return size + sum(_command_size(option) for option in node.get("options") or [])
