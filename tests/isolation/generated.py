"""A schema of any size: tenant tables in chains of four below organizations, and functions, guarded and open, over
them.
"""

from __future__ import annotations

HEAD = """
create table organizations (id uuid primary key default gen_random_uuid(), name text not null,
  slug text not null unique);
create table members (
  organization_id uuid not null references organizations on delete cascade, user_id uuid not null references auth.users
    on delete cascade,
  role text not null default 'viewer' check (role in ('admin', 'editor', 'viewer')), primary key (organization_id,
    user_id));
create function my_organizations() returns setof uuid language sql stable security definer set search_path = '' as
  $$ select organization_id from public.members where user_id = auth.uid() $$;
create function my_role(organization uuid) returns text language sql stable security definer set search_path = '' as
  $$ select role from public.members where user_id = auth.uid() and organization_id = organization $$;
alter table organizations enable row level security;
alter table members enable row level security;
create policy own on organizations for select to authenticated using (id in (select my_organizations()));
create policy own on members for select to authenticated using (organization_id in (select my_organizations()));
create policy manage on members for all to authenticated using (my_role(organization_id) = 'admin') with
  check (my_role(organization_id) = 'admin');
grant select on organizations to authenticated;
grant select, insert, update, delete on members to authenticated;
"""


def schema(tables: int = 200, functions: int = 150, *, leaky: bool = True) -> str:
    """SQL for that many tenant tables and functions; with `leaky` the first function of every thirty is open."""
    parts = [HEAD]
    for i in range(tables - 2):
        parent = "organizations" if i % 4 == 0 else f"thing_{i - 1}"
        parts.append(f"""
create table thing_{i} (
  id uuid primary key default gen_random_uuid(), organization_id uuid not null references organizations
    on delete cascade,
  parent_id uuid not null references {parent} on delete cascade, title text not null
    check (length(title) between 1 and 80),
  state text not null default 'draft' check (state in ('draft', 'done')), amount integer not null default 0
    check (amount >= 0), created_by uuid default auth.uid());
alter table thing_{i} enable row level security;
create policy own on thing_{i} for select to authenticated using (organization_id in (select my_organizations()));
create policy edit on thing_{i} for all to authenticated
  using (my_role(organization_id) in ('admin', 'editor')) with check (my_role(organization_id) in ('admin', 'editor'));
grant select, insert, update, delete on thing_{i} to authenticated;""")
    for i in range(functions - 2):
        guard = "" if leaky and i % 30 == 0 else "and t.organization_id in (select public.my_organizations())"
        table = f"thing_{i % (tables - 2)}"
        if i % 3:
            parts.append(
                f"create function read_{i}(p_id uuid, p_state text default 'draft') returns table (title "
                "text, amount integer) language sql stable security definer "
                f"set search_path = '' as $$ select t.title, t.amount from public.{table} t where t.id = "
                f"p_id {guard} $$;"
            )
        else:
            parts.append(
                f"create function write_{i}(p_id uuid, p_amount integer) returns void language sql security definer "
                f"set search_path = '' as $$ update public.{table} t set amount = p_amount where t.id = "
                f"p_id {guard} $$;"
            )
    parts.append(
        "revoke execute on all functions in schema public from public, anon; grant execute on "
        "all functions in schema public to authenticated;"
    )
    return "\n".join(parts)


if __name__ == "__main__":
    print(schema())
