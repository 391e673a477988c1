"""A message's JSON as HTML that looks as Discord shows it: an imitation of our own, near enough to judge how it reads.

Discord's Markdown is not CommonMark: quotes and lists end with their line, and line breaks count. So lines are told
apart here, and only what stands within one is left to markdown-it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import escape
from itertools import groupby
from typing import Any

from markdown_it import MarkdownIt

Json = Mapping[str, Any]

PRIMARY, SECONDARY, SUCCESS, DANGER, LINK = range(1, 6)
ROW, BUTTON, SECTION, TEXT, GALLERY, SEPARATOR, CONTAINER = 1, 2, 9, 10, 12, 14, 17
EPHEMERAL = 1 << 6
BUTTON_CLASSES = {PRIMARY: "primary", SUCCESS: "success", DANGER: "danger"}

CLIENT_WORDS = {
    "en": {"used": "used", "only you": "Only you can see this", "dismiss": "Dismiss message"},
    "es": {"used": "ha utilizado", "only you": "Solo t\u00fa puedes ver esto", "dismiss": "Descartar mensaje"},
}
"""What Discord itself writes around a message, in its reader's language."""

_INLINE = MarkdownIt("zero").enable(["escape", "backticks", "emphasis", "link"])
_MENTION = re.compile(r"&lt;(@&amp;|@|#)(\d+)&gt;")
_MOMENT = re.compile(r"&lt;t:(\d+):t&gt;")
_KINDS = {"> ": "quote", "- ": "list", "-# ": "small"}


@dataclass(frozen=True, slots=True)
class Names:
    """What Discord writes in place of the ids in a message."""

    people: Mapping[int, str] = field(default_factory=dict)
    channels: Mapping[int, str] = field(default_factory=dict)
    roles: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Said:
    """A message, and what stands above it.

    Args:
        message: As Discord's API gives it.
        above: What it answers: the person's name, and what they did or said.
        is_command: Whether that was a command.
        language: Its reader's, of Discord's own words.
    """

    message: Json
    above: tuple[str, str] | None = None
    is_command: bool = False
    language: str = "en"


def page(conversation: Sequence[Said], names: Names, *, is_light: bool, width: int) -> str:
    """A whole HTML page.

    Args:
        conversation: Oldest first.
        names: For the ids in it.
        is_light: Which of Discord's two looks.
        width: Of the window, in CSS pixels.
    """
    messages = "\n".join(_message(said, names) for said in conversation)
    look = "light" if is_light else "dark"
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Discord</title><style>{STYLE}</style>'
        f'<body class="{look}" style="width: {width}px"><main>{messages}</main></body></html>'
    )


def _message(said: Said, names: Names) -> str:
    message = said.message
    author = message["author"]
    name = names.people[int(author["id"])]
    is_bot = bool(author.get("bot"))
    is_ephemeral = bool(message.get("flags", 0) & EPHEMERAL)
    parts = [f'<div class="content">{markdown(message["content"], names)}</div>' if message["content"] else ""]
    parts += [_file(file) for file in message["attachments"]]
    parts += [_embed(embed, names) for embed in message["embeds"]]
    parts += [_component(component, names) for component in message["components"]]
    if is_ephemeral:
        words = CLIENT_WORDS[said.language]
        parts.append(f'<div class="only-you">{words["only you"]} \u00b7 <a>{words["dismiss"]}</a></div>')
    head = (
        f'<span class="name">{escape(name)}</span>'
        + ('<span class="app">APP</span>' if is_bot else "")
        + f'<span class="time">{_time(message["timestamp"])}</span>'
    )
    return (
        f'<article class="{"ephemeral" if is_ephemeral else ""}">{_above(said)}'
        f'<div class="avatar {"bot" if is_bot else ""}">{escape(name[0])}</div>'
        f'<div class="body"><header>{head}</header>{"".join(parts)}</div></article>'
    )


def _above(said: Said) -> str:
    if said.above is None:
        return ""
    name, text = said.above
    used = CLIENT_WORDS[said.language]["used"]
    what = f"{used} <span class='command'>{escape(text)}</span>" if said.is_command else escape(text)
    return f'<div class="above"><span class="spine"></span><b>{escape(name)}</b> <span class="what">{what}</span></div>'


def _embed(embed: Json, names: Names) -> str:
    parts = []
    if embed.get("title"):
        parts.append(f'<div class="title">{markdown(embed["title"], names)}</div>')
    if embed.get("description"):
        parts.append(f'<div class="description">{markdown(embed["description"], names)}</div>')
    for one in embed.get("fields") or []:
        parts.append(
            f'<div class="field"><div class="field-name">{markdown(one["name"], names)}</div>'
            f"{markdown(one['value'], names)}</div>"
        )
    footer = escape((embed.get("footer") or {}).get("text", ""))
    if embed.get("timestamp"):
        footer += f" \u2022 {_time(embed['timestamp'])}"
    if footer:
        parts.append(f'<div class="footer">{footer}</div>')
    return f'<div class="embed" style="border-left-color: #{embed.get("color") or 0:06x}">{"".join(parts)}</div>'


def _file(file: Json) -> str:
    if file["content_type"].startswith("image/"):
        return _picture(file["url"], file.get("description"))
    size = file["size"] / 1024
    return f'<div class="file"><a>{escape(file["filename"])}</a><div>{size:.1f} KB</div></div>'


def _picture(address: str, description: str | None) -> str:
    return f'<img class="picture" src="{escape(address)}" alt="{escape(description or "")}">'


def _component(component: Json, names: Names) -> str:
    """A row of buttons, or one of the parts of Components V2."""
    inner = [_component(child, names) for child in component.get("components") or []]
    kind = component["type"]
    if kind == CONTAINER:
        colour = component.get("accent_color") or 0
        return f'<div class="container" style="border-left-color: #{colour:06x}">{"".join(inner)}</div>'
    if kind == SECTION:
        beside = _component(component["accessory"], names)
        return f'<div class="section"><div>{"".join(inner)}</div>{beside}</div>'
    if kind == TEXT:
        return f'<div class="text">{markdown(component["content"], names)}</div>'
    if kind == GALLERY:
        return "".join(_picture(item["media"]["url"], item.get("description")) for item in component["items"])
    if kind == SEPARATOR:
        return '<div class="separator"></div>'
    return _button(component) if kind == BUTTON else f'<div class="row">{"".join(inner)}</div>'


def _button(button: Json) -> str:
    emoji = (button.get("emoji") or {}).get("name") or ""
    look = BUTTON_CLASSES.get(button["style"], "secondary")
    label = f'<span class="emoji">{emoji}</span>' if emoji else ""
    return f'<span class="button {look}">{label}{escape(button.get("label") or "")}</span>'


def markdown(text: str, names: Names) -> str:
    """Discord's Markdown as HTML, as far as the bot uses it."""
    shown = []
    for kind, lines in groupby(text.split("\n"), _kind):
        inner = [_inline(line.split(" ", 1)[1] if kind else line, names) for line in lines]
        if kind == "quote":
            shown.append(f"<blockquote>{'<br>'.join(inner)}</blockquote>")
        elif kind == "list":
            shown.append(f"<ul>{''.join(f'<li>{line}</li>' for line in inner)}</ul>")
        elif kind == "small":
            shown.append("".join(f"<small>{line}</small>" for line in inner))
        else:
            shown.append("".join(f"<p>{line or '&nbsp;'}</p>" for line in inner))
    return "".join(shown)


def _kind(line: str) -> str:
    return next((kind for mark, kind in _KINDS.items() if line.startswith(mark)), "")


def _inline(line: str, names: Names) -> str:
    def name(match: re.Match[str]) -> str:
        known = {"@&amp;": names.roles, "@": names.people, "#": names.channels}[match[1]]
        sign = "#" if match[1] == "#" else "@"
        return f'<span class="mention">{sign}{escape(known.get(int(match[2]), "unknown"))}</span>'

    html: str = _INLINE.renderInline(line)
    return _MOMENT.sub(lambda match: f"{datetime.fromtimestamp(int(match[1]), UTC):%H:%M}", _MENTION.sub(name, html))


def _time(timestamp: str) -> str:
    return f"{datetime.fromisoformat(timestamp):%H:%M}"


STYLE = """
* { box-sizing: border-box; margin: 0; padding: 0; }
body { font: 16px/1.375 "Noto Sans", system-ui, sans-serif; color: var(--text); background: var(--page);
  font-variant-ligatures: none; overflow-wrap: break-word; }
body.dark { --page: #1a1a1e; --text: #dfe0e2; --strong: #f2f3f4; --faint: #9a9ba3; --card: #242429; --line: #4d4f57;
  --edge: #35363c; --button: #35363d; --link: #7cb3ff; --mention: #3b3f6b; --mention-text: #cdd3ff; --tint: #20222f; }
body.light { --page: #ffffff; --text: #2e3035; --strong: #0a0b0d; --faint: #5f626b; --card: #f6f6f8; --line: #c4c6cc;
  --edge: #e0e1e5; --button: #e6e7ea; --link: #0a5fcc; --mention: #dfe3ff; --mention-text: #3a3fa5; --tint: #eef0fb; }
main { padding: 12px 0; }
article { display: grid; grid-template-columns: 56px 1fr; padding: 8px 16px 8px 12px; }
article.ephemeral { background: var(--tint); }
.above { grid-column: 1 / 3; display: flex; align-items: center; gap: 4px; font-size: 14px; color: var(--faint);
  padding: 0 0 4px 20px; min-width: 0; }
.above b { color: var(--text); font-weight: 500; flex: none; }
.above .what { white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.above .spine { flex: none; width: 32px; height: 10px; margin-top: 8px; border: 2px solid var(--line);
  border-width: 2px 0 0 2px; border-radius: 6px 0 0 0; }
.command { color: var(--link); }
.avatar { width: 40px; height: 40px; border-radius: 50%; background: #8a5a2f; color: #fff; font-weight: 600;
  display: grid; place-items: center; }
.avatar.bot { background: #2f5d8c; }
.body { min-width: 0; }
header { display: flex; align-items: baseline; gap: 6px; }
.name { font-weight: 600; color: var(--strong); }
.app { font-size: 11px; font-weight: 600; color: #fff; background: #5058d8; border-radius: 4px; padding: 0 5px; }
.time { font-size: 12px; color: var(--faint); }
strong { font-weight: 700; color: var(--strong); }
a { color: var(--link); text-decoration: none; }
code { font: 14px "Noto Sans Mono", "DejaVu Sans Mono", monospace; background: var(--card);
  border: 1px solid var(--edge); border-radius: 4px; padding: 0 3px; }
blockquote { border-left: 4px solid var(--line); border-radius: 2px; padding-left: 12px; margin: 2px 0; }
ul { padding-left: 18px; }
.mention { background: var(--mention); color: var(--mention-text); border-radius: 3px; padding: 0 2px; }
.embed { background: var(--card); border: 1px solid var(--edge); border-left: 4px solid; border-radius: 4px;
  padding: 10px 14px 12px 12px; margin-top: 6px; max-width: 520px; font-size: 14px; line-height: 1.3; }
.embed > * + * { margin-top: 8px; }
.embed .title { font-size: 16px; font-weight: 600; color: var(--strong); }
.embed p:has(+ blockquote), .embed blockquote + p { margin-bottom: 1px; }
.field-name { font-weight: 600; color: var(--strong); }
.footer { font-size: 12px; color: var(--faint); }
.container { background: var(--card); border: 1px solid var(--edge); border-left: 4px solid; border-radius: 8px;
  padding: 14px 14px 16px 12px; margin-top: 6px; max-width: 600px; }
.container > * + * { margin-top: 8px; }
.section { display: flex; gap: 12px; align-items: center; justify-content: space-between; }
.section .button { flex: none; }
.separator { border-top: 1px solid var(--line); margin: 12px 0; }
small { display: block; font-size: 13px; line-height: 1.35; color: var(--faint); }
small strong { color: var(--text); }
.picture { display: block; border-radius: 8px; margin-top: 6px; max-width: min(100%, 550px); }
@media (min-width: 600px) { .picture { max-height: 350px; } }
.file { border: 1px solid var(--edge); background: var(--card); border-radius: 8px; padding: 10px 14px; margin-top: 6px;
  max-width: 420px; }
.file div { font-size: 12px; color: var(--faint); }
.row { display: flex; flex-wrap: wrap; gap: 8px; margin-top: 8px; }
.button { font-size: 14px; font-weight: 500; background: var(--button); color: var(--strong); border-radius: 8px;
  padding: 6px 14px; min-height: 34px; max-width: 100%; }
.button.primary { background: #5058d8; color: #fff; }
.button.danger { background: #c73a3f; color: #fff; }
.button.success { background: #23804a; color: #fff; }
.emoji { margin-right: 6px; }
.only-you { font-size: 12px; color: var(--faint); margin-top: 6px; }
"""
