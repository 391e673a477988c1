"""The gallery's pages show what the bot sent, without Chromium; the pictures are there, and each says what it shows."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image

from docs import gallery
from docs.discord_look import Names, markdown
from docs.gallery import FOLDER, LOOKS, WIDTHS, Questions, find_browser, photograph, scenes, write_pages
from index import Library
from tests.wire.bots import ANSWERED, BEST_SENTENCE, NOT_COVERED, UNCERTAIN

ROOT = Path(__file__).resolve().parent.parent
PICTURED = [ROOT / "README.md", ROOT / "docs" / "gallery.md"]
QUESTIONS = Questions(ANSWERED, "and when was that?", UNCERTAIN, NOT_COVERED)


class Text(HTMLParser):
    """The text of a page, without its style, and its tags as they open and close."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.shown, self.open, self._is_style = "", 0, False
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self._is_style = tag == "style"
        self.open += tag not in ("meta", "br")

    def handle_endtag(self, tag):
        self._is_style = False
        self.open -= 1

    def handle_data(self, data):
        self.shown += "" if self._is_style else f"{data} "


@pytest.mark.asyncio
async def test_every_scene_becomes_a_page_in_each_look_and_width(library: Library, tmp_path: Path):
    found, names = await scenes(library, tmp_path / "bot", QUESTIONS)
    pages = write_pages(found, names, tmp_path / "pages")

    assert len(pages) == len(found) * len(LOOKS) * len(WIDTHS)
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
    assert not [name for name, text in shown.items() if re.search(r"\\\\|\*\*|<[@#]|unknown", text)]


def test_markdown_is_read_as_discord_reads_it():
    shown = markdown(
        "> one **two**\nthree \\*four\\* [five](https://example.org)\n- <#7> <@8>", Names({8: "Bob"}, {7: "general"})
    )

    assert shown == (
        "<blockquote>one <strong>two</strong></blockquote>"
        '<p>three *four* <a href="https://example.org">five</a></p>'
        '<ul><li><span class="mention">#general</span> <span class="mention">@Bob</span></li></ul>'
    )


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
    used = set(re.findall(r"gallery/([\w-]+\.png)", (ROOT / "docs" / "gallery.md").read_text(encoding="utf-8")))

    assert used == {path.name for path in FOLDER.glob("*.png")}
