"""What a body asks of its arguments is read off it: keys and where they stand, other names, types."""

from __future__ import annotations

import pytest

from fixtures.isolation.catalogue import Argument
from fixtures.isolation.comparisons import cast_to, compared, separator
from fixtures.isolation.documents import composed, outline


def argument(name: str, base: str = "jsonb") -> Argument:
    return Argument(name, base, base, "U", "b", (), None, optional=False)


def test_a_list_under_a_key_is_told_from_the_document_around_it() -> None:
    body = """for item in select * from jsonb_array_elements(payload -> 'courses') loop
      insert into courses (id, title) values (item ->> 'id', item ->> 'title');
    end loop; return payload ->> 'source';"""

    asked = outline(body, "payload", 0)

    assert (asked.under, set(asked.keys), set(asked.around)) == ("courses", {"id", "title"}, {"source"})
    assert asked.placed({"id": 1}, {"source": "x"}) == [{"source": "x", "courses": [{"id": 1}]}]


def test_a_recordset_tells_its_keys_and_types() -> None:
    asked = outline("select * from jsonb_to_recordset(batch) as e (name text, at timestamptz)", "batch", 0)

    assert asked.keys == {"name": "text", "at": "timestamptz"}
    assert asked.placed({"name": "x"}, {}) == [[{"name": "x"}], {"name": "x"}]


def test_objects_inside_objects_and_lists_of_words() -> None:
    body = "select params -> 'filters' ->> 'name' where x in (select jsonb_array_elements_text(params -> 'tags'))"

    asked = outline(body, "params", 0)

    assert asked.inner == {"filters": {"name": ""}}
    assert asked.texts == {"tags"}


def test_an_object_that_is_taken_apart_key_by_key() -> None:
    assert outline("for k, v in select key, value from jsonb_each_text(budgets) loop", "budgets", 0).by_key
    assert not outline("select budgets ->> 'total'", "budgets", 0).by_key


def test_a_cast_is_remembered() -> None:
    assert outline("select (p ->> 'amount')::numeric", "p", 0).keys == {"amount": "numeric"}


@pytest.mark.parametrize(
    "body",
    [
        "select count(*) from unnest(steps) s left join events e on e.name = s",
        "foreach s in array steps loop perform 1 from events where name = s; end loop",
        "declare s text := lower(steps); begin perform 1 from events where name = s; end",
        "select 1 from events where name = any (steps)",
        "select 1 from events where name = any ($1)",
        "select 1 from events where name = any (string_to_array(steps, ','))",
        "select 1 from events where name in (select unnest(string_to_array(steps, ',')))",
        "select 1 from events e join regexp_split_to_table(steps, ',') s on e.name = s",
    ],
)
def test_an_argument_is_known_by_its_other_names(body: str) -> None:
    assert "name" in compared(body, argument("steps", "_text"), 0)


@pytest.mark.parametrize(
    ("body", "between", "kind"),
    [
        ("where id = any (string_to_array(ids, ',')::bigint[])", ",", "bigint"),
        ("where id in (select x::uuid from unnest(string_to_array(ids, ';')) x)", ";", "uuid"),
        ("where id = ids::uuid", None, "uuid"),
        ("where id = cast(ids as public.kind)", None, "kind"),
        ("where id::text = ids", None, ""),
        ("where name = ids", None, None),
    ],
)
def test_a_text_that_is_made_into_something_else(body: str, between: str | None, kind: str | None) -> None:
    """What it is told apart by, and what it is cast to; nothing of a text that stays one."""
    assert separator(body, argument("ids", "text"), 0) == between
    assert cast_to(body, argument("ids", "text"), 0) == kind


def test_composites_are_quoted() -> None:
    assert composed(["a", None, 'say "x"', {"k": 1}]) == '("a",,"say \\"x\\"","{\\"k\\": 1}")'


@pytest.mark.parametrize(
    "body",
    [
        "select jsonb_set(event, '{claims,app,org}', x) where id = event ->> 'user'",
        "select jsonb_set(jsonb_set(event, '{claims,app,role}', y), array['claims', 'app', 'org'], x)",
        "claims jsonb := event -> 'claims'; begin claims := jsonb_set(claims, '{app, org}', x);",
        "claims jsonb = event -> 'claims'; begin claims = jsonb_set(claims, '{app,org}', x);",
        "begin claims = event -> 'claims'; claims = jsonb_set(claims, '{app,org}', x);",
        "claims := coalesce(event -> 'claims', '{}'::jsonb); return jsonb_set(claims, '{app,org}'::text[], x);",
        "select event ->> 'user', event -> 'claims' into who, claims; claims := jsonb_set(claims, '{app,org}', x);",
        "claims := event -> 'claims'; app := claims -> 'app'; app := app || jsonb_build_object('org', x);",
    ],
)
def test_what_is_written_into_is_an_object(body: str) -> None:
    asked = outline(body, "event", 0)

    assert {"claims"} <= set(asked.keys)
    assert asked.inner == {"claims": {"app": "json"}, "app": {}} or asked.inner == {"claims": {"app": ""}, "app": {}}


@pytest.mark.parametrize(
    "body",
    [
        "select (event #>> '{user,id}')::uuid",
        "select (jsonb_extract_path_text(event, 'user', 'id'))::uuid",
        "select ((event -> 'user') ->> 'id')::uuid",
        "who jsonb = event -> 'user'; who := event['user']; return (who ->> 'id')::uuid;",
    ],
)
def test_the_same_key_in_other_words(body: str) -> None:
    asked = outline(body, "event", 0)

    assert (asked.inner["user"], "user" in asked.keys) == ({"id": "uuid"}, True)


def test_a_list_is_found_behind_a_variable() -> None:
    body = "items := payload -> 'items'; for item in select * from jsonb_array_elements(items) loop item ->> 'id'"

    assert (outline(body, "payload", 0).under, set(outline(body, "payload", 0).keys)) == ("items", {"id"})


def test_a_variable_may_become_a_part_of_itself() -> None:
    asked = outline("node := event; node := node -> 'next'; node := node -> 'next'; return node ->> 'id'", "event", 0)

    assert (asked.inner["next"]["id"], "id" in asked.keys) == ("", True)


def test_a_text_is_no_part_and_another_document_is_not_this_one() -> None:
    body = "name := event ->> 'name'; kept := row.settings -> 'theme'; kept := jsonb_set(kept, '{a,b}', event);"
    body += "more := event2 || event; more := jsonb_set(more, '{a,b}', x);"

    assert outline(body, "event", 0).inner == {}
