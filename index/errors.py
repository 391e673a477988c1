"""What can go wrong in retrieval, for the log and for people.

RetrievalError
├── CorpusError            the corpus folder is missing or holds nothing to answer from
├── DocumentError          one file cannot be read (collected in the reload report)
├── UnknownDocumentError   a document was named that is not there
├── QuestionsError         a file of evaluation questions cannot be used
├── ModelError             a model is missing, damaged, unusable or of another kind
├── StaleGenerationError   a generation on disk is damaged or was made by another version or model
├── LibraryBusyError       somebody else is building this library
├── AddingError            a document cannot be added: its name, its size, or what is there already
│   └── NameTakenError     another document has its name, and may be replaced
├── SupersededError        what was to become current was prepared for another state of the library
└── HistoryError           there is no such generation to go back to
"""

from __future__ import annotations


class RetrievalError(Exception):
    """Base of all errors that `index` raises on purpose.

    `str(error)` is for the log; `user_message` is for people: what happened and what to do, without Markdown. It is
    kept as a template and its values, too, so that whoever shows it can translate it first.
    """

    user_message = "Something went wrong while I searched the documents. Ask again in a minute."

    def __init__(self, message: str, *, user_message: str | None = None, **values: object) -> None:
        """Make an error.

        Args:
            message: For the log.
            user_message: For people, with named places, where the kind's own does not say enough.
            **values: What goes in those places; a `DocumentError` stands for its reason.
        """
        super().__init__(message)
        self.user_template = user_message or type(self).user_message
        self.user_values = values
        self.user_message = self.user_template.format(**values)


class CorpusError(RetrievalError):
    """The corpus folder is missing, or no file in it can be read."""

    user_message = "I have no documents to answer from yet. Whoever runs me has to add some."


class DocumentError(RetrievalError):
    """One file cannot be read as a document; the message is the reason that a report shows after the file's name."""

    user_message = "{file} {reason}."

    def __init__(self, reason: str, *, file: str = "The file", **values: object) -> None:
        """Make an error.

        Args:
            reason: A template with named places, so that it can be translated: what is wrong, and what to do.
            file: The file's name.
            **values: What goes in the reason's places; plain JSON, since reasons are written down.
        """
        text = reason.format(**values)
        super().__init__(text, file=file, reason=text)
        self.reason = reason
        self.values = values


class UnknownDocumentError(RetrievalError):
    """A document was named that the current generation does not hold."""

    user_message = "There is no such document."


class QuestionsError(RetrievalError):
    """A file of questions cannot be used; the message names the file and the line."""

    user_message = "{problem}"

    def __init__(self, message: str) -> None:
        super().__init__(message, problem=message)


class ModelError(RetrievalError):
    """A model is missing, damaged, of another kind, or cannot be loaded."""

    user_message = "My language model could not be loaded. Whoever runs me finds the reason in the log."


class StaleGenerationError(RetrievalError):
    """A generation on disk is damaged, or was built by another version or model."""

    user_message = "My document index is out of date and is being rebuilt. Ask again in a minute."


class LibraryBusyError(RetrievalError):
    """Another process or thread is building this library."""

    user_message = "A reload is already running. Try again when it has ended."


class AddingError(RetrievalError):
    """A document cannot be added; the message says why, and nothing was stored."""

    user_message = "That document cannot be added."


class NameTakenError(AddingError):
    """There is another document of that name, which whoever adds it may want to replace."""

    user_message = "There is another document named {document}. Replace it, or choose another name."


class SupersededError(RetrievalError):
    """A generation was prepared, and the library has changed since, or it is no longer there."""

    user_message = "The documents have been reloaded since. Reload again to see what would change now."


class HistoryError(RetrievalError):
    """A rollback names a generation that is not in the history, or there is none before the current one."""

    user_message = "There is no such generation to go back to. The history shows those that there are."
