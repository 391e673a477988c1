"""What hypothesis draws: texts of every kind, and Markdown put together from pieces of markup."""

from __future__ import annotations

from hypothesis import strategies as st

FRAGMENTS = [
    "A word. ", "Another sentence! ", "Mr. Blinken met U.S. officials. ", "plain", " ", "  ", "    ", "\t", "\n",
    "\n\n", "\n\n\n", "# Heading\n", "## Sub heading\n\n", "Setext\n===\n", "---\n", "- item\n", "* ", "1. one\n",
    "   indented\n", "> quoted ", "> ", "```\n", "```python\n", "~~~\n", "`code`", "`", "``", "| a | b |\n",
    "| --- | --- |\n", "|", "[^1]", "[^2]", "[^1]: A source\n",
    "[^2]: [Title](https://example.org/a_(b)). Paper. 2020-01-02.\n", "[link](https://x.org)", "[ref][name]",
    "[name]: https://y.org\n", "![image](pic.png)", "[", "]", "(", ")", "**", "*", "_", "__", "***", "\\", "\\*",
    "<!-- comment -->", "<!--", "-->", "<div>", "</div>\n", "<https://z.org>", "<", "&amp;", "é", "\u0301", "😀",
    "日本語。", "한국", "\u200b", "\u2028", "\x0b", "\x1c", "\u00a0", "ﬁ", "İ", "$", "…", "“quote”", "e.g. ",
    "No. 34. ",
]  # fmt: skip

any_text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=300)
markdown_text = st.lists(st.sampled_from(FRAGMENTS), max_size=40).map("".join)
texts = st.one_of(any_text, markdown_text)
