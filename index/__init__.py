"""Documents to answers: reading, splitting, embedding, retrieval, and quotes with exact citations.

Plain and synchronous; knows nothing of Discord. These names are all that other code should use.
"""

from index.answering import DEFAULT_LIMIT, DEFAULT_ROOM, address_of
from index.confidence import Strictness
from index.embedding import DEFAULT_MODEL, Embedder, SentenceTransformerEmbedder
from index.errors import (
    CorpusError,
    DocumentError,
    LibraryBusyError,
    ModelError,
    RetrievalError,
    StaleGenerationError,
    UnknownDocumentError,
)
from index.library import Library
from index.values import (
    SECTION_SEPARATOR,
    Answer,
    Citation,
    Document,
    DocumentEntry,
    Failure,
    LibraryStatus,
    Quote,
    ReloadReport,
    Source,
    Span,
    Verdict,
)

__all__ = [
    "DEFAULT_LIMIT",
    "DEFAULT_MODEL",
    "DEFAULT_ROOM",
    "SECTION_SEPARATOR",
    "Answer",
    "Citation",
    "CorpusError",
    "Document",
    "DocumentEntry",
    "DocumentError",
    "Embedder",
    "Failure",
    "Library",
    "LibraryBusyError",
    "LibraryStatus",
    "ModelError",
    "Quote",
    "ReloadReport",
    "RetrievalError",
    "SentenceTransformerEmbedder",
    "Source",
    "Span",
    "StaleGenerationError",
    "Strictness",
    "UnknownDocumentError",
    "Verdict",
    "address_of",
]
