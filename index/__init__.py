"""Documents to answers: reading, splitting, embedding, retrieval, and quotes with exact citations.

Plain and synchronous; knows nothing of Discord. These names are all that other code should use.
"""

from index.answering import DEFAULT_LIMIT, DEFAULT_ROOM, address_of
from index.checking import Finding, check_corpus
from index.confidence import Strictness
from index.embedding import DEFAULT_MODEL, Embedder, SentenceTransformerEmbedder
from index.errors import (
    CorpusError,
    DocumentError,
    LibraryBusyError,
    ModelError,
    QuestionsError,
    RetrievalError,
    StaleGenerationError,
    UnknownDocumentError,
)
from index.evaluation import Evaluation, evaluate
from index.golden import Floor, GoldenEvaluation, evaluate_golden
from index.library import Library
from index.questions import EvaluationQuestion, read_off_topic, read_question_set
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
    "Evaluation",
    "EvaluationQuestion",
    "Failure",
    "Finding",
    "Floor",
    "GoldenEvaluation",
    "Library",
    "LibraryBusyError",
    "LibraryStatus",
    "ModelError",
    "QuestionsError",
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
    "check_corpus",
    "evaluate",
    "evaluate_golden",
    "read_off_topic",
    "read_question_set",
]
