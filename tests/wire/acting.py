"""What Discord's own client would send when a person acts, and the acts that it would not let them do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import IntEnum
from typing import Any

from . import limits
from .components import LINK_BUTTON, SELECTS, ComponentType, walk
from .world import Channel, Json, Message, Permission, Person, Role, Upload, World


class CommandType(IntEnum):
    """https://discord.com/developers/docs/interactions/application-commands#application-command-object"""

    CHAT = 1
    USER = 2
    MESSAGE = 3


class OptionType(IntEnum):
    """https://discord.com/developers/docs/interactions/application-commands#application-command-object"""

    SUBCOMMAND = 1
    SUBCOMMAND_GROUP = 2
    STRING = 3
    INTEGER = 4
    BOOLEAN = 5
    USER = 6
    CHANNEL = 7
    ROLE = 8
    MENTIONABLE = 9
    NUMBER = 10
    ATTACHMENT = 11


VALUE_TYPES: Mapping[OptionType, tuple[type, ...]] = {
    OptionType.STRING: (str,),
    OptionType.INTEGER: (int,),
    OptionType.BOOLEAN: (bool,),
    OptionType.USER: (Person,),
    OptionType.CHANNEL: (Channel,),
    OptionType.ROLE: (Role,),
    OptionType.MENTIONABLE: (Person, Role),
    OptionType.NUMBER: (int, float),
    OptionType.ATTACHMENT: (Upload,),
}


class CommandHiddenError(PermissionError):
    """The person does not get to see this command."""


class Resolved:
    """Collects the full JSON of what an interaction only names by id."""

    def __init__(self, world: World, channel: Channel) -> None:
        self._world = world
        self._channel = channel
        self.payload: Json = {}

    def id_of(self, value: object) -> str:
        """Note a person, role, channel, message or file, and give its id."""
        guild = self._channel.guild
        match value:
            case Person():
                if guild is not None and value.id in guild.members:
                    member = guild.member_payload(value, with_user=False)
                    permissions = str(int(self._channel.permissions_of(value)))
                    self._add("members", value.id, member | {"permissions": permissions})
                return self._add("users", value.id, value.payload())
            case Role():
                return self._add("roles", value.id, value.payload())
            case Channel():
                permissions = str(int(value.permissions_of(self._world.owner)))
                return self._add("channels", value.id, value.payload() | {"permissions": permissions})
            case Message():
                # The target of a context menu is shown in full, whatever the intents.
                payload = self._world.shown_to_bot(value, has_content_intent=True)
                return self._add("messages", value.id, payload)
            case Upload():
                payload = self._world.store_file(value, self._channel)
                return self._add("attachments", int(payload["id"]), payload)
        raise TypeError(f"{value!r} is nothing that Discord knows")

    def _add(self, kind: str, value_id: int, payload: Json) -> str:
        self.payload.setdefault(kind, {})[str(value_id)] = payload
        return str(value_id)


def find_command(world: World, name: str, command_type: CommandType, *, person: Person, channel: Channel) -> Json:
    """Find a synced command, the server's own before the global ones.

    Raises:
        LookupError: The bot never synced it.
        CommandHiddenError: This person does not see it in this channel.
    """
    scopes = [world.commands[None]]
    if channel.guild is not None:
        scopes.insert(0, world.commands.get(channel.guild.id, []))
    for command in (command for scope in scopes for command in scope):
        if command["name"] == name and command["type"] == command_type:
            _refuse_hidden(command, person, channel)
            return command
    raise LookupError(f"the bot never synced {name!r}")


def chat_command_data(
    world: World,
    command: Json,
    path: str,
    options: Mapping[str, object],
    channel: Channel,
    *,
    focused: str | None = None,
) -> Json:
    """Build the data of a slash command as Discord's client would send it.

    Args:
        path: The whole command, with subcommands, as in `corpus show`.
        options: Values by option name: text, numbers, people, roles, channels, uploads.
        focused: For autocomplete, the option that is being typed.

    Raises:
        LookupError: There is no such subcommand or option.
        ValueError: Discord's client would not send these values.
    """
    node, subcommands = _leaf(command, path)
    known = {option["name"]: option for option in node.get("options") or []}
    if unknown := sorted(options.keys() - known.keys()):
        raise LookupError(f"/{path} has no option {', '.join(unknown)}; it has {', '.join(known) or 'none'}")
    missing = [name for name, option in known.items() if option.get("required") and name not in options]
    if missing and focused is None:
        raise ValueError(f"/{path} needs {', '.join(missing)}")
    resolved = Resolved(world, channel)
    sent: list[Json] = []
    for name, value in options.items():
        if name != focused:
            _check_value(known[name], value)
        is_plain = isinstance(value, str | int | float)
        sent.append(
            {"name": name, "type": known[name]["type"], "value": value if is_plain else resolved.id_of(value)}
            | ({"focused": True} if name == focused else {})
        )
    for subcommand in reversed(subcommands):
        sent = [{"name": subcommand["name"], "type": subcommand["type"], "options": sent}]
    return _command_data(command, resolved) | {"options": sent}


def context_menu_data(world: World, command: Json, target: Message | Person, channel: Channel) -> Json:
    """Build the data of a context menu command."""
    resolved = Resolved(world, channel)
    target_id = resolved.id_of(target)
    return _command_data(command, resolved) | {"target_id": target_id}


def press_data(message: Message, label: str) -> Json:
    """Build the data of a pressed button.

    Args:
        label: The button's label, emoji or custom id.

    Raises:
        LookupError: The message has no such button.
        ValueError: The button cannot be pressed.
    """
    for button in walk(message.components):
        names = (button.get("label"), (button.get("emoji") or {}).get("name"), button.get("custom_id"))
        if button.get("type") != ComponentType.BUTTON or label not in names:
            continue
        if button.get("disabled"):
            raise ValueError(f"the button {label!r} is disabled")
        if button.get("style") == LINK_BUTTON:
            raise ValueError(f"the button {label!r} is a link; the bot does not hear of it")
        return {"custom_id": button["custom_id"], "component_type": button["type"], "id": button["id"]}
    raise LookupError(f"no button {label!r}; there is {', '.join(map(repr, message.buttons)) or 'none'}")


def choose_data(world: World, message: Message, values: Sequence[object], channel: Channel, menu: str | None) -> Json:
    """Build the data of a choice in a menu.

    Args:
        values: Labels or values of a text menu, else people, roles or channels.
        menu: The menu's placeholder or custom id; not needed where there is only one.

    Raises:
        LookupError: The message has no such menu, or the menu no such choice.
        ValueError: Discord's client would not send this.
    """
    selects = [component for component in walk(message.components) if component.get("type") in SELECTS]
    named = [select for select in selects if menu in (None, select.get("placeholder"), select["custom_id"])]
    if len(named) != 1:
        raise LookupError(f"{len(named)} menus match {menu!r}; there are {[select['custom_id'] for select in selects]}")
    select = named[0]
    if select.get("disabled"):
        raise ValueError(f"the menu {select['custom_id']!r} is disabled")
    resolved = Resolved(world, channel)
    sent = _chosen(select, values, resolved)
    data = {"custom_id": select["custom_id"], "component_type": select["type"], "id": select["id"], "values": sent}
    return data | ({"resolved": resolved.payload} if resolved.payload else {})


def modal_data(world: World, modal: Json, values: Mapping[str, object], channel: Channel) -> Json:
    """Build the data of a dialog that a person filled in.

    Args:
        values: By label or custom id; what is left out keeps what the dialog showed.

    Raises:
        LookupError: The dialog has no such field.
        ValueError: Discord's client would not send this.
    """
    resolved = Resolved(world, channel)
    left = dict(values)
    sent: list[Json] = []
    for index, row in enumerate(modal["components"], start=1):
        shown = row["components"][0] if row["type"] == ComponentType.ACTION_ROW else row.get("component")
        if shown is None:
            sent.append({"type": row["type"], "id": index})
            continue
        label = row.get("label") or shown.get("label") or ""
        key = label if label in left else shown["custom_id"]
        filled = _filled(shown, label, left.pop(key, None), resolved)
        if row["type"] == ComponentType.ACTION_ROW:
            sent.append({"type": row["type"], "id": index, "components": [filled]})
        else:
            sent.append({"type": row["type"], "id": index, "component": filled})
    if left:
        raise LookupError(f"the dialog {modal['title']!r} has no field {', '.join(left)}")
    data: Json = {"custom_id": modal["custom_id"], "components": sent}
    return data | ({"resolved": resolved.payload} if resolved.payload else {})


def _refuse_hidden(command: Json, person: Person, channel: Channel) -> None:
    name = command["name"]
    if channel.guild is None:
        contexts = command.get("contexts")
        if command.get("dm_permission") is False or command.get("guild_id") or (contexts and 1 not in contexts):
            raise CommandHiddenError(f"{name} is not there in direct messages")
        return
    if command.get("contexts") and 0 not in command["contexts"]:
        raise CommandHiddenError(f"{name} is not there in servers")
    if person.id not in channel.guild.members:
        raise CommandHiddenError(f"{person.name} is not in {channel.guild.name}")
    permissions = channel.permissions_of(person)
    needed = command.get("default_member_permissions")
    # "0" hides it from all but administrators.
    needed_bits = Permission(0) if needed is None else Permission(int(needed) or Permission.ADMINISTRATOR)
    if permissions & Permission.ADMINISTRATOR:
        return
    if needed_bits & ~permissions or not permissions & Permission.USE_APPLICATION_COMMANDS:
        raise CommandHiddenError(f"{name} is hidden from {person.name}")


def _leaf(command: Json, path: str) -> tuple[Json, list[Json]]:
    node, subcommands = command, []
    for part in path.split()[1:]:
        children = {option["name"]: option for option in node.get("options") or []}
        if part not in children or children[part]["type"] > OptionType.SUBCOMMAND_GROUP:
            raise LookupError(f"/{path}: no subcommand {part!r}")
        node = children[part]
        subcommands.append(node)
    if any(option["type"] <= OptionType.SUBCOMMAND_GROUP for option in node.get("options") or []):
        raise LookupError(f"/{path} cannot be run: it has subcommands")
    return node, subcommands


def _command_data(command: Json, resolved: Resolved) -> Json:
    data = {"id": command["id"], "name": command["name"], "type": command["type"]}
    data |= {"resolved": resolved.payload} if resolved.payload else {}
    return data | ({"guild_id": command["guild_id"]} if "guild_id" in command else {})


def _check_value(option: Json, value: object) -> None:
    name, option_type = option["name"], OptionType(option["type"])
    expected = VALUE_TYPES[option_type]
    if not isinstance(value, expected) or (isinstance(value, bool) and bool not in expected):
        raise ValueError(f"{name}: {value!r} is no {option_type.name.lower()}")
    choices = [choice["value"] for choice in option.get("choices") or []]
    if choices and value not in choices:
        raise ValueError(f"{name}: {value!r} is not one of {choices}")
    if isinstance(value, str):
        most = option.get("max_length") or limits.STRING_OPTION_VALUE
        _check_length(name, value, option.get("min_length") or 0, most)
    elif isinstance(value, int | float):
        least, most = option.get("min_value"), option.get("max_value")
        if (least is not None and value < least) or (most is not None and value > most):
            raise ValueError(f"{name}: {value} is not between {least} and {most}")


def _check_length(name: str, text: str, least: int, most: int) -> None:
    if not least <= limits.length(text) <= most:
        raise ValueError(f"{name}: {limits.length(text)} characters, not between {least} and {most}")


def _chosen(select: Mapping[str, Any], values: Sequence[object], resolved: Resolved) -> list[str]:
    least, most = select.get("min_values", 1), select.get("max_values", 1)
    if not least <= len(values) <= most:
        raise ValueError(f"{len(values)} values chosen, not between {least} and {most}")
    if select["type"] != ComponentType.STRING_SELECT:
        return [resolved.id_of(value) for value in values]
    by_name = {option[key]: option["value"] for option in select["options"] for key in ("label", "value")}
    if unknown := [value for value in values if value not in by_name]:
        raise LookupError(f"no choice {unknown}; there are {[option['label'] for option in select['options']]}")
    return [by_name[value] for value in values]


def _filled(shown: Json, label: str, value: object, resolved: Resolved) -> Json:
    filled = {"type": shown["type"], "id": shown.get("id", 1), "custom_id": shown["custom_id"]}
    is_required = shown.get("required", True)
    fill: dict[int, Callable[[], Json]] = {
        ComponentType.TEXT_INPUT: lambda: {"value": _typed(shown, label, value)},
        ComponentType.CHECKBOX: lambda: {"value": bool(value)},
    }
    if shown["type"] in fill:
        return filled | fill[shown["type"]]()
    values = [] if value is None else list(value) if isinstance(value, list | tuple) else [value]
    if is_required and not values:
        raise ValueError(f"{label}: must be filled in")
    if shown["type"] in SELECTS:
        least = shown if values else {**shown, "min_values": 0}
        return filled | {"values": _chosen(least, values, resolved)}
    return filled | {"values": [resolved.id_of(each) for each in values]}


def _typed(shown: Json, label: str, value: object) -> str:
    text = str(shown.get("value") or "") if value is None else str(value)
    if not text and not shown.get("required", True):
        return text
    most = shown.get("max_length") or limits.TEXT_INPUT_VALUE
    _check_length(label, text, max(1, shown.get("min_length") or 0), most)
    return text
