-- Scouts. Groups stand in a tree; whoever leads a group sees what is below it.
create table troops (id uuid primary key default gen_random_uuid(), above uuid references troops on delete restrict, name text not null, badge text unique);
create table scouts (person uuid primary key references auth.users on delete cascade, troop uuid references troops, rank text not null default 'scout' check (rank in ('leader', 'scout')));
create table diaries (id uuid primary key default gen_random_uuid(), troop uuid not null references troops on delete cascade, entry text not null);
create function my_troop() returns uuid language sql stable security definer set search_path = '' as
$$ select troop from public.scouts where person = auth.uid() $$;
create function leads() returns boolean language sql stable security definer set search_path = '' as
$$ select exists (select from public.scouts where person = auth.uid() and rank = 'leader') $$;
create function below() returns setof uuid language sql stable security definer set search_path = '' as $$
  with recursive t as (select public.my_troop() as id union select c.id from public.troops c join t on c.above = t.id) select id from t
$$;
alter table troops enable row level security;
alter table scouts enable row level security;
alter table diaries enable row level security;
create policy tree on troops for select to authenticated using (id in (select below()));
create policy rename on troops for update to authenticated using (leads() and id = my_troop());
-- any leader may put a new troop under any other
create policy grow on troops for insert to authenticated with check (leads());
create policy own on scouts for select to authenticated using (person = auth.uid());
create policy tree on diaries for select to authenticated using (troop = my_troop() or leads() and troop in (select below()));
create policy own on diaries for insert to authenticated with check (troop = my_troop());
grant select, insert on troops, diaries to authenticated;
grant update (name, badge) on troops to authenticated;
grant select on scouts to authenticated;
revoke execute on all functions in schema public from public, anon;
grant execute on all functions in schema public to authenticated;
