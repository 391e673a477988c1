"""Rank sentences as the peers do, and measure summaries; `benchmarks/summaries.py` runs this in their own environment.

    python summarize.py rank INPUT OUTPUT
    python summarize.py rouge INPUT OUTPUT

To rank, the input is a list of texts as lists of sentences; the output has for each text `{peer: [position, ...]}`, the
best first. To measure, the input is a list of `[reference, summary]`; the output has for each the F1 of ROUGE-1, -2 and
-L (Lin 2004), stemmed.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

LIMIT = 15
"""Sentences that are ranked: more than any reference has."""

ROUGES = ("rouge1", "rouge2", "rougeL")


class Words:
    """Splits a sentence into words; sumy's own splitter would download its data."""

    def to_words(self, sentence: str) -> tuple[str, ...]:
        return tuple(re.findall(r"\w+(?:[-'\u2019]\w+)*", sentence))

    def to_sentences(self, paragraph: str) -> tuple[str, ...]:
        return (paragraph,)


def rank(texts: list[list[str]]) -> list[dict[str, list[int]]]:
    """The best sentences of each text by sumy's LexRank, TextRank and LSA, with its English stemmer and stop words."""
    from sumy.models.dom import ObjectDocumentModel, Paragraph, Sentence
    from sumy.nlp.stemmers import Stemmer
    from sumy.summarizers.lex_rank import LexRankSummarizer
    from sumy.summarizers.lsa import LsaSummarizer
    from sumy.summarizers.text_rank import TextRankSummarizer
    from sumy.utils import get_stop_words

    peers = {"lexrank": LexRankSummarizer, "textrank": TextRankSummarizer, "lsa": LsaSummarizer}

    def order(summarizer: Any, text: list[str]) -> list[int]:
        sentences = [Sentence(sentence, Words()) for sentence in text]
        place = {id(sentence): position for position, sentence in enumerate(sentences)}
        summarize = summarizer(Stemmer("english"))
        summarize.stop_words = get_stop_words("english")
        document = ObjectDocumentModel([Paragraph(sentences)])
        best: dict[int, None] = {}
        for count in range(1, LIMIT + 1):  # it says which are the best so many, not in which order
            best |= dict.fromkeys(place[id(sentence)] for sentence in summarize(document, count))
        return list(best)

    return [{name: order(summarizer, text) for name, summarizer in peers.items()} for text in texts]


def rouge(pairs: list[tuple[str, str]]) -> list[list[float]]:
    from rouge_score.rouge_scorer import RougeScorer

    scorer = RougeScorer(ROUGES, use_stemmer=True)
    scores = (scorer.score(reference, summary) for reference, summary in pairs)
    return [[float(score[name].fmeasure) for name in ROUGES] for score in scores]


def main() -> None:
    what, source, target = sys.argv[1:]
    content = json.loads(Path(source).read_text(encoding="utf-8"))
    result: Any = rank(content) if what == "rank" else rouge(content)
    Path(target).write_text(json.dumps(result), encoding="utf-8")


if __name__ == "__main__":
    main()
