-- Amateur theatre: a company keeps its people in one JSON column, [{"user": …, "role": "director|stage|cast", "until": "2026-07-01"}],
-- and a production its crew in an array. No membership table anywhere.
create domain role_name as text check (value in ('director', 'stage', 'cast'));

create table companies (
  id uuid primary key default gen_random_uuid(),
  title text not null check (length(title) > 1),
  founder uuid not null default auth.uid() references auth.users,
  roster jsonb not null default '[]' check (jsonb_typeof(roster) = 'array'),
  settings jsonb not null default '{"season": 2026}'
);
create index on companies using gin (roster jsonb_path_ops);
create table productions (
  id uuid primary key default gen_random_uuid(),
  company_id uuid not null references companies on delete cascade,
  play text not null,
  crew uuid[] not null default '{}',
  co_producers uuid[] not null default '{}',   -- companies that may look on
  run daterange,
  created_at timestamptz not null default now()
);
create table rehearsals (
  id uuid primary key default gen_random_uuid(),
  production_id uuid not null references productions on delete cascade,
  starts_at timestamptz not null,
  place text not null default 'hall',
  notes text
);
create table budget_lines (
  id uuid primary key default gen_random_uuid(),
  company_id uuid not null references companies on delete cascade,
  production_id uuid references productions on delete set null,
  label text not null,
  cents integer not null,
  approved boolean not null default false
);
create table props (
  id uuid primary key default gen_random_uuid(),
  company_id uuid not null references companies on delete cascade,
  name text not null,
  shelf text,
  borrowed_by uuid references auth.users on delete set null
);
create table scripts (
  id uuid primary key default gen_random_uuid(),
  company_id uuid not null references companies on delete cascade,
  title text not null,
  body text not null default '',
  readers text not null default ''             -- guests by address, separated by commas
);
create table availability (
  id uuid primary key default gen_random_uuid(),
  company_id uuid not null references companies on delete cascade,
  user_id uuid not null default auth.uid() references auth.users on delete cascade,
  day date not null,
  note text,
  unique (company_id, user_id, day)
);
create table costume_sizes (
  user_id uuid primary key default auth.uid() references auth.users on delete cascade,
  sizes jsonb not null default '{}',
  remark text
);

create function on_roster(p_company uuid, p_roles text[] default '{director,stage,cast}') returns boolean
language sql stable security definer set search_path = '' as $$
  select exists (
    select 1 from public.companies c, jsonb_array_elements(c.roster) r
    where c.id = p_company and r ->> 'user' = auth.uid()::text and r ->> 'role' = any (p_roles)
      and coalesce((r ->> 'until')::date, 'infinity') >= current_date)
$$;
create function founder_directs() returns trigger language plpgsql as $$
begin
  new.roster := jsonb_build_array(jsonb_build_object('user', new.founder, 'role', 'director'));
  return new;
end $$;
create trigger founder_directs before insert on companies for each row execute function founder_directs();
alter table companies enable row level security;
alter table productions enable row level security;
alter table rehearsals enable row level security;
alter table budget_lines enable row level security;
alter table props enable row level security;
alter table scripts enable row level security;
alter table availability enable row level security;
alter table costume_sizes enable row level security;

create policy mine on companies for select to authenticated using (on_roster(id));
create policy rename on companies for update to authenticated using (on_roster(id, '{director}')) with check (on_roster(id, '{director}'));
create policy company on productions for all to authenticated
  using (on_roster(company_id, '{director,stage}')) with check (on_roster(company_id, '{director,stage}'));
create policy company_reads on productions for select to authenticated
  using (on_roster(company_id) or auth.uid() = any (crew) or exists (select 1 from unnest(co_producers) c where on_roster(c, '{director}')));
create policy seen on rehearsals for select to authenticated using (exists (select 1 from productions p where p.id = production_id));
create policy plan on rehearsals for all to authenticated
  using (exists (select 1 from productions p where p.id = production_id and on_roster(p.company_id, '{director,stage}')))
  with check (exists (select 1 from productions p where p.id = production_id and on_roster(p.company_id, '{director,stage}')));
create policy money on budget_lines for all to authenticated
  using (on_roster(company_id, '{director}')) with check (on_roster(company_id, '{director}') and (production_id is null or exists (
    select 1 from productions p where p.id = production_id and p.company_id = budget_lines.company_id)));
create policy shelf on props for all to authenticated
  using (exists (select 1 from companies c where c.id = company_id and c.roster @> jsonb_build_array(jsonb_build_object('user', auth.uid()))))
  with check (on_roster(company_id));
create policy read on scripts for select to authenticated using (on_roster(company_id) or readers like '%' || auth.email() || '%');
create policy write on scripts for insert to authenticated with check (on_roster(company_id, '{director}'));
create policy own on availability for all to authenticated
  using (user_id = auth.uid()) with check (user_id = auth.uid() and on_roster(company_id));
create policy planners on availability for select to authenticated using (on_roster(company_id, '{director,stage}'));
create policy own on costume_sizes for all to authenticated using (user_id = auth.uid()) with check (user_id = auth.uid());
create policy wardrobe on costume_sizes for select to authenticated using (
  exists (select 1 from productions p where costume_sizes.user_id = any (p.crew)));

-- rpc
create function found_company(p_title text, p_settings jsonb default '{}') returns uuid language sql security definer set search_path = '' as $$
  insert into public.companies (title, founder, settings) values (p_title, auth.uid(), p_settings) returning id
$$;
create function add_to_roster(p_company uuid, p_user uuid, p_role role_name, p_until date default null) returns void
language plpgsql security definer set search_path = '' as $$
begin
  if not public.on_roster(p_company, '{director}') then raise exception 'no such company' using errcode = 'P0002'; end if;
  update public.companies set roster = roster || jsonb_build_object('user', p_user, 'role', p_role, 'until', p_until) where id = p_company;
end $$;
create function join_with_code(p_company uuid, p_code text) returns void language plpgsql security definer set search_path = '' as $$
declare c public.companies;
begin
  select * into c from public.companies where id = p_company for update;
  if not found or auth.uid() is null or c.settings ->> 'join_code' <> p_code then
    raise exception 'wrong code' using errcode = '42501';
  end if;
  update public.companies set roster = roster || jsonb_build_object('user', auth.uid(), 'role', 'cast') where id = p_company;
end $$;
create function leave_company(p_company uuid) returns void language sql security definer set search_path = '' as $$
  update public.companies c
  set roster = (select coalesce(jsonb_agg(r), '[]') from jsonb_array_elements(c.roster) r where r ->> 'user' is distinct from auth.uid()::text)
  where c.id = p_company and c.roster @> jsonb_build_array(jsonb_build_object('user', auth.uid()))
$$;
create function phone_list(p_companies uuid[]) returns table (company text, email text, role text)
language plpgsql stable security definer set search_path = '' as $$
begin
  if not exists (select 1 from unnest(p_companies) c where public.on_roster(c)) then
    raise exception 'not on the roster' using errcode = '42501';
  end if;
  return query select c.title, u.email::text, r ->> 'role'
    from public.companies c cross join lateral jsonb_array_elements(c.roster) r join auth.users u on u.id::text = r ->> 'user'
    where c.id = any (p_companies);
end $$;
create function save_availability(p jsonb) returns uuid language plpgsql security definer set search_path = '' as $$
declare v uuid;
begin
  if not public.on_roster((p ->> 'company_id')::uuid) then raise exception 'not on the roster' using errcode = '42501'; end if;
  insert into public.availability (id, company_id, user_id, day, note)
  values (coalesce((p ->> 'id')::uuid, gen_random_uuid()), (p ->> 'company_id')::uuid, auth.uid(), (p ->> 'day')::date, p ->> 'note')
  on conflict (id) do update set day = excluded.day, note = excluded.note
  returning id into v;
  return v;
end $$;
create function my_companies() returns table (id uuid, title text, role text) language sql stable security definer set search_path = '' as $$
  select c.id, c.title, r ->> 'role' from public.companies c, jsonb_array_elements(c.roster) r
  where r ->> 'user' = auth.uid()::text and coalesce((r ->> 'until')::date, 'infinity') >= current_date
$$;

grant usage on schema public to authenticated;
grant select, update (title) on companies to authenticated;
grant select, insert, update (play, crew, co_producers, run), delete on productions to authenticated;
grant select, insert, update, delete on rehearsals, budget_lines, props, availability, costume_sizes to authenticated;
grant select, insert on scripts to authenticated;
revoke execute on all functions in schema public from public, anon;
grant execute on all functions in schema public to authenticated;
