"""What an operator can set, read once at the start."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from dotenv import dotenv_values

from index import Strictness

SharedReload = Literal["moderators", "owner"]
LogFormat = Literal["text", "json"]
ANSWERS_KEPT_DAYS = 30
ANSWERS_KEPT_DAYS_AT_MOST = 365
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


class SettingsError(Exception):
    """A setting is unknown or has a value that is not allowed; the message says what is."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting, checked. `.env.example` says what each is for."""

    corpus_dir: Path
    data_dir: Path = Path("data")
    discord_token: str = ""
    discord_guild_ids: tuple[int, ...] = ()
    message_content: bool = False
    corpus_url: str = ""
    corpus_watch: bool = False
    embedding_model: str = ""
    reranker_model: str = ""
    reader_model: str = ""
    strictness: Strictness = "normal"
    allow_urls: bool = True
    shared_reload: SharedReload = "moderators"
    answers_kept_days: int = ANSWERS_KEPT_DAYS
    forget_servers_after_days: int = 30
    log_level: str = "INFO"
    log_format: LogFormat = "text"

    def __repr__(self) -> str:
        """Without the token: what is printed or logged ends up in screenshots."""
        return f"Settings(corpus_dir={self.corpus_dir}, data_dir={self.data_dir}, has_token={bool(self.discord_token)})"


def read_settings(
    env_file: Path = Path(".env"),
    environment: Mapping[str, str] | None = None,
    *,
    corpus: Path | None = None,
    data: Path | None = None,
) -> Settings:
    """Read the settings: command line over environment over `.env` over defaults.

    Args:
        env_file: A file of `NAME=value` lines; it need not exist.
        environment: The process's own by default.
        corpus: The command line's `--corpus`.
        data: The command line's `--data`.

    Raises:
        SettingsError: A name in the file is unknown, or a value is not allowed.
    """
    environment = os.environ if environment is None else environment
    try:
        from_file = {name: value or "" for name, value in dotenv_values(env_file).items()} if env_file.is_file() else {}
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{env_file} cannot be read: {error}") from error
    for name in from_file:
        if name not in _READERS:
            raise SettingsError(f"{name} in {env_file} is not a setting. Settings are: {', '.join(_READERS)}.")
    values: dict[str, Any] = {"corpus_dir": default_corpus()}
    for name, reader in _READERS.items():
        value = environment.get(name, from_file.get(name, "")).strip()
        if value:
            values[name.lower()] = _read(name, value, reader)
    if corpus is not None:
        values["corpus_dir"] = corpus
    if data is not None:
        values["data_dir"] = data
    return Settings(**values)


def default_corpus() -> Path:
    """`corpus` here, where there is one; else the corpus that comes with the bot."""
    here = Path("corpus")
    if here.is_dir():
        return here
    installed = Path(__file__).parent / "bundled_corpus"
    return installed if installed.is_dir() else Path(__file__).parent.parent / "corpus"


def _read(name: str, value: str, reader: Callable[[str], object]) -> object:
    try:
        return reader(value)
    except ValueError as error:
        shown = "the value given" if name == "DISCORD_TOKEN" else repr(value)
        raise SettingsError(f"{name}: {shown} is not allowed; use {error}.") from None


def _token(value: str) -> str:
    if re.search(r"\s", value) or value.lower().startswith("bot "):
        raise ValueError("the token alone, as the developer portal shows it")
    return value


def _guild_ids(value: str) -> tuple[int, ...]:
    parts = re.split(r"[,\s]+", value.strip(", "))
    if not all(re.fullmatch(r"\d{15,20}", part) for part in parts):
        raise ValueError("server ids of 15 to 20 digits, parted by commas")
    return tuple(dict.fromkeys(int(part) for part in parts))


def _switch(value: str) -> bool:
    if value not in ("0", "1"):
        raise ValueError("0 or 1")
    return value == "1"


def _days(value: str) -> int:
    if not re.fullmatch(r"\d{1,4}", value) or not int(value):
        raise ValueError("a whole number of days, 1 or more")
    return int(value)


def _kept_days(value: str) -> int:
    if not re.fullmatch(r"\d{1,3}", value) or not 1 <= int(value) <= ANSWERS_KEPT_DAYS_AT_MOST:
        raise ValueError(f"a whole number of days, 1 to {ANSWERS_KEPT_DAYS_AT_MOST}")
    return int(value)


def _address(value: str) -> str:
    if not re.fullmatch(r"https?://\S+", value):
        raise ValueError("an address that begins with https://")
    return value


def _one_of(*allowed: str) -> Callable[[str], str]:
    def read(value: str) -> str:
        for name in allowed:
            if value.lower() == name.lower():
                return name
        raise ValueError(", ".join(allowed[:-1]) + f" or {allowed[-1]}")

    return read


_READERS: dict[str, Callable[[str], object]] = {
    "DISCORD_TOKEN": _token,
    "DISCORD_GUILD_IDS": _guild_ids,
    "MESSAGE_CONTENT": _switch,
    "CORPUS_DIR": lambda value: Path(value).expanduser(),
    "CORPUS_URL": _address,
    "CORPUS_WATCH": _switch,
    "DATA_DIR": lambda value: Path(value).expanduser(),
    "EMBEDDING_MODEL": str,
    "RERANKER_MODEL": str,
    "READER_MODEL": str,
    "STRICTNESS": _one_of("normal", "low", "high"),
    "ALLOW_URLS": _switch,
    "SHARED_RELOAD": _one_of("moderators", "owner"),
    "ANSWERS_KEPT_DAYS": _kept_days,
    "FORGET_SERVERS_AFTER_DAYS": _days,
    "LOG_LEVEL": _one_of(*LOG_LEVELS),
    "LOG_FORMAT": _one_of("text", "json"),
}

NAMES = tuple(_READERS)
"""The names of all settings."""
