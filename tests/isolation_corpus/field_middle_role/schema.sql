-- Library lending. Roles in one list; the topmost exists only without a branch, so "overseer of a branch" is a role of no power.
create table branches (id uuid primary key default gen_random_uuid(), town text not null);
create table duties (
  person uuid not null references auth.users on delete cascade,
  branch uuid references branches on delete cascade,
  duty text not null check (duty in ('overseer', 'branch_head', 'clerk', 'reader'))
);
create unique index on duties (person, coalesce(branch, '00000000-0000-0000-0000-000000000000'));
create table loans (id uuid primary key default gen_random_uuid(), branch uuid not null references branches on delete cascade, borrower text not null, barcode text not null unique);

create function is_overseer() returns boolean language sql stable security definer set search_path = '' as
$$ select exists (select from public.duties where person = auth.uid() and branch is null and duty = 'overseer') $$;
create function has_duty(b uuid, d text) returns boolean language sql stable security definer set search_path = '' as
$$ select exists (select from public.duties where person = auth.uid() and branch = b and duty = d) $$;

alter table branches enable row level security;
alter table duties enable row level security;
alter table loans enable row level security;
create policy overseer on branches using (is_overseer()) with check (is_overseer());
create policy staff on branches for select using (has_duty(id, 'branch_head') or has_duty(id, 'clerk') or has_duty(id, 'reader'));
create policy overseer on duties using (is_overseer()) with check (is_overseer());
create policy own on duties for select using (person = auth.uid());
create policy overseer on loans using (is_overseer()) with check (is_overseer());
create policy desk on loans using (has_duty(branch, 'branch_head') or has_duty(branch, 'clerk')) with check (has_duty(branch, 'branch_head') or has_duty(branch, 'clerk'));
grant select, insert, update, delete on branches, duties, loans to authenticated;

-- asks for a head, but of any branch
create function forgive_loans(b uuid) returns integer language plpgsql security definer set search_path = '' as $$
declare n integer;
begin
  if not exists (select from public.duties where person = auth.uid() and duty = 'branch_head') then
    raise exception 'not a branch head';
  end if;
  delete from public.loans where branch = b;
  get diagnostics n = row_count;
  return n;
end $$;
-- asks for a clerk, but of any branch
create function loans_of(b uuid) returns setof text language sql stable security definer set search_path = '' as
$$ select borrower from public.loans where branch = b and exists (select from public.duties where person = auth.uid() and duty = 'clerk') $$;
create function my_loans(b uuid) returns setof text language sql stable security definer set search_path = '' as
$$ select borrower from public.loans where branch = b and (public.has_duty(b, 'clerk') or public.has_duty(b, 'branch_head')) $$;
revoke execute on all functions in schema public from public, anon;
grant execute on all functions in schema public to authenticated;
