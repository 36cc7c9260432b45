"""What a person is asked to declare: rows of outsiders that B's state lets in, not rows that are their author's own."""

from __future__ import annotations

import pytest

from fixtures.isolation.judging import a_or_an
from tests.isolation.conftest import Examine

SHOPS = """
create table shops (id uuid primary key default gen_random_uuid(), name text not null);
create table keepers (
  shop uuid not null references shops on delete cascade,
  person uuid not null references auth.users on delete cascade,
  primary key (shop, person)
);
create table goods (
  id uuid primary key default gen_random_uuid(),
  shop uuid not null references shops on delete cascade,
  title text not null, is_published boolean not null default false
);
create table reviews (
  id uuid primary key default gen_random_uuid(),
  good uuid not null references goods on delete cascade,
  author uuid not null references auth.users on delete cascade,
  body text not null
);
create function keeps(s uuid) returns boolean language sql stable security definer set search_path = '' as
$$ select exists (select from public.keepers where shop = s and person = auth.uid()) $$;
alter table shops enable row level security;
alter table keepers enable row level security;
alter table goods enable row level security;
alter table reviews enable row level security;
create policy own on shops for select to authenticated using (keeps(id));
create policy own on keepers for select to authenticated using (keeps(shop));
create policy shown on goods for select to authenticated using (is_published or keeps(shop));
create policy own on reviews for select to authenticated using (author = auth.uid());
create policy write on reviews for insert to authenticated with check ({check});
grant select on shops, keepers, goods to authenticated;
grant select, insert on reviews to authenticated;
grant execute on all functions in schema public to authenticated;
"""
OF_PUBLISHED = "author = auth.uid() and exists (select from goods g where g.id = good and g.is_published)"
POSTS = """
create table posts (
  id uuid primary key default gen_random_uuid(),
  author uuid not null references auth.users on delete cascade,
  title text not null, is_published boolean not null default false
);
alter table posts enable row level security;
create policy shown on posts for select to authenticated using (is_published or author = auth.uid());
create policy write on posts for insert to authenticated with check (author = auth.uid());
create policy edit on posts for update to authenticated using (author = auth.uid()) with check (author = auth.uid());
grant select, insert, update on posts to authenticated;
"""


def test_what_only_a_published_row_lets_outsiders_add_is_to_be_declared(examined: Examine) -> None:
    report = examined(SHOPS.replace("{check}", OF_PUBLISHED))

    assert ("conditional-exposure", "public.reviews", "insert") in {
        (f.kind, f.object, f.operation) for f in report.findings
    }


def test_rows_of_ones_own_are_no_exposure_whatever_others_have_published(examined: Examine) -> None:
    report = examined(SHOPS.replace("{check}", OF_PUBLISHED) + POSTS)

    assert [f.observed for f in report.findings if f.object == "public.posts" and f.operation == "insert"] == []


@pytest.mark.parametrize(
    ("role", "said"), [("admin", "an admin"), ("owner", "an owner"), ("member", "a member"), (None, "a member")]
)
def test_a_role_has_its_article(role: str | None, said: str) -> None:
    assert a_or_an(role) == said


PARCELS = """
create table crates (
  id uuid primary key default gen_random_uuid(), shop uuid not null references shops on delete cascade,
  label text not null
);
create table parcels (
  id uuid primary key default gen_random_uuid(),
  crate uuid not null references crates on delete cascade,
  {column} uuid not null references shops on delete cascade,
  body text not null
);
alter table crates enable row level security;
alter table parcels enable row level security;
create policy own on crates for select to authenticated using (keeps(shop));
create policy own on parcels for select to authenticated using (keeps({column}));
create policy write on parcels for insert to authenticated
  with check (exists (select from crates c where c.id = crate and keeps(c.shop)));
grant select on crates to authenticated;
grant select, insert on parcels to authenticated;
"""


@pytest.mark.parametrize(("column", "charged"), [("belongs_to", True), ("shop", True), ("assigned_to", False)])
def test_a_column_that_says_whose_a_row_is_offers_it_to_nobody(examined: Examine, column: str, charged: bool) -> None:
    """Rows are offered to whoever `assigned_to` names; what `belongs_to` somebody is theirs."""
    report = examined(SHOPS.format(check=OF_PUBLISHED) + PARCELS.format(column=column))

    assert any(f.object == "public.parcels" and f.kind == "integrity" for f in report.findings) is charged
