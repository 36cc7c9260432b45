-- Everything asks app.current_user_id(), so that the tests of the application can set it.
create schema app;
grant usage on schema app to authenticated, anon;
create function app.current_user_id() returns uuid language sql stable as $$
  select coalesce(nullif(current_setting('app.test_user', true), ''), nullif(current_setting('request.jwt.claims', true), '')::json ->> 'sub')::uuid
$$;
create table app.households (
  household_id uuid primary key default gen_random_uuid(),
  nickname text not null
);
create table app.residents (
  household_id uuid not null references app.households on delete cascade,
  account uuid not null,
  rank text not null default 'child' check (rank in ('parent', 'child', 'guest')),
  primary key (household_id, account)
);
create table app.chores (
  chore_id uuid primary key default gen_random_uuid(),
  household_id uuid not null references app.households on delete cascade,
  title text not null,
  done_by uuid
);
create table app.budgets (
  household_id uuid not null references app.households on delete cascade,
  month date not null,
  cents bigint not null,
  primary key (household_id, month)
);
create table app.photos (
  photo_id uuid primary key default gen_random_uuid(),
  household_id uuid not null references app.households on delete cascade,
  caption text not null
);
create table app.meals (
  meal_id uuid primary key default gen_random_uuid(),
  household_id uuid not null references app.households on delete cascade,
  day date not null,
  dish text not null
);
create table app.diaries (
  entry_id uuid primary key default gen_random_uuid(),
  account uuid not null default app.current_user_id(),
  words text not null
);
create function app.lives_in(p_household uuid) returns boolean language sql stable security definer set search_path = '' as $$
  select exists (select 1 from app.residents r where r.household_id = p_household and r.account = app.current_user_id())
$$;
create function app.is_parent(p_household uuid) returns boolean language sql stable security definer set search_path = '' as $$
  select exists (select 1 from app.residents r where r.household_id = p_household and r.account = app.current_user_id() and r.rank = 'parent')
$$;
alter table app.households enable row level security;
alter table app.residents enable row level security;
alter table app.chores enable row level security;
alter table app.budgets enable row level security;
alter table app.photos enable row level security;
alter table app.meals enable row level security;
alter table app.diaries enable row level security;
create policy p on app.households for select to authenticated using (app.lives_in(household_id));
create policy p on app.residents for select to authenticated using (app.lives_in(household_id));
create policy me on app.residents for insert to authenticated with check (account = app.current_user_id());
create policy p on app.chores for all to authenticated using (app.lives_in(household_id)) with check (app.lives_in(household_id));
create policy p on app.budgets for select to authenticated using (app.is_parent(household_id));
create policy w on app.budgets for update to authenticated using (app.is_parent(household_id));
create policy p on app.photos for select to authenticated using (app.current_user_id() is not null);
create policy p on app.meals for all to authenticated using (app.lives_in(household_id)) with check (app.lives_in(household_id));
create policy p on app.diaries for all to authenticated using (account = app.current_user_id()) with check (account = app.current_user_id());
grant select on all tables in schema app to authenticated;
grant insert on app.residents to authenticated;
grant insert, update, delete on app.chores, app.meals, app.diaries to authenticated;
grant update (cents) on app.budgets to authenticated;
create function app.start_household(p_nickname text) returns uuid language plpgsql security definer set search_path = '' as $$
declare v uuid;
begin
  insert into app.households (nickname) values (p_nickname) returning household_id into v;
  insert into app.residents values (v, app.current_user_id(), 'parent');
  return v;
end $$;
create function app.finish_chore(p_chore uuid) returns boolean language plpgsql security definer set search_path = '' as $$
begin
  update app.chores set done_by = app.current_user_id() where chore_id = p_chore;
  return found;
end $$;
create function app.skip_chore(p_chore uuid) returns boolean language plpgsql security definer set search_path = '' as $$
begin
  delete from app.chores where chore_id = p_chore and app.lives_in(household_id);
  return found;
end $$;
revoke execute on all functions in schema app from public;
grant execute on all functions in schema app to authenticated;
