"""`python -m reports attest`: what is written counts, what would not count is not written, and nothing else changes."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from environments.attestations import attested, load_attestations
from fixtures.errors import ConfigurationError, GreenlightError
from reports.attest import Draft, attest

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
ANSWERS = {
    "Your name": "Ada Lovelace",
    "Your role": "engineering lead",
    "What do you attest": "Called the number, and it was answered.",
}


def answers(question: str, default: str) -> str:
    return ANSWERS.get(question, default)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "attestations.toml"
    path.write_text("# Who signs for what.\n")
    return path


def test_an_attestation_counts_once_it_is_written(file: Path) -> None:
    attest(Draft("contact-engineering", "production"), ask=answers, file=file, now=NOW)

    found, reason = attested(load_attestations(file), "contact-engineering", "production", NOW)

    assert found is not None, reason
    assert (found.by, found.role, f"{found.expires:%Y-%m-%d}") == ("Ada Lovelace", "engineering lead", "2027-02-21")


def test_a_second_one_leaves_the_first_and_the_comments(file: Path) -> None:
    attest(Draft("contact-engineering", "production"), ask=answers, file=file, now=NOW)
    before = file.read_text()

    attest(Draft("contact-devops", "production", statement='She said: "yes"'), ask=answers, file=file, now=NOW)

    assert file.read_text().startswith("# Who signs for what.\n")
    assert before.strip() in file.read_text()
    assert [one.item for one in load_attestations(file)] == ["contact-engineering", "contact-devops"]


@pytest.mark.parametrize(
    ("draft", "words"),
    [
        (Draft("contact-enginering", "production"), "did you mean contact-engineering"),
        (Draft("db-rls-enabled", "production"), "decided by a check"),
        (Draft("contact-engineering", "prodction"), "no environment prodction"),
        (Draft("contact-engineering", "production", by="[Contact]"), "[Contact]"),
        (Draft("contact-engineering", "production", statement=" "), "`statement`"),
        (Draft("contact-engineering", "production", expires="2026-11-01"), "lapsed"),
        (Draft("contact-engineering", "production", expires="soon"), "expected a day"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_would_not_count_is_not_written(file: Path, draft: Draft, words: str) -> None:
    before = file.read_text()

    with pytest.raises(GreenlightError, match=words.replace("[", r"\[").replace("?", r"\?")):
        attest(draft, ask=answers, file=file, now=NOW)

    assert file.read_text() == before


def test_a_file_that_is_wrong_already_is_not_written_to(file: Path) -> None:
    file.write_text('[[attestation]]\nitem = "contact-devops"\nwhoo = "?"\n')

    with pytest.raises(ConfigurationError, match="whoo"):
        attest(Draft("contact-engineering", "production"), ask=answers, file=file, now=NOW)

    assert "contact-engineering" not in file.read_text()
