"""The platform's advisors are asked by the real CLI; what they say, or why they cannot, stands beside the findings."""

from __future__ import annotations

from collections.abc import Callable

from fixtures.second_opinion import ask


def test_the_advisors_name_a_table_without_rls(database_of: Callable[[str], str]) -> None:
    opinion = ask(database_of("create table public.open (id int primary key); grant select on public.open to anon;"))

    assert opinion.problem == ""
    assert ("ERROR", "rls_disabled_in_public") in {(level, lint) for level, lint, _ in opinion.rows}
    assert any("`public.open`" in detail for _, _, detail in opinion.rows)


def test_who_cannot_be_asked_has_no_opinion_and_no_password_in_it() -> None:
    opinion = ask("postgresql://postgres:secret-word@127.0.0.1:9/postgres")

    assert opinion.rows == ()
    assert "connect" in opinion.problem
    assert "secret-word" not in opinion.problem
