"""What an operator can set."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from dotenv import dotenv_values

from bot import settings as settings_module
from bot.settings import NAMES, Settings, SettingsError, read_settings

TOKEN = "MTIzNDU2.token.secret"
EXAMPLE = Path(__file__).parents[2] / ".env.example"

# name, an allowed text, the field, its value, another allowed text, that one's value
CASES = [
    ("DISCORD_TOKEN", "a.b.c", "discord_token", "a.b.c", "d.e.f", "d.e.f"),
    ("DISCORD_GUILD_IDS", "1100000000000000000", "discord_guild_ids", (1100000000000000000,),
     "110000000000000001, 110000000000000002,110000000000000001", (110000000000000001, 110000000000000002)),
    ("MESSAGE_CONTENT", "1", "message_content", True, "0", False),
    ("CORPUS_DIR", "papers", "corpus_dir", Path("papers"), "other", Path("other")),
    ("CORPUS_URL", "https://example.org/c", "corpus_url", "https://example.org/c", "http://x.org", "http://x.org"),
    ("CORPUS_WATCH", "1", "corpus_watch", True, "0", False),
    ("DATA_DIR", "index", "data_dir", Path("index"), "other", Path("other")),
    ("EMBEDDING_MODEL", "some/model", "embedding_model", "some/model", "other", "other"),
    ("RERANKER_MODEL", "some/model", "reranker_model", "some/model", "other", "other"),
    ("READER_MODEL", "some/model", "reader_model", "some/model", "other", "other"),
    ("STRICTNESS", "low", "strictness", "low", "HIGH", "high"),
    ("ALLOW_URLS", "0", "allow_urls", False, "1", True),
    ("SHARED_RELOAD", "owner", "shared_reload", "owner", "MODERATORS", "moderators"),
    ("ANSWERS_KEPT_DAYS", "7", "answers_kept_days", 7, "365", 365),
    ("FORGET_SERVERS_AFTER_DAYS", "7", "forget_servers_after_days", 7, "365", 365),
    ("LOG_LEVEL", "debug", "log_level", "DEBUG", "ERROR", "ERROR"),
    ("LOG_FORMAT", "json", "log_format", "json", "text", "text"),
]  # fmt: skip
BY_NAME = pytest.mark.parametrize(("name", "text", "field", "value", "other_text", "other_value"), CASES)


@pytest.fixture
def env_file(tmp_path: Path) -> Path:
    return tmp_path / ".env"


def test_every_setting_has_a_case():
    assert [name for name, *_ in CASES] == list(NAMES)


@BY_NAME
def test_the_environment_comes_before_the_file_and_the_file_before_the_default(
    env_file: Path, name: str, text: str, field: str, value: object, other_text: str, other_value: object
):
    unset = read_settings(env_file, {})
    env_file.write_text(f"{name}={text}\n", encoding="utf-8")
    from_file = read_settings(env_file, {})
    from_environment = read_settings(env_file, {name: other_text})

    assert getattr(unset, field) == getattr(Settings(corpus_dir=unset.corpus_dir), field) != value
    assert getattr(from_file, field) == value
    assert getattr(from_environment, field) == other_value


@BY_NAME
def test_an_empty_value_is_none(
    env_file: Path, name: str, text: str, field: str, value: object, other_text: str, other_value: object
):
    env_file.write_text(f"{name}=\n", encoding="utf-8")

    assert getattr(read_settings(env_file, {}), field) == getattr(read_settings(Path("missing"), {}), field)


def test_the_command_line_comes_first(env_file: Path):
    environment = {"CORPUS_DIR": "from-environment", "DATA_DIR": "from-environment"}

    settings = read_settings(env_file, environment, corpus=Path("given"), data=Path("given too"))

    assert (settings.corpus_dir, settings.data_dir) == (Path("given"), Path("given too"))


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("DISCORD_GUILD_IDS", "my server", "server ids of 15 to 20 digits, parted by commas"),
        ("DISCORD_GUILD_IDS", "1100000000000000000,12", "server ids of 15 to 20 digits, parted by commas"),
        ("MESSAGE_CONTENT", "yes", "0 or 1"),
        ("CORPUS_URL", "example.org", "an address that begins with https://"),
        ("STRICTNESS", "medium", "normal, low or high"),
        ("SHARED_RELOAD", "everybody", "moderators or owner"),
        ("ANSWERS_KEPT_DAYS", "0", "a whole number of days, 1 to 365"),
        ("ANSWERS_KEPT_DAYS", "366", "a whole number of days, 1 to 365"),
        ("ANSWERS_KEPT_DAYS", "a month", "a whole number of days, 1 to 365"),
        ("FORGET_SERVERS_AFTER_DAYS", "0", "a whole number of days, 1 or more"),
        ("LOG_LEVEL", "chatty", "DEBUG, INFO, WARNING or ERROR"),
        ("LOG_FORMAT", "xml", "text or json"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_allowed(env_file: Path, name: str, value: str, allowed: str):
    with pytest.raises(SettingsError) as failure:
        read_settings(env_file, {name: value})

    assert str(failure.value) == f"{name}: {value!r} is not allowed; use {allowed}."


def test_an_unknown_name_in_the_file_is_named_with_those_that_there_are(env_file: Path):
    env_file.write_text("DISCORD_TOKN=x\n", encoding="utf-8")

    with pytest.raises(SettingsError, match=f"DISCORD_TOKN in .* is not a setting.*{', '.join(NAMES)}"):
        read_settings(env_file, {})


def test_other_names_in_the_environment_are_none_of_our_business(env_file: Path):
    assert read_settings(env_file, {"DISCORD_TOKN": "x", "PATH": "/bin"}) == read_settings(env_file, {})


@pytest.mark.parametrize("content", [b"\xff\xfe", None])
def test_a_file_that_cannot_be_read_is_named(env_file: Path, content: bytes | None, monkeypatch: pytest.MonkeyPatch):
    env_file.write_bytes(content or b"")
    if content is None:

        def refuse(path: Path) -> dict[str, str | None]:
            raise PermissionError("not yours")

        monkeypatch.setattr(settings_module, "dotenv_values", refuse)

    with pytest.raises(SettingsError, match="cannot be read"):
        read_settings(env_file, {})


# ---- the token


@pytest.mark.parametrize("value", [f"Bot {TOKEN}", f"{TOKEN} {TOKEN}"])
def test_a_token_that_cannot_be_one_is_refused_without_being_shown(env_file: Path, value: str):
    with pytest.raises(SettingsError) as failure:
        read_settings(env_file, {"DISCORD_TOKEN": value})

    assert "DISCORD_TOKEN" in str(failure.value)
    assert TOKEN not in str(failure.value)
    assert failure.value.__cause__ is None


def test_the_token_is_in_no_representation_of_the_settings(env_file: Path):
    settings = read_settings(env_file, {"DISCORD_TOKEN": TOKEN})

    assert settings.discord_token == TOKEN
    assert TOKEN not in f"{settings!r} {settings} {[settings]}"
    assert "has_token=True" in repr(settings)


def test_an_error_about_another_setting_does_not_show_the_token(env_file: Path):
    env_file.write_text(f"DISCORD_TOKEN={TOKEN}\nSTRICTNESS=no\n", encoding="utf-8")

    with pytest.raises(SettingsError) as failure:
        read_settings(env_file, {})

    assert TOKEN not in str(failure.value)


# ---- where the corpus is


def test_a_corpus_folder_here_is_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "corpus").mkdir()
    monkeypatch.chdir(tmp_path)

    assert read_settings(environment={}).corpus_dir == Path("corpus")


def test_elsewhere_the_corpus_that_comes_with_the_bot_is_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)

    corpus = read_settings(environment={}).corpus_dir

    assert corpus.is_absolute()
    assert list(corpus.rglob("*.md"))


def test_a_home_folder_is_understood(env_file: Path):
    assert read_settings(env_file, {"CORPUS_DIR": "~/papers"}).corpus_dir == Path.home() / "papers"


# ---- the example


def test_the_example_documents_exactly_the_settings():
    assert list(dotenv_values(EXAMPLE)) == list(NAMES)


def test_the_example_changes_nothing():
    assert read_settings(EXAMPLE, {}) == read_settings(Path("missing"), {})


def test_each_setting_of_the_example_is_explained():
    paragraphs = EXAMPLE.read_text(encoding="utf-8").strip().split("\n\n")[1:]

    assert [re.findall(r"^([A-Z_]+)=", paragraph, re.MULTILINE) for paragraph in paragraphs] == [
        [name] for name in NAMES
    ]
    assert all(paragraph.startswith("# ") for paragraph in paragraphs)
