"""Private channels: who joins another tenant's, whatever policies call its topics, and what is said of unknown ones."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import psycopg
import pytest

from fixtures.isolation.channels import named_after, words_in
from fixtures.isolation.engine import examine
from fixtures.isolation.report import IsolationReport
from fixtures.stack.postgres import Cluster
from fixtures.stack.template import SUPERUSER
from tests.isolation_corpus.prove import databases
from tests.isolation_corpus.truth import load

LABEL = "realtime.messages"
SOUND = load("sound_channels").schema_sql


@pytest.fixture(scope="module")
def make() -> Iterator[Callable[[str, str], str]]:
    with databases() as maker:
        yield maker


def _examined(make: Callable[[str, str], str], schema: str, name: str) -> IsolationReport:
    dsn = make("explicit", name)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(schema.encode())
    return examine(dsn)


@pytest.mark.parametrize(
    ("sound", "altered", "kind", "operation", "topic"),
    [
        (" and m.user_id = (select auth.uid()) and not r.closed", "", "confidentiality", "select", ":room:"),
        ("where c.handle = parts[2] and m.user_id", "where m.user_id", "confidentiality", "select", "club:"),
        ("parts[2] = (select auth.uid())::text", "length(parts[2]) = 36", "confidentiality", "select", "user:"),
        ("with check (may_join((select realtime.topic())) and ", "with check (", "integrity", "insert", "club:"),
        ("using (may_join((select realtime.topic())))", "using (true)", "confidentiality", "select", ""),
    ],
    ids=["rooms of all clubs", "any club by its handle", "anybody's own", "speaking unasked", "everything"],
)
def test_a_channel_of_another_tenant_is_found(
    make: Callable[[str, str], str],
    request: pytest.FixtureRequest,
    sound: str,
    altered: str,
    kind: str,
    operation: str,
    topic: str,
) -> None:
    assert sound in SOUND

    report = _examined(make, SOUND.replace(sound, altered), re.sub(r"\W", "_", request.node.name[-40:]))

    found = [f for f in report.findings if f.object == LABEL and (f.kind, f.operation) == (kind, operation)]
    assert len(found) == 1, report.findings
    assert topic in found[0].observed
    assert "set_config('realtime.topic'" in found[0].reproduce


def test_without_row_level_security_everybody_joins_all(cluster: Cluster) -> None:
    """Also where no policy stands there any more, so that nobody would look. Only the platform can open it so."""
    policies = 'drop policy "join" on realtime.messages; drop policy "speak" on realtime.messages;'
    dsn = cluster.create("channels_open")
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute((SOUND + policies).encode())
    with psycopg.connect(cluster.dsn("channels_open", SUPERUSER), autocommit=True) as platform:
        platform.execute("alter table realtime.messages disable row level security")

    report = examine(dsn)

    assert {f.kind for f in report.findings if f.object == LABEL} == {"confidentiality", "integrity"}


def test_channels_that_one_only_speaks_on_are_tried(make: Callable[[str, str], str]) -> None:
    mute = re.sub(r'create policy "join"[^;]*;', "", SOUND)

    report = _examined(
        make, mute.replace("with check (may_join((select realtime.topic())) and ", "with check ("), "mute"
    )

    assert {(f.kind, f.operation) for f in report.findings if f.object == LABEL} == {("integrity", "insert")}


def test_channels_that_nobody_could_be_made_to_join_are_named(make: Callable[[str, str], str]) -> None:
    """A policy that asks for something unheard of was not examined, and that is said."""
    policy = "create policy p on realtime.messages for select using (md5(realtime.topic()) = repeat('0', 32));"

    report = _examined(make, "create table t (id int primary key); " + policy, "channels_unknown")

    assert "no member joins any channel that could be named" in report.unverified[LABEL]


def test_topics_are_called_as_the_logic_calls_them() -> None:
    texts = [
        "(realtime.topic() ~~ 'chat:%') AND (extension = 'broadcast')",
        "split_part(topic, '-', 2)",
        "perform realtime.send(p, 'it changed', 'org:' || o || ':doc:' || d)",
    ]

    words, marks = words_in(texts)
    names = named_after("7", "T", words, marks)

    assert (words, marks) == (["chat:", "org:", ":doc:"], ["-"])
    assert {"7", "chat:7", "x-7", "org:T:doc:7", "org:7:doc:", "chat:7-x"} <= {*names}
