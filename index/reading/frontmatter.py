"""The YAML block at the top of a document."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from typing import Any

import yaml

from index.errors import DocumentError

MAX_CHARACTERS = 64 * 1024
MAX_VALUES = 10_000
LARGEST_NUMBER = 2**63
"""Larger numbers, infinity and "not a number" are no plain JSON; they are kept as text."""

_BLOCK = re.compile(r"---[ \t]*\n(.*?)^---[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)


class _Loader(yaml.SafeLoader):
    """The safe loader without merge keys: a few lines of them multiply to more values than a memory holds."""

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        for key, _ in node.value:
            if key.tag == "tag:yaml.org,2002:merge":
                raise DocumentError(
                    "has '<<' in line {line} of its front matter, which is not read; write out what it stands for",
                    line=key.start_mark.line + 2,
                )


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
        metadata = yaml.load(block[1], _Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or str(error)
        if mark is None:
            raise _broken(problem) from error
        raise DocumentError(
            'has broken front matter in line {line} ("{problem}"); mend it or take it out',
            line=mark.line + 2,
            problem=problem,
        ) from error
    except (ValueError, LookupError, AttributeError, TypeError, ArithmeticError, RecursionError) as error:
        # PyYAML lets what its constructors stumble over through as it is ("!!int ''", "!!bool x", a 13th month)
        raise _broken(str(error)) from error
    if metadata is None:
        metadata = {}
    if not isinstance(metadata, dict):
        raise DocumentError("has front matter that is not 'key: value' lines; mend it or take it out")
    budget = iter(range(MAX_VALUES))
    return {_as_text(key): _as_json(value, budget) for key, value in metadata.items()}, text[block.end() :]


def _broken(problem: str) -> DocumentError:
    return DocumentError('has broken front matter ("{problem}"); mend it or take it out', problem=problem)


def _looks_like_a_key(text: str) -> bool:
    second_line = text.split("\n", 2)[1]
    return re.match(r"[A-Za-z_]+:(\s|$)", second_line) is not None


def _as_json(value: Any, budget: Iterator[int], depth: int = 0) -> Any:
    if depth > 8:
        raise DocumentError("has front matter nested too deep; make it flat")
    if next(budget, None) is None:  # a few aliases of aliases can stand for billions of values
        raise DocumentError("has front matter of more than {most} values; shorten it", most=MAX_VALUES)
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, dict):
        return {_as_text(key): _as_json(item, budget, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_as_json(item, budget, depth + 1) for item in value]
    if isinstance(value, set):
        return sorted(_as_text(item) for item in value)
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float) and abs(value) < LARGEST_NUMBER:
        return value
    return _as_text(value)


def _as_text(value: object) -> str:
    try:
        text = str(value)
        text.encode()
    except ValueError as error:  # a number of thousands of digits; half of a surrogate pair
        raise DocumentError("has front matter with a value that is no text; mend it or take it out") from error
    return text
