"""The gallery's pages show what the bot sent, without Chromium; the pictures are there, and each says what it shows."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image

from docs import gallery
from docs.discord_look import CONTAINER, GALLERY, SEPARATOR, TEXT, Names, Said, markdown, page
from docs.gallery import FOLDER, LOOKS, WIDTHS, Questions, find_browser, photograph, scenes, write_pages
from index import Library
from tests.wire.bots import ANSWERED, BEST_SENTENCE, NOT_COVERED, UNCERTAIN
from tests.wire.conftest import local_discord, openapi_check  # noqa: F401 (fixtures)
from tests.wire.limits import IS_COMPONENTS_V2
from tests.wire.server import LocalDiscord

ROOT = Path(__file__).resolve().parent.parent
PICTURED = [ROOT / "README.md", ROOT / "docs" / "gallery.md", ROOT / "docs" / "decisions.md"]
QUESTIONS = Questions(
    ANSWERED,
    "and when was that?",
    UNCERTAIN,
    NOT_COVERED,
    NOT_COVERED.lower(),
    topic="the lighthouse of Grey Skerry",
    dated="the lighthouse of Grey Skerry",
    document="sea/lighthouse",
    compared=("sea/lighthouse", "garden/bees"),
)


class Text(HTMLParser):
    """The text of a page, without its style, and its tags as they open and close."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.shown, self.open, self._is_style = "", 0, False
        self.pictures: list[dict[str, str | None]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self._is_style = tag == "style"
        self.open += tag not in ("meta", "br", "img")
        self.pictures += [dict(attrs)] if tag == "img" else []

    def handle_endtag(self, tag):
        self._is_style = False
        self.open -= 1

    def handle_data(self, data):
        self.shown += "" if self._is_style else f"{data} "


@pytest.mark.asyncio
async def test_every_scene_becomes_a_page_in_each_look_and_width(
    local_discord: LocalDiscord,  # noqa: F811 (the fixture)
    library: Library,
    tmp_path: Path,
):
    found, names = await scenes(local_discord, library, tmp_path / "bot", QUESTIONS)
    pages = write_pages(found, names, tmp_path / "pages")

    assert {page.stem for page in pages} == {path.stem for path in FOLDER.glob("*.png")}
    assert len(pages) == sum(len(LOOKS) * len(scene.widths) for scene in found)
    texts = {page.stem: Text(page.read_text(encoding="utf-8")) for page in pages}
    assert {text.open for text in texts.values()} == {0}
    shown = {name: " ".join(text.shown.split()) for name, text in texts.items()}
    assert BEST_SENTENCE in shown["answered-phone-dark"]
    assert "may not answer it" in shown["uncertain-phone-dark"]
    assert "Ask a person" in shown["not-covered-desktop-light"]
    assert "I read this together with" in shown["follow-up-phone-light"]
    assert "Only you can see this" in shown["context-phone-dark"]
    assert "lighthouse.md" in shown["source-phone-dark"]
    assert "#general" in shown["settings-phone-dark"]
    assert "@moderators" in shown["settings-phone-dark"]
    assert "I am busy" in shown["busy-phone-dark"]
    assert BEST_SENTENCE in shown["summary-document-desktop-dark"]
    assert "very likely covered" in shown["summary-topic-phone-light"]
    assert "1862" in (texts["timeline-phone-dark"].pictures[0]["alt"] or "")
    assert "Keeping bees" in shown["compare-phone-dark"]
    assert "Make current Discard" in shown["reload-waits-phone-dark"]
    assert "is current now" in shown["reload-desktop-light"]
    assert "that wants a look" in shown["review-phone-dark"]
    assert "/summary topic" in shown["help-phone-dark"]
    assert "1. Who may set me up." in shown["setup-phone-dark"]
    assert "Fuentes citadas" in shown["spanish-phone-dark"]
    assert "Solo t\u00fa puedes ver esto" in shown["spanish-phone-dark"]
    assert not [name for name, text in shown.items() if re.search(r"\\\\|\*\*|<[@#]|unknown", text)]


@pytest.mark.asyncio
async def test_components_v2_show_the_words_of_the_message_that_was_sent_and_are_accepted(
    local_discord: LocalDiscord,  # noqa: F811 (the fixture)
    library: Library,
    tmp_path: Path,
):
    found, names = await scenes(local_discord, library, tmp_path / "bot", QUESTIONS)
    by_name = {scene.name: scene.conversation[-1] for scene in found}

    for name in ("answered", "uncertain", "not-covered"):
        again = by_name[f"{name}-v2"].message
        assert again["flags"] & IS_COMPONENTS_V2
        assert (again["content"], again["embeds"]) == ("", [])
        assert _words(by_name[f"{name}-v2"], names) == _words(by_name[name], names)


def _words(said: Said, names: Names) -> set[str]:
    """The words of a message as it is drawn; *Context* stands once or at each quote."""
    return set(Text(page((said,), names, is_light=False, width=WIDTHS["phone"])).shown.split())


def test_markdown_is_read_as_discord_reads_it():
    shown = markdown(
        "> one **two**\nthree \\*four\\* [five](https://example.org)\n- <#7> <@8>\n-# at <t:60:t>",
        Names({8: "Bob"}, {7: "general"}),
    )

    assert shown == (
        "<blockquote>one <strong>two</strong></blockquote>"
        '<p>three *four* <a href="https://example.org">five</a></p>'
        '<ul><li><span class="mention">#general</span> <span class="mention">@Bob</span></li></ul>'
        "<small>at 00:01</small>"
    )


def test_a_container_is_drawn_with_its_colour_its_lines_and_its_pictures():
    picture = {"type": GALLERY, "items": [{"media": {"url": "data:,"}, "description": "A lighthouse"}]}
    inner = [{"type": TEXT, "content": "> one"}, {"type": SEPARATOR}, picture]
    container = {"type": CONTAINER, "accent_color": 0x2F5D8C, "components": inner}
    message = {
        "author": {"id": "1", "bot": True},
        "timestamp": "2026-11-24T12:00:00+00:00",
        **{"content": "", "embeds": [], "attachments": [], "components": [container]},
    }

    shown = page([Said(message)], Names({1: "Dissent Bot"}), is_light=True, width=390)

    assert (
        '<div class="container" style="border-left-color: #2f5d8c"><div class="text"><blockquote>one</blockquote></div>'
        '<div class="separator"></div><img class="picture" src="data:," alt="A lighthouse"></div>'
    ) in shown


def test_a_page_is_photographed_down_to_its_last_message(tmp_path: Path):
    browser = find_browser()
    if browser is None:
        pytest.skip(gallery.NO_BROWSER)
    page = tmp_path / "one-phone-light.html"
    page.write_text(
        '<body style="margin: 0; background: #fff"><div style="height: 100px; background: #000">', encoding="utf-8"
    )

    photograph(browser, page, tmp_path / "one.png")

    with Image.open(tmp_path / "one.png") as picture:
        assert picture.size == (585, 168)


def test_without_chromium_the_script_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(gallery, "find_browser", lambda: None)
    monkeypatch.setattr("sys.argv", ["gallery"])

    with pytest.raises(SystemExit, match="apt install chromium"):
        gallery.main()


@pytest.mark.parametrize("page", PICTURED, ids=lambda page: page.name)
def test_pictures_are_there_and_say_what_they_show(page: Path):
    text = page.read_text(encoding="utf-8")

    files = re.findall(r'(?:src|srcset)="([^"]+)"', text)
    images = re.findall(r"<img [^>]*>", text)
    assert files
    assert [name for name in files if not (page.parent / name).is_file()] == []
    assert [image for image in images if not re.search(r'alt="[^"]{20,}"', image)] == []


def test_no_picture_is_left_over():
    text = "".join(page.read_text(encoding="utf-8") for page in PICTURED)
    used = set(re.findall(r"gallery/([\w-]+\.png)", text))

    assert used == {path.name for path in FOLDER.glob("*.png")}
