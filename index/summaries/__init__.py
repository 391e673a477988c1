"""Summaries whose every line is a quote: of documents, topics, the corpus and other texts, by date, side by side."""
