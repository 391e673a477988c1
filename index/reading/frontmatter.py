"""The YAML block at the top of a document."""

from __future__ import annotations

import datetime
import re
from typing import Any

import yaml

from index.errors import DocumentError

MAX_CHARACTERS = 64 * 1024
_BLOCK = re.compile(r"---[ \t]*\n(.*?)^---[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)


def split_front_matter(text: str) -> tuple[dict[str, Any], str]:
    """Cut a text into its front matter and what follows the closing line, which stays unchanged.

    A text without front matter is all text. Dates become ISO 8601 strings, so that the values are plain JSON.

    Raises:
        DocumentError: The block is never closed, too long, not YAML, or not a mapping.
    """
    if not re.match(r"---[ \t]*\n", text):
        return {}, text
    block = _BLOCK.match(text, 0, MAX_CHARACTERS)
    if block is None:
        if _looks_like_a_key(text):
            raise DocumentError("has front matter without a closing '---' line; add it")
        return {}, text  # a thematic break opens the text
    try:
        metadata = yaml.safe_load(block[1])
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 2}" if mark else ""
        problem = getattr(error, "problem", None) or "not YAML"
        raise DocumentError(f"has broken front matter{where}: {problem}; mend it or take it out") from error
    except (ValueError, RecursionError) as error:
        raise DocumentError(f"has broken front matter: {error}; mend it or take it out") from error
    if metadata is None:
        metadata = {}
    if not isinstance(metadata, dict):
        raise DocumentError("has front matter that is not 'key: value' lines; mend it or take it out")
    return {str(key): _as_json(value) for key, value in metadata.items()}, text[block.end() :]


def _looks_like_a_key(text: str) -> bool:
    second_line = text.split("\n", 2)[1]
    return re.match(r"[A-Za-z_]+:(\s|$)", second_line) is not None


def _as_json(value: Any, depth: int = 0) -> Any:
    if depth > 8:
        raise DocumentError("has front matter nested too deep; make it flat")
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(key): _as_json(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple | set):
        return [_as_json(item, depth + 1) for item in value]
    return value if isinstance(value, str | int | float | bool) or value is None else str(value)
