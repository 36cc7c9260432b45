from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fixtures.sql import canonical, split, tokens

TRICKY = """create table a (t text);;
-- about b
insert into a values (E'it\\'s;'), ('a;''b'), ($x$;$$;$x$), ("a;b") /* nested /* ; */ ; */; -- c
create function f() returns int language sql begin atomic select case when true then 1 end; select 2; end;
create rule r as on insert to a do also (select 1; select 2);
do $$ begin; end $$
"""


def test_a_semicolon_ends_a_statement_only_where_it_stands_in_the_open() -> None:
    assert [(each.line, each.words[:2]) for each in split(TRICKY)] == [
        (1, ("create", "table")),
        (3, ("insert", "into")),
        (4, ("create", "function")),
        (5, ("create", "rule")),
        (6, ("do",)),
    ]


def test_a_comment_goes_with_the_statement_after_it_and_alone_at_the_end() -> None:
    texts = [each.text for each in split("-- one\nselect 1; -- two\nselect 2;\n-- three\n")]

    assert texts == ["-- one\nselect 1", "-- two\nselect 2", "-- three"]


def test_the_canonical_form_keeps_what_is_quoted() -> None:
    assert canonical("SELECT  'A  B', \"Q\" -- c\n from T /* d */ ;") == "select 'A  B', \"Q\" from t ;"


@given(st.text(alphabet="a;'\"$\n-/*( )eE\\", max_size=60))
def test_tokens_are_the_whole_text_and_statements_lose_nothing_but_separators(sql: str) -> None:
    assert "".join(token.text for token in tokens(sql)) == sql
    rest = sql
    for statement in split(sql):
        before, found, rest = rest.partition(statement.text)
        assert found
        assert not before.strip("; \n")
    assert not rest.strip("; \n")
