"""`python -m reports attest`: what is written counts, what would not count is not written, and nothing else changes."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from environments.attestations import attested, load_attestations
from fixtures.errors import ConfigurationError, GreenlightError
from reports.__main__ import main
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
        (Draft("contact-engineering", "prodction"), "no such environment file (did you mean production?)"),
        (Draft("contact-engineering", "staging"), "not asked for on staging: asked for on production"),
        (Draft("code-phases-complete", "local"), "not asked for on local"),
        (Draft("done-week-without-issues", "production"), "comes after the deployment, and deployment.deployed_at"),
        (Draft("contact-engineering", "production", by="Anonymous"), "says Anonymous"),
        (Draft("contact-engineering", "production", by="[Contact]"), "[Contact]"),
        (Draft("contact-engineering", "production", statement=" "), "`statement`"),
        (Draft("contact-engineering", "production", expires="2026-11-01"), "lapsed"),
        (Draft("contact-engineering", "production", expires="soon"), "expected a day"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_would_not_count_is_not_written(file: Path, draft: Draft, words: str) -> None:
    before = file.read_text()

    with pytest.raises(GreenlightError, match=re.escape(words)):
        attest(draft, ask=answers, file=file, now=NOW)

    assert file.read_text() == before


def test_a_file_that_is_wrong_already_is_not_written_to(file: Path) -> None:
    file.write_text('[[attestation]]\nitem = "contact-devops"\nwhoo = "?"\n')

    with pytest.raises(ConfigurationError, match="whoo"):
        attest(Draft("contact-engineering", "production"), ask=answers, file=file, now=NOW)

    assert "contact-engineering" not in file.read_text()


def environment_of(folder: Path, text: str) -> str:
    path = folder / "acme.toml"
    path.write_text(f'profile = "production"\n[database]\ndsn = "${{ACME_DB_URL}}"\n{text}')
    return str(path)


def refused(draft: Draft, file: Path, **more: object) -> str:
    before = file.read_text()
    with pytest.raises(GreenlightError) as raised:
        attest(draft, ask=answers, file=file, **more)  # type: ignore[arg-type]
    assert file.read_text() == before
    return str(raised.value)


def test_an_environment_of_any_name_is_signed_for_without_its_keys(file: Path, tmp_path: Path) -> None:
    path = environment_of(tmp_path, "")

    written = attest(Draft("contact-engineering", path), ask=answers, file=file, now=NOW, variables={})

    assert written.environment == "acme"
    assert attested(load_attestations(file), "contact-engineering", "acme", NOW)[0] is not None


def test_who_may_not_sign_is_told_before_anything_else_is_asked(file: Path, tmp_path: Path) -> None:
    path = environment_of(tmp_path, '[people]\napprovers = "${WHO}"\n')
    draft = Draft("contact-engineering", path)

    said = refused(draft, file, now=NOW, variables={"WHO": "Grace Hopper"})

    assert said == "attest: Ada Lovelace is not one of people.approvers of acme.toml: Grace Hopper"
    assert "people.approvers: not set: WHO" in refused(draft, file, now=NOW, variables={})
    assert attest(draft, ask=answers, file=file, now=NOW, variables={"WHO": "Ada Lovelace"}).by == "Ada Lovelace"


def test_a_whole_week_is_signed_for_when_it_is_over(file: Path, tmp_path: Path) -> None:
    now = datetime.now(UTC)

    def after(days: int) -> Draft:
        deployed = (now - timedelta(days=days)).isoformat()
        path = environment_of(tmp_path, f"[deployment]\ndeployed_at = {deployed}\n")
        return Draft("done-week-without-issues", path)

    assert "before the end of its phase (week-1)" in refused(after(1), file, now=now, variables={})
    assert attest(after(8), ask=answers, file=file, now=now, variables={}).by == "Ada Lovelace"


def test_what_the_environment_contradicts_or_leaves_out_is_not_written(file: Path, tmp_path: Path) -> None:
    contradicted = environment_of(tmp_path, '[people]\nengineering = "[Contact]"\n')
    assert "people.engineering says [Contact]" in refused(Draft("contact-engineering", contradicted), file, now=NOW)

    left_out = environment_of(tmp_path, '[not_applicable]\ncontact-engineering = "Support answers for it."\n')
    assert "Support answers for it." in refused(Draft("contact-engineering", left_out), file, now=NOW)


def test_an_interrupted_question_says_that_nothing_was_written(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(_: str) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr("builtins.input", interrupt)

    assert main(["attest", "contact-engineering", "--env", "production"]) == 2
    assert "nothing was written" in capsys.readouterr().err
