-- Hospital rotas. People belong to departments for a while (a range of time), departments to trusts; whoever has an address of
-- the trust reads its notices. Locums work for several trusts in turn.
create type grade as enum ('nurse', 'doctor', 'locum', 'head');

create table trusts (
  id integer generated always as identity primary key,
  name text not null,
  opened date
);
create table trust_domains (
  trust_id integer not null references trusts on delete cascade,
  domain text not null check (domain ~ '^[a-z0-9.-]+\.[a-z]{2,}$'),
  verified_at timestamptz,
  primary key (trust_id, domain)
);
create table departments (
  id integer generated always as identity primary key,
  trust_id integer not null references trusts on delete cascade,
  name text not null,
  is_general boolean not null default false
);
create table profiles (
  user_id uuid primary key references auth.users on delete cascade,
  email text,
  full_name text,
  licence_no text,
  updated_at timestamptz not null default now()
);
create table department_members (
  department_id integer not null references departments on delete cascade,
  user_id uuid not null references auth.users on delete cascade,
  grade grade not null default 'nurse',
  valid tstzrange not null default tstzrange(now(), null) check (not isempty(valid)),
  primary key (department_id, user_id)
);
create table shifts (
  id bigint generated always as identity primary key,
  department_id integer not null references departments on delete cascade,
  worker uuid references auth.users on delete set null,
  during tstzrange not null check (not isempty(during)),
  hours numeric generated always as (extract(epoch from upper(during) - lower(during)) / 3600) stored,
  remark text,
  -- nobody is in two places
  exclude using gist (int4range(hashtext(worker::text), hashtext(worker::text), '[]') with &&, during with &&)
    where (worker is not null)
);
create table swaps (
  id bigint generated always as identity primary key,
  shift_id bigint not null references shifts on delete cascade,
  offered_by uuid not null default auth.uid() references auth.users on delete cascade,
  reason text,
  taken_by uuid references auth.users on delete set null
);
create table handover_notes (
  id bigint generated always as identity primary key,
  department_id integer not null references departments on delete cascade,
  author uuid not null default auth.uid() references auth.users,
  body text not null,
  written_at timestamptz not null default now()
);
create table notices (
  id bigint generated always as identity primary key,
  trust_id integer not null references trusts on delete cascade,
  title text not null,
  body text not null default '',
  show tstzrange not null default tstzrange(now(), null)
);
create table pay_rates (
  department_id integer not null references departments on delete cascade,
  grade grade not null,
  hourly numeric(6, 2) not null,
  note text,
  primary key (department_id, grade)
);

create function is_in(p_department integer, p_grades grade[] default '{nurse,doctor,locum,head}') returns boolean
language sql stable security definer set search_path = public as $$
  select exists (select 1 from department_members m
    where m.department_id = p_department and m.user_id = auth.uid() and m.valid @> now() and m.grade = any (p_grades))
$$;
create function in_trust(p_trust integer) returns boolean language sql stable security definer set search_path = public as $$
  select exists (select 1 from departments d where d.trust_id = p_trust and is_in(d.id))
$$;
create function by_address(p_trust integer) returns boolean language sql stable security definer set search_path = public as $$
  select exists (select 1 from trust_domains t join profiles p on p.user_id = auth.uid()
    where t.trust_id = p_trust and t.verified_at is not null and split_part(lower(p.email), '@', 2) = t.domain)
$$;
create function on_sign_up() returns trigger language plpgsql security definer set search_path = public as $$
begin
  insert into profiles (user_id, email, full_name) values (new.id, new.email, new.raw_user_meta_data ->> 'name');
  return new;
end $$;
create trigger on_sign_up after insert on auth.users for each row execute function on_sign_up();
create function touch() returns trigger language plpgsql as $$ begin new.updated_at := now(); return new; end $$;
create trigger touch before update on profiles for each row execute function touch();

alter table trusts enable row level security;
alter table trust_domains enable row level security;
alter table departments enable row level security;
alter table profiles enable row level security;
alter table department_members enable row level security;
alter table shifts enable row level security;
alter table swaps enable row level security;
alter table handover_notes enable row level security;
alter table notices enable row level security;
alter table pay_rates enable row level security;

create policy mine on trusts for select to authenticated using (in_trust(id));
create policy mine on trust_domains for select to authenticated using (in_trust(trust_id));
create policy mine on departments for select to authenticated using (is_in(id) or in_trust(trust_id));
create policy me on profiles for select to authenticated using (user_id = auth.uid());
create policy me_write on profiles for update to authenticated using (user_id = auth.uid()) with check (user_id = auth.uid());
create policy colleagues on department_members for select to authenticated using (user_id = auth.uid() or is_in(department_id));
create policy heads on department_members for update to authenticated
  using (is_in(department_id, '{head}') and user_id <> auth.uid()) with check (is_in(department_id, '{head}') and user_id <> auth.uid());
create policy rota on shifts for select to authenticated using (worker = auth.uid() and lower(during) > now() - interval '1 year' or is_in(department_id));
create policy heads on shifts for delete to authenticated using (is_in(department_id, '{head}'));
create policy seen on swaps for select to authenticated
  using (offered_by = auth.uid() or exists (select 1 from shifts s where s.id = shift_id and is_in(s.department_id)));
create policy offer on swaps for insert to authenticated
  with check (offered_by = auth.uid() and taken_by is null and exists (select 1 from shifts s where s.id = shift_id and s.worker = auth.uid()));
create policy department on handover_notes for select to authenticated using (
  exists (select 1 from department_members m where m.department_id = handover_notes.department_id and m.user_id = auth.uid()));
create policy write on handover_notes for insert to authenticated with check (author = auth.uid() and is_in(department_id));
create policy staff on notices for select to authenticated using ((in_trust(trust_id) or by_address(trust_id)) and show @> now());
create policy heads on pay_rates for all to authenticated
  using (is_in(department_id, '{head}')) with check (is_in(department_id, '{head}'));

-- rpc
create function assign_shift(p_department integer, p_worker uuid, p_during tstzrange) returns bigint
language plpgsql security definer set search_path = public as $$
declare v bigint;
begin
  if not is_in(p_department, '{head}') then raise exception 'not the head' using errcode = '42501'; end if;
  insert into shifts (department_id, worker, during) values (p_department, p_worker, p_during) returning id into v;
  return v;
end $$;
create function take_swap(p_swap bigint) returns shifts language plpgsql security definer set search_path = public as $$
declare s shifts;
begin
  if not exists (select 1 from department_members where user_id = auth.uid() and valid @> now()) then
    raise exception 'not on any rota' using errcode = '42501';
  end if;
  update swaps set taken_by = auth.uid() where id = p_swap and taken_by is null;
  if not found then raise exception 'no such swap' using errcode = 'P0002'; end if;
  update shifts set worker = auth.uid() where id = (select shift_id from swaps where id = p_swap) returning * into s;
  return s;
end $$;
create function renew(p_department integer, p_valid tstzrange) returns tstzrange language sql security definer set search_path = public as $$
  update department_members set valid = p_valid where department_id = p_department and user_id = auth.uid() returning valid
$$;
create function join_by_address() returns setof integer language sql security definer set search_path = public as $$
  insert into department_members (department_id, user_id)
  select d.id, auth.uid() from trust_domains t join departments d on d.trust_id = t.trust_id and d.is_general
  where t.verified_at is not null and auth.uid() is not null and lower(auth.email()) like '%' || t.domain
  on conflict do nothing returning department_id
$$;
create function my_hours(p_month daterange) returns numeric language sql stable security definer set search_path = public as $$
  select coalesce(sum(hours), 0) from shifts where worker = auth.uid() and lower(during)::date <@ p_month
$$;
create function end_membership(p_department integer, p_user uuid) returns boolean language plpgsql security definer set search_path = public as $$
begin
  if not is_in(p_department, '{head}') then return false; end if;
  update department_members set valid = tstzrange(lower(valid), now())
  where department_id = p_department and user_id = p_user and user_id <> auth.uid() and lower(valid) < now();
  return found;
end $$;

grant usage on schema public to authenticated;
grant select on trusts, trust_domains, departments, profiles, department_members, shifts, swaps, handover_notes, notices, pay_rates to authenticated;
grant update (email, full_name) on profiles to authenticated;
grant update (grade, valid) on department_members to authenticated;
grant insert (shift_id, reason), insert (offered_by) on swaps to authenticated;
grant delete on shifts to authenticated;
grant insert on handover_notes to authenticated;
grant insert, update, delete on pay_rates to authenticated;
revoke execute on all functions in schema public from public, anon;
grant execute on all functions in schema public to authenticated;
