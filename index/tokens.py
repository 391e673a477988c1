"""Late interaction: every token of a question looks for its best match among a sentence's tokens.

The idea is ColBERT's (Khattab and Zaharia 2020, "ColBERT: Efficient and Effective Passage Search via Contextualized
Late Interaction over BERT"), on the token vectors that the forward pass of a passage gives anyway. A token's vector
knows its context, so "who quit" meets "she resigned". Vectors are kept in few dimensions and eight bits.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from index.embedding import Embedder, Vectors

DIMENSIONS = 64
"""Kept of each token; with all 384 of the default model, figures are no better (`docs/decisions.md`)."""

SAMPLE_TEXTS = 160
SAMPLE_FRAMES = (
    "The {} of the {} was {} by the {} in {}, and the {} said that {} {} had been {} for a long time.",
    "In {} a {} {} about {} was sent to the {}, which did not {} the {} until {} later.",
    "How does {} {} a {} when the {} is {} and {}? It may {} if the {} are {}.",
    "{} {} was a {} {} who {} the {} of {} from 1931 to 1987; {} called it {} {}.",
    "More than 200 {} {} have {} {} since {}, according to {} {}.",
    "- {} {}: {} {} ({} {}), {} %",
)
"""Frames of ordinary English; words of all kinds go into the gaps."""

SAMPLE_WORDS = """
able account action address adult advice agency agree air allow amount animal answer appear apply area argue army
arrive article artist attack author award baby bank base battle bear beautiful begin believe bird blood board body book
border bridge bring brother budget build business buy call camp capital captain car career carry case catch cause
century chair change charge child choose church citizen city claim class clear client climate close coast cold collect
college color committee common company computer concern condition contract control cost council country court cover
create crime crop culture cup danger dark data daughter day deal death debate decide deep defend degree design detail
die dinner direct disease doctor dog door draw dream drive drop drug early earth east economy edge effort egg elect
empire employ energy engine enter error estate event evidence expert explain eye face factory fail fall family farmer
father fear festival field fight film find fire fish floor flower follow food force foreign forest form found free
friend garden gas general gift girl glass goal gold govern grain grass great green ground group grow guard guess gun
hair hand happy hard harm head health hear heart heat heavy help hero high hill history hold home hope horse hospital
hotel hour house human idea image import income increase industry inform injury inside interest island issue job join
judge key king kitchen know labor lake land language large law lead learn leave legal letter level library life light
line list listen live local lose love low machine magazine main manage map market marry matter measure medicine meet
member memory message metal method military mind minister minute model money month moon morning mother mountain mouth
move movie museum music name nation nature need network new night north note novel number nurse ocean offer office oil
old open opinion order organ owner page pain paint paper parent park part party pass patient pattern pay peace people
period person phone picture piece plan plant play poem point police policy poor popular port power present president
press price prince prison produce program protect prove public purpose push queen question quick radio rain raise reach
read reason record red reduce refuse region reject remain report require rescue research resign resource rest result
return rich rise risk river road rock role room rule run safe sail sales salt school science score sea season seat
secret sell send serve service shape share ship shoot shop short show sick side sign silver simple sing sister site
size skill sleep slow small soil soldier son song sound source south space speak speech spend spirit sport spread
spring staff stage stand star start state station stay steal stone store storm story strange street strike strong
student study style success suffer sugar summer sun supply support surface survey system table talk tax teach team
temple test theory thing thought threat ticket time title tool top touch town trade train travel treat tree trial tribe
trip trust truth turn uncle union unit university valley value vehicle victory video village violence visit voice vote
wage wait walk wall war warm warn watch water wave weapon weather week weight west wheel white wife wild win wind
window winter woman wood word work world worry write year young zone
""".split()


def learn_projection(embedder: Embedder) -> Vectors:
    """The main directions of a model's token vectors, `(dim, kept)`, found on a fixed sample of made-up text.

    The sample is the same for every corpus, so that vectors of all its generations, and of other corpora, compare.
    A model without token vectors has none: `(dim, 0)`.
    """
    if embedder.digest not in _projections:
        _projections[embedder.digest] = _learn_projection(embedder)
    return _projections[embedder.digest]


_projections: dict[str, Vectors] = {}
"""By model: several libraries of one process share it."""


def _learn_projection(embedder: Embedder) -> Vectors:
    generator = np.random.default_rng(0)
    texts = [
        " ".join(
            SAMPLE_FRAMES[(number + shift) % len(SAMPLE_FRAMES)].format(*generator.choice(SAMPLE_WORDS, 12))
            for shift in range(4)
        )
        for number in range(SAMPLE_TEXTS)
    ]
    tokens = np.concatenate([embedding.tokens for embedding in embedder.embed_passages([(text, ()) for text in texts])])
    if not len(tokens):
        return np.empty((tokens.shape[1], 0), dtype=np.float32)
    _, directions = np.linalg.eigh(tokens.T @ tokens)
    return np.ascontiguousarray(directions[:, ::-1][:, :DIMENSIONS], dtype=np.float32)


def compress(tokens: Vectors, projection: Vectors) -> NDArray[np.int8]:
    """Token vectors, `(n, dim)`, in the projection's dimensions and eight bits; only their direction is kept."""
    kept = tokens @ projection
    largest = np.abs(kept).max(axis=1, initial=1e-12, keepdims=True)
    return np.asarray(np.round(kept * (127 / largest)), dtype=np.int8)


def best_matches(
    query_tokens: NDArray[np.int8], tokens: NDArray[np.int8], counts: NDArray[np.int64]
) -> NDArray[np.float32]:
    """For each token of a question, the cosine of its best match in each sentence.

    Args:
        query_tokens: Compressed, `(q, kept)`.
        tokens: Those of the sentences, compressed, one sentence after the other, `(n, kept)`.
        counts: How many tokens each sentence has.

    Returns:
        Shape `(q, sentences)`; 0 in a sentence without tokens.
    """
    matches = np.zeros((len(query_tokens), len(counts)), dtype=np.float32)
    filled = counts > 0
    if filled.any() and len(query_tokens):
        asked, held = query_tokens.astype(np.float32), tokens.astype(np.float32)
        cosines = asked @ held.T
        cosines /= _lengths(asked)[:, np.newaxis]
        cosines /= _lengths(held)
        starts = (np.cumsum(counts) - counts)[filled]
        matches[:, filled] = np.maximum.reduceat(cosines, starts, axis=1)
    return matches


def _lengths(rows: Vectors) -> Vectors:
    squares = np.einsum("ij,ij->i", rows, rows)  # with the root, a third of the time of np.linalg.norm
    lengths: Vectors = np.maximum(np.sqrt(squares), np.float32(1e-6))
    return lengths
