"""The catalogue itself: what applies where, and that its sentences are worth a lead's time."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from environments.loading import load_environment
from environments.model import Environment
from fixtures.catalogue import Catalogue, applies

CATALOGUE = Catalogue.load()


def environment(folder: Path, name: str, text: str = "") -> Environment:
    file = folder / f"{name}.toml"
    file.write_text(f"[database]\ndsn = 'postgresql://h/db'\n{text}")
    return load_environment(file, {})


def test_local_asks_for_nobodys_signature() -> None:
    signed_locally = [item.id for item in CATALOGUE if item.kind == "attestation" and "local" in item.environments]

    assert not signed_locally


def test_local_is_asked_for_everything_whatever_the_phase(tmp_path: Path) -> None:
    local = environment(tmp_path, "local")

    asked = [item for item in CATALOGUE if applies(item, local)[0]]

    assert [item.id for item in asked] == [item.id for item in CATALOGUE if "local" in item.environments]
    assert len(asked) > 80


def test_what_comes_later_is_not_asked_for_before_the_deploy(tmp_path: Path) -> None:
    before = environment(tmp_path, "production", "[deployment]\nphase = 'pre-deployment'\n")
    item = CATALOGUE["nice-ten-organizations"]

    assert applies(item, before) == (False, "due from month-1 on; production is at pre-deployment")
    assert applies(CATALOGUE["prod-staging-passed"], before) == (True, "")
    month = environment(tmp_path, "production", "[deployment]\nphase = 'month-1'\n")
    assert applies(item, month) == (True, "")
    assert applies(CATALOGUE["prod-staging-passed"], month) == (True, "")


def test_file_gives_the_reason_why_an_item_does_not_apply(tmp_path: Path) -> None:
    staging = environment(tmp_path, "staging", "[not_applicable]\nstg-project-linked = 'Self-hosted.'\n")

    assert applies(CATALOGUE["stg-project-linked"], staging) == (False, "Self-hosted.")
    assert applies(CATALOGUE["contact-support"], staging) == (False, "asked for on production, not on staging")


def test_every_layer_and_gate_in_use_is_reachable_everywhere() -> None:
    used = Counter(item.layer for item in CATALOGUE)

    assert set(used) == {"preflight", "migrations", "isolation", "functions", "ui", "load", "operations"}
    for name in ("local", "staging", "production"):
        assert {item.gate for item in CATALOGUE if name in item.environments} >= {"must", "nice"}


def test_each_risk_and_remedy_is_said_once_and_in_sentences() -> None:
    """A sentence that fits two items says nothing about either."""
    for field in ("risk", "remedy"):
        texts = Counter(getattr(item, field) for item in CATALOGUE)
        assert not [text for text, times in texts.items() if times > 1]
        assert not [text for text in texts if len(text) < 30 or not text.endswith(".")]


def test_people_decide_only_what_no_program_can() -> None:
    attestable = [item for item in CATALOGUE if item.attestable]

    assert all(item.kind == "check" and "local" not in item.environments for item in attestable)


@pytest.mark.parametrize("unknown", ["db-rls-enabeld", "smoke-logn"])
def test_misspelt_id_is_answered_with_the_one_that_was_meant(unknown: str) -> None:
    assert unknown not in CATALOGUE
    assert CATALOGUE.suggestion(unknown) in (" (did you mean db-rls-enabled?)", " (did you mean smoke-login?)")
