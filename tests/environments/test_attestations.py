"""What people sign counts only while it is signed, said and not lapsed; a waiver only until it expires."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from environments.attestations import attested, load_attestations
from environments.waivers import load_waivers, waived
from fixtures.errors import ConfigurationError

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SIGNED = {
    "item": '"contact-engineering"',
    "environment": '"production"',
    "by": '"Ada Lovelace"',
    "role": '"engineering lead"',
    "on": "2026-11-19",
    "statement": '"On call: Ada, +44 20 7946 0000."',
    "expires": "2026-11-20",
}
WAIVED = {
    "item": '"should-cache-hits"',
    "environment": '"staging"',
    "reason": '"The cache comes a week later."',
    "ticket": '"OPS-231"',
    "approver": '"Grace Hopper"',
    "expires": "2026-11-20",
}


def write(folder: Path, table: str, *entries: dict[str, str]) -> Path:
    file = folder / "file.toml"
    file.write_text("\n".join(f"[[{table}]]\n" + "".join(f"{k} = {v}\n" for k, v in one.items()) for one in entries))
    return file


def test_signed_statement_counts_to_the_end_of_its_last_day(tmp_path: Path) -> None:
    signed = load_attestations(write(tmp_path, "attestation", SIGNED))

    found, reason = attested(signed, "contact-engineering", "production", NOW)

    assert found is not None
    assert (found.by, reason) == ("Ada Lovelace", "")
    assert attested(signed, "contact-engineering", "staging", NOW) == (None, "not attested")


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"by": '""'}, "`by` of the attestation is empty"),
        ({"by": '"[Contact]"'}, "`by` of the attestation says [Contact]"),
        ({"by": r'"\u00a0\u200b"'}, "`by` of the attestation is empty"),
        ({"by": '"Anonymous"'}, "`by` of the attestation says Anonymous"),
        ({"role": '" - "'}, "`role` of the attestation is empty"),
        ({"statement": '"phone: tbd"'}, "`statement` of the attestation says tbd"),
        ({"link": '"https://<host>/x"'}, "`link` of the attestation says <host>"),
        (
            {"on": "2026-11-21", "expires": "2026-12-01"},
            "attested by Ada Lovelace on 2026-11-21, which is in the future",
        ),
        ({"expires": "2026-11-19"}, "the attestation of Ada Lovelace lapsed on 2026-11-19"),
    ],
)
def test_statement_does_not_count(tmp_path: Path, changed: dict[str, str], reason: str) -> None:
    signed = load_attestations(write(tmp_path, "attestation", SIGNED | changed))

    assert attested(signed, "contact-engineering", "production", NOW) == (None, reason)


def test_later_attestation_supersedes_but_not_one_of_the_future(tmp_path: Path) -> None:
    earlier = SIGNED | {"on": "2026-11-01", "expires": "2027-01-01", "by": '"Early Bird"'}
    lapsed = SIGNED | {"on": "2026-11-10", "expires": "2026-11-11"}
    future = SIGNED | {"on": "2026-12-10", "expires": "2027-01-01"}

    superseded = load_attestations(write(tmp_path, "attestation", lapsed, earlier))
    ahead = load_attestations(write(tmp_path, "attestation", future, earlier))

    assert attested(superseded, "contact-engineering", "production", NOW)[0] is None
    found, _ = attested(ahead, "contact-engineering", "production", NOW)
    assert found is not None
    assert found.by == "Early Bird"


def test_waiver_counts_until_it_expires(tmp_path: Path) -> None:
    live = load_waivers(write(tmp_path, "waiver", WAIVED))
    expired = load_waivers(write(tmp_path, "waiver", WAIVED | {"expires": "2026-11-19"}))
    nameless = load_waivers(write(tmp_path, "waiver", WAIVED | {"approver": '"TBD"'}))

    assert waived(live, "should-cache-hits", "staging", NOW)[0] == live[0]
    assert waived(expired, "should-cache-hits", "staging", NOW)[1].endswith("expired on 2026-11-19")
    assert waived(nameless, "should-cache-hits", "staging", NOW) == (None, "`approver` of the waiver says TBD")


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"expires": '"soon"'}, "attestation.1.expires: expected"),
        ({"expired": "2026-11-20"}, "attestation.1.expired: unknown key (did you mean expires?)"),
        ({"on": "2026-11-19T10:00:00"}, "attestation.1.on: expected"),
    ],
)
def test_wrong_file_is_one_clear_line(tmp_path: Path, changed: dict[str, str], expected: str) -> None:
    file = write(tmp_path, "attestation", SIGNED | changed)

    with pytest.raises(ConfigurationError) as caught:
        load_attestations(file)

    assert str(caught.value).removeprefix(f"{file}: ").startswith(expected)


def test_shipped_files_are_valid_and_claim_nothing() -> None:
    assert load_attestations() == ()
    assert load_waivers() == ()
