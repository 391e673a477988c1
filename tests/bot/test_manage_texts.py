"""What moderators are told fits Discord's limits in every language, whatever documents are called."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.localisation import languages, speaking
from bot.records import BY_BOT, Deed, Golden, Record, Unserved, by_moderator
from bot.render.audit import PAGE, audit_body
from bot.render.body import Body, File, Menu
from bot.render.corpus import list_body, running_text, show_body, status_body
from bot.render.manage import (
    added_body,
    dry_run_body,
    export_body,
    forget_body,
    history_body,
    progress_body,
    remove_body,
    removed_body,
    report_body,
    rolled_back_body,
    taken_body,
)
from bot.render.review import GOLDEN_PAGE, expect_body, golden_body, golden_made, review_body
from bot.render.who import moment, who_in_words
from bot.views import document_modal, view_of
from index import (
    Added,
    DocumentEntry,
    Failure,
    GoldenChange,
    HistoryEntry,
    LibraryStatus,
    ReloadReport,
    Risk,
    Running,
    Twin,
)
from tests.wire.limits import check_message, check_modal

GUILD, OTHER_GUILD, MONA = 100, 200, 300
NAMES = ("*_`~|<@1>[x](y)" * 40, "\N{GRINNING FACE}" * 300, "plain")
SINCE = "2026-11-25T16:40:00+00:00"
ENTRIES = tuple(
    DocumentEntry(f"server/{name}", f"key{number}", name, name, "d" * 64, 10**6, 10**4)
    for number, name in enumerate(NAMES * 10)
)
REPORT = ReloadReport(
    generation="3f9a2c41d07b",
    previous="0123456789ab",
    added=NAMES * 5,
    changed=NAMES * 5,
    removed=NAMES * 5,
    unchanged=3,
    failed=tuple(Failure(name, name, kept=True) for name in NAMES * 5),
    failed_anew=NAMES,
    passages=10**6,
    embedded=10**6,
    golden=GoldenChange(50, 48, 40),
    elapsed_s=1.0,
    risks=tuple(Risk),
    twins=tuple(Twin(name, name, is_same=True) for name in NAMES * 5),
)
RUNNING = Running(by_moderator(MONA, GUILD), SINCE, 5, 10)
STATUS = LibraryStatus(
    "corpus", "3f9a2c41d07b", SINCE, "model", 384, 10, 100, True, failed=REPORT.failed, prepared=REPORT, running=RUNNING
)
UNSERVED = [
    Unserved("u1", NAMES[0], 0.0, 3, missing_words=NAMES),
    *(Unserved(f"a{number}", name, 0.0, 1, down_votes=2) for number, name in enumerate(NAMES * 4)),
]
GOLDEN = [(Golden(number, name, name, name), number % 2 == 0) for number, name in enumerate(NAMES * 10)]


@pytest.fixture(params=languages())
def language(request: pytest.FixtureRequest) -> Iterator[str]:
    with speaking(request.param):
        yield request.param


def bodies() -> list[Body]:
    history = [
        HistoryEntry(f"{number:012x}", SINCE, by_moderator(MONA, GUILD), 10, 100, number == 0) for number in range(5)
    ]
    deeds = [
        Record(GUILD, MONA, deed, "a" * 12, "b" * 12, NAMES[0], "c" * 64, 1.8e9, detail="https://x.org/" * 99)
        for deed in Deed
    ]
    return [
        list_body(ENTRIES, 1),
        list_body((), 0),
        show_body(ENTRIES[0], None),
        status_body(STATUS, STATUS, GUILD),
        report_body(REPORT, None, asker_id=2**63),
        report_body(REPORT, GUILD, asker_id=2**63),
        dry_run_body([(None, REPORT), (GUILD, REPORT)]),
        progress_body(RUNNING, GUILD, GUILD, RUNNING.by),
        added_body(Added(NAMES[0], "d" * 64, True, REPORT)),
        added_body(Added(NAMES[0], "d" * 64, True, REPORT), url="https://x.org/" * 140),
        removed_body(ENTRIES[0], REPORT),
        rolled_back_body("3f9a2c41d07b", None),
        rolled_back_body("3f9a2c41d07b", GUILD),
        taken_body("It is taken.", File("a.md", b"a"), asker_id=2**63, key="k" * 16),
        taken_body("It is taken.", None, asker_id=2**63, key=""),
        remove_body(ENTRIES[0], asker_id=2**63),
        history_body(history, GUILD, GUILD),
        history_body(history[:1], GUILD, GUILD),
        export_body("documents.zip", b"a" * 100, limit_bytes=10, guild_id=2**63),
        forget_body(3, asker_id=2**63),
        *(
            audit_body(deeds[first : first + PAGE], 0, len(deeds), asker_id=2**63)
            for first in range(0, len(deeds), PAGE)
        ),
        review_body(UNSERVED, 1, 3, asker_id=2**63, fares="2 of 3", note=golden_made(NAMES[0], finds=False)),
        expect_body(UNSERVED[0], ENTRIES, asker_id=2**63),
        golden_body(GOLDEN, 1, asker_id=2**63),
    ]


@pytest.mark.usefixtures("language")
def test_everything_fits():
    for body in bodies():
        view = view_of(body.buttons)
        content = {
            "content": body.content,
            "embeds": [body.embed.to_dict()] if body.embed else [],
            "components": view.to_components() if view else [],
        }
        check_message(content, file_count=len(body.files))


@pytest.mark.usefixtures("language")
def test_the_dialog_fits():
    check_modal(document_modal(f"library:expect:{2**63}:a{2**63}").to_dict())


def test_a_report_keeps_room_for_what_is_decided_later_and_says_first_things_first():
    text = report_body(REPORT, None, asker_id=1).content

    assert text.startswith("**The shared corpus**")
    assert "waits for your yes" in text
    assert "40 of 50 golden questions would be answered, 48 are now" in text


def test_small_reports_are_told_whole():
    report = ReloadReport(
        "b" * 12, "a" * 12, added=("x",), removed=("y",), failed=(Failure("z.md", "is not UTF-8"),),
        twins=(Twin("x", "w", is_same=False),), golden=GoldenChange(5, 4, 5), passages=7, embedded=2, elapsed_s=1.25,
        made_current=True,
    )  # fmt: skip

    text = report_body(report, None, asker_id=1).content

    for words in ("Added: `x`.", "Removed: `y`.", "1 file cannot be read:", "`z.md`: is not UTF-8",
                  "`x` says nearly what `w` says.", "7 passages, of which 2 had to be embedded",
                  "Of 5 golden questions, quotes answered 4 before and 5 now."):  # fmt: skip
        assert words in text


def test_a_reload_that_waits_is_not_shown_as_a_step_from_one_generation_to_another():
    records = [Record(1, 2, deed, "a" * 12, "b" * 12, at=1.0) for deed in (Deed.PREPARE_OWN, Deed.MAKE_CURRENT_OWN)]

    waited, made_current = str(audit_body(records, 0, 2, asker_id=1).embed.description).split("\n")  # type: ignore[union-attr]

    assert waited.endswith(f"a yes \u00b7 `{'b' * 12}`")
    assert made_current.endswith(f"`{'a' * 12}` \u2192 `{'b' * 12}`")


def test_every_deed_has_words():
    assert all(audit_body([Record(1, 2, deed, at=1.0)], 0, 1, asker_id=1).embed is not None for deed in Deed)


def test_who_it_was_is_named_in_their_own_server_alone():
    by = by_moderator(MONA, GUILD)

    assert who_in_words(by, GUILD) == f"<@{MONA}>"
    assert [who_in_words(by, elsewhere) for elsewhere in (OTHER_GUILD, None)] == 2 * ["a moderator of another server"]
    assert who_in_words(BY_BOT, GUILD) == "me"
    assert who_in_words("terminal", GUILD) == "whoever runs me"
    assert who_in_words("", GUILD) == "somebody"
    assert str(MONA) not in running_text(RUNNING, OTHER_GUILD)


def test_moments_are_utc_where_nothing_else_is_said():
    assert moment("2026-11-25T16:40:00") == moment(SINCE) == "<t:1795624800:R>"


def test_golden_questions_that_are_shown_can_be_dropped():
    body = golden_body(GOLDEN, 99, asker_id=1)

    [menu] = [item for row in body.buttons for item in row if isinstance(item, Menu)]
    shown = GOLDEN[-(len(GOLDEN) % GOLDEN_PAGE or GOLDEN_PAGE) :]
    assert [choice.value for choice in menu.choices] == [str(item.id) for item, _ in shown]
