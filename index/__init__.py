"""Documents to answers: reading, splitting, embedding, retrieval, and quotes with exact citations.

Plain and synchronous; knows nothing of Discord. These names are all that other code should use.
"""

from index.answer_spans import QuestionAnsweringReader, Reader
from index.answering import DEFAULT_LIMIT, DEFAULT_ROOM, address_of
from index.checking import Finding, check_corpus
from index.confidence import Strictness
from index.embedding import DEFAULT_MODEL, Embedder, SentenceTransformerEmbedder
from index.errors import (
    AddingError,
    CorpusError,
    DocumentError,
    HistoryError,
    LibraryBusyError,
    ModelError,
    NameTakenError,
    QuestionsError,
    RetrievalError,
    StaleGenerationError,
    SupersededError,
    UnknownDocumentError,
)
from index.evaluation import Evaluation, evaluate
from index.followup import borrows_subject, with_subject
from index.golden import Floor, GoldenEvaluation, evaluate_golden
from index.joining import SERVER_PREFIX
from index.libraries import Libraries
from index.library import Library
from index.likeness import group_alike
from index.questions import EvaluationQuestion, read_off_topic, read_question_set
from index.reading import MAX_FILE_BYTES
from index.reranking import CrossEncoderReranker, Reranker
from index.server_library import ServerLibrary
from index.summaries.summarizing import summarize_texts
from index.surroundings import in_surroundings
from index.tracing import PASSAGE_WEIGHTS, SENTENCE_WEIGHTS
from index.values import (
    SECTION_SEPARATOR,
    Added,
    Answer,
    Citation,
    Comparison,
    Correction,
    Diagnosis,
    Document,
    DocumentEntry,
    Extract,
    Failure,
    Fault,
    GoldenChange,
    HistoryEntry,
    LanguageGap,
    Length,
    LibraryStatus,
    Pair,
    PassageTrace,
    Place,
    Quota,
    Quote,
    ReloadReport,
    Risk,
    Running,
    SentenceTrace,
    Signs,
    Source,
    Span,
    Summary,
    Theme,
    Trace,
    Twin,
    Verdict,
)

__all__ = [
    "DEFAULT_LIMIT",
    "DEFAULT_MODEL",
    "DEFAULT_ROOM",
    "MAX_FILE_BYTES",
    "PASSAGE_WEIGHTS",
    "SECTION_SEPARATOR",
    "SENTENCE_WEIGHTS",
    "SERVER_PREFIX",
    "Added",
    "AddingError",
    "Answer",
    "Citation",
    "Comparison",
    "CorpusError",
    "Correction",
    "CrossEncoderReranker",
    "Diagnosis",
    "Document",
    "DocumentEntry",
    "DocumentError",
    "Embedder",
    "Evaluation",
    "EvaluationQuestion",
    "Extract",
    "Failure",
    "Fault",
    "Finding",
    "Floor",
    "GoldenChange",
    "GoldenEvaluation",
    "HistoryEntry",
    "HistoryError",
    "LanguageGap",
    "Length",
    "Libraries",
    "Library",
    "LibraryBusyError",
    "LibraryStatus",
    "ModelError",
    "NameTakenError",
    "Pair",
    "PassageTrace",
    "Place",
    "QuestionAnsweringReader",
    "QuestionsError",
    "Quota",
    "Quote",
    "Reader",
    "ReloadReport",
    "Reranker",
    "RetrievalError",
    "Risk",
    "Running",
    "SentenceTrace",
    "SentenceTransformerEmbedder",
    "ServerLibrary",
    "Signs",
    "Source",
    "Span",
    "StaleGenerationError",
    "Strictness",
    "Summary",
    "SupersededError",
    "Theme",
    "Trace",
    "Twin",
    "UnknownDocumentError",
    "Verdict",
    "address_of",
    "borrows_subject",
    "check_corpus",
    "evaluate",
    "evaluate_golden",
    "group_alike",
    "in_surroundings",
    "read_off_topic",
    "read_question_set",
    "summarize_texts",
    "with_subject",
]
