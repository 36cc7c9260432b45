"""The ground truth holds, and the score tells found from missed from false: no engine is judged by a bent ruler."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from tests.isolation_corpus.prove import databases, prove
from tests.isolation_corpus.score import score
from tests.isolation_corpus.truth import Leak, Truth, load, names


@dataclass(frozen=True)
class Reported:
    kind: str
    object: str
    operation: str = ""


@pytest.fixture(scope="module")
def make() -> Iterator[Callable[[str, str], str]]:
    with databases() as maker:
        yield maker


@pytest.mark.parametrize("name", names())
def test_truth_is_shown_by_experiment(name: str, make: Callable[[str, str], str]) -> None:
    """Every leak is demonstrated, every control holds, and no clean object shows or loses another tenant's canary."""
    truth = load(name)

    outcome = prove(make(truth.grants, name), truth)

    assert outcome.wrong == []
    assert (outcome.proved, outcome.controls) == (len(truth.leak), len(truth.control))


def test_corpus_is_as_large_as_promised() -> None:
    truths = [load(name) for name in names()]

    leaking = [truth for truth in truths if truth.leak]

    assert len(leaking) >= 15
    assert sum(len(truth.leak) for truth in leaking) >= 110
    assert len(truths) - len(leaking) >= 3


def test_a_sweep_notices_a_leak_among_the_clean(make: Callable[[str, str], str]) -> None:
    """The planted error: an object that leaks is asserted to be clean."""
    truth = load("crm_profiles")
    bent = truth.model_copy(update={"leak": (), "clean": ("public.tasks",), "control": ()})

    outcome = prove(make(truth.grants, "bent"), bent)

    assert any("public.tasks" in line and "reads" in line for line in outcome.wrong)
    assert any("public.tasks" in line and "changes" in line for line in outcome.wrong)


TRUTH = Truth(
    story="",
    clean=("public.a",),
    accepted=("public.slugs",),
    declared_public=("public.shop_window()",),
    accepted_operations=("truncate",),
    leak=(
        Leak(object="public.t", kinds=("authority",), why="", proof="", also=("public.u",)),
        Leak(object="public.f(uuid,text)", kinds=("integrity",), why="", proof=""),
    ),
)


def test_score_finds_under_the_name_or_an_alias() -> None:
    result = score(TRUTH, [Reported("authority", "public.u"), Reported("integrity", 'public."f"(uuid, text)')])

    assert (len(result.found), result.missed, result.false_alarms) == (2, [], [])


def test_score_reports_a_wrong_kind_apart() -> None:
    result = score(TRUTH, [Reported("confidentiality", "public.t")])

    assert [leak.object for leak, _ in result.otherwise] == ["public.t"]
    assert [leak.object for leak in result.missed] == ["public.f(uuid,text)"]


def test_score_charges_accusations_of_the_innocent() -> None:
    findings = [
        Reported("confidentiality", "public.a"),
        Reported("confidentiality", "public.slugs"),
        Reported("integrity", "public.shop_window()"),
    ]

    result = score(TRUTH, findings)

    assert result.false_alarms == findings


def test_score_does_not_charge_what_is_accepted() -> None:
    """Oracles of sound objects are counted apart, so that a flood of them is seen too."""
    result = score(
        TRUTH,
        [
            Reported("oracle", "public.slugs"),
            Reported("confidentiality", "public.shop_window()"),
            Reported("integrity", "public.a", "truncate"),
            Reported("oracle", "public.a"),
        ],
    )

    assert result.false_alarms == []
    assert [finding.object for finding in result.lesser] == ["public.a"]
