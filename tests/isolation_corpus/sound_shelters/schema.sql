-- Animal shelters, sound: a registry of chips, adoptions by strangers, animals offered from one shelter to another.
create type shelter_role as enum ('manager', 'keeper');
create type animal_status as enum ('intake', 'care', 'adoptable', 'adopted');

create table shelters (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  city text,
  deleted_at timestamptz
);
create table shelter_members (
  shelter_id uuid not null references shelters on delete cascade,
  user_id uuid not null references auth.users on delete cascade,
  role shelter_role not null default 'keeper',
  status text not null default 'invited' check (status in ('invited', 'active', 'suspended')),
  primary key (shelter_id, user_id)
);
-- the catalogue is ours; it changes by migration
create table species (code text primary key check (code ~ '^[a-z]{2,12}$'), label text not null);
insert into species values ('dog', 'Dog'), ('cat', 'Cat'), ('rabbit', 'Rabbit');
create table animals (
  id uuid primary key default gen_random_uuid(),
  shelter_id uuid not null references shelters on delete cascade,
  external_ref text,
  name text not null,
  species text not null default 'dog' references species,
  status animal_status not null default 'intake',
  published boolean not null default false,
  internal_note text,
  deleted_at timestamptz,
  unique (shelter_id, external_ref)
);
create table medical_records (
  id bigint generated always as identity primary key,
  animal_id uuid not null references animals on delete cascade,
  written_by uuid not null default auth.uid() references auth.users,
  entry text not null,
  at timestamptz not null default now()
);
-- world-wide numbers: whoever registers one first has it
create table chips (
  chip_no text primary key check (chip_no ~ '^[0-9]{15}$'),
  animal_id uuid not null unique references animals on delete cascade,
  registered_at timestamptz not null default now()
);
create table chip_lookups (
  id bigint generated always as identity primary key,
  user_id uuid not null,
  chip_no text not null,
  at timestamptz not null default now()
);
create table transfers (
  id uuid primary key default gen_random_uuid(),
  animal_id uuid not null references animals on delete cascade,
  from_shelter uuid not null references shelters on delete cascade,
  to_shelter uuid not null references shelters on delete cascade,
  offered_by uuid not null references auth.users,
  status text not null default 'offered' check (status in ('offered', 'accepted', 'declined')),
  check (from_shelter <> to_shelter)
);
create unique index one_offer_at_a_time on transfers (animal_id) where status = 'offered';
create table adoption_requests (
  id uuid primary key default gen_random_uuid(),
  animal_id uuid not null references animals on delete cascade,
  applicant_id uuid not null references auth.users on delete cascade,
  message text not null check (length(message) <= 2000),
  decision text check (decision in ('yes', 'no')),
  created_at timestamptz not null default now(),
  unique (animal_id, applicant_id)
);
create table waiting_list (
  user_id uuid primary key default auth.uid() references auth.users on delete cascade,
  species text not null references species,
  since timestamptz not null default clock_timestamp()
);
create table form_templates (
  id uuid primary key default gen_random_uuid(),
  shelter_id uuid references shelters on delete cascade,   -- ours have none
  title text not null,
  fields jsonb not null default '[]' check (jsonb_typeof(fields) = 'array')
);
insert into form_templates (title, fields) values ('Home visit', '["garden", "other pets"]');
create table notices (
  id bigint generated always as identity primary key,
  user_id uuid not null references auth.users on delete cascade,
  body text not null,
  seen boolean not null default false
);

create function works_at(p_shelter uuid, p_role shelter_role default null) returns boolean language sql stable security definer set search_path = '' as $$
  select exists (select 1 from public.shelter_members m join public.shelters s on s.id = m.shelter_id
    where m.shelter_id = p_shelter and m.user_id = (select auth.uid()) and m.status = 'active' and s.deleted_at is null
      and (p_role is null or m.role = p_role))
$$;
create function cares_for(p_animal uuid) returns boolean language sql stable security definer set search_path = '' as $$
  select exists (select 1 from public.animals a where a.id = p_animal and public.works_at(a.shelter_id))
$$;
create function is_offered_to_me(p_animal uuid) returns boolean language sql stable security definer set search_path = '' as $$
  select exists (select 1 from public.transfers t where t.animal_id = p_animal and t.status = 'offered' and public.works_at(t.to_shelter, 'manager'))
$$;

do $$ declare t text; begin
  foreach t in array array['shelters', 'shelter_members', 'species', 'animals', 'medical_records', 'chips', 'chip_lookups',
    'transfers', 'adoption_requests', 'waiting_list', 'form_templates', 'notices'] loop
    execute format('alter table public.%I enable row level security', t);
  end loop;
end $$;

create policy read on shelters for select to authenticated using (works_at(id));
create policy edit on shelters for update to authenticated using (works_at(id, 'manager')) with check (works_at(id, 'manager'));
create policy read on shelter_members for select to authenticated using (user_id = (select auth.uid()) or works_at(shelter_id));
create policy decide on shelter_members for update to authenticated
  using (works_at(shelter_id, 'manager') and user_id <> (select auth.uid()) and status <> 'invited')
  with check (works_at(shelter_id, 'manager') and status <> 'invited');
create policy leave on shelter_members for delete to authenticated using (user_id = (select auth.uid()));
create policy read on species for select to anon, authenticated using (true);
create policy read on animals for select to authenticated using (works_at(shelter_id) or is_offered_to_me(id));
create policy add on animals for insert to authenticated with check (works_at(shelter_id));
create policy edit on animals for update to authenticated using (works_at(shelter_id)) with check (works_at(shelter_id));
create policy read on medical_records for select to authenticated using (cares_for(animal_id));
create policy write on medical_records for insert to authenticated with check (cares_for(animal_id) and written_by = (select auth.uid()));
create policy read on chips for select to authenticated using (cares_for(animal_id));
create policy own on chip_lookups for select to authenticated using (user_id = (select auth.uid()));
create policy read on transfers for select to authenticated using (works_at(from_shelter) or works_at(to_shelter, 'manager'));
create policy read on adoption_requests for select to authenticated using (applicant_id = (select auth.uid()) or cares_for(animal_id));
create policy decide on adoption_requests for update to authenticated using (cares_for(animal_id)) with check (cares_for(animal_id));
create policy take_back on adoption_requests for delete to authenticated using (applicant_id = (select auth.uid()) and decision is null);
create policy own on waiting_list for all to authenticated using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));
create policy read on form_templates for select to authenticated using (shelter_id is null or works_at(shelter_id));
create policy write on form_templates for all to authenticated using (works_at(shelter_id, 'manager')) with check (works_at(shelter_id, 'manager'));
create policy own on notices for select to authenticated using (user_id = (select auth.uid()));
create policy seen on notices for update to authenticated using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));
create policy gone on notices for delete to authenticated using (user_id = (select auth.uid()));

grant select on shelters, shelter_members, species, animals, medical_records, chips, chip_lookups, transfers, adoption_requests,
  waiting_list, form_templates, notices to authenticated;
grant select on species to anon;
grant update (name, city) on shelters to authenticated;
grant update (role, status), delete on shelter_members to authenticated;
grant insert (shelter_id, external_ref, name, species, internal_note), update (name, species, status, published, internal_note, deleted_at) on animals to authenticated;
grant insert (animal_id, entry) on medical_records to authenticated;
grant update (decision), delete on adoption_requests to authenticated;
grant insert (species), delete on waiting_list to authenticated;
grant insert (shelter_id, title, fields), update (title, fields), delete on form_templates to authenticated;
grant update (seen), delete on notices to authenticated;

create function create_shelter(p_name text) returns uuid language plpgsql security definer set search_path = '' as $$
declare v uuid;
begin
  if auth.uid() is null then raise exception 'sign in' using errcode = '28000'; end if;
  insert into public.shelters (name) values (p_name) returning id into v;
  insert into public.shelter_members values (v, auth.uid(), 'manager', 'active');
  return v;
end $$;
-- one is a member only after one has said yes oneself
create function invite_by_email(p_shelter uuid, p_email text) returns void language plpgsql security definer set search_path = '' as $$
declare v uuid;
begin
  if not public.works_at(p_shelter, 'manager') then raise exception 'no such shelter' using errcode = 'P0002'; end if;
  select id into v from auth.users where lower(email) = lower(p_email);
  if v is not null and not exists (select 1 from public.shelter_members where shelter_id = p_shelter and user_id = v) then
    insert into public.shelter_members (shelter_id, user_id) values (p_shelter, v);
    insert into public.notices (user_id, body) select v, 'You are invited to ' || name from public.shelters where id = p_shelter;
  end if;
end $$;
create function accept_invitation(p_shelter uuid) returns boolean language plpgsql security definer set search_path = '' as $$
begin
  update public.shelter_members set status = 'active' where shelter_id = p_shelter and user_id = auth.uid() and status = 'invited';
  return found;
end $$;
-- the old program's export; its numbers are unique within a shelter only
create function import_animals(p_shelter uuid, p_rows jsonb) returns integer language plpgsql security definer set search_path = '' as $$
declare n integer;
begin
  if not public.works_at(p_shelter) then raise exception 'no such shelter' using errcode = 'P0002'; end if;
  insert into public.animals (shelter_id, external_ref, name, internal_note)
  select distinct on (r ->> 'ref') p_shelter, r ->> 'ref', coalesce(r ->> 'name', 'nameless'), r ->> 'note'
  from jsonb_array_elements(case when jsonb_typeof(p_rows) = 'array' then p_rows else '[]' end) r where r ->> 'ref' is not null
  on conflict (shelter_id, external_ref) do update set name = excluded.name, internal_note = excluded.internal_note;
  get diagnostics n = row_count;
  return n;
end $$;
-- false if the number is taken, by whomever: there is no other way to keep them unique
create function register_chip(p_animal uuid, p_chip text) returns boolean language plpgsql security definer set search_path = '' as $$
begin
  if not public.cares_for(p_animal) then raise exception 'no such animal' using errcode = 'P0002'; end if;
  insert into public.chips (chip_no, animal_id) values (p_chip, p_animal) on conflict do nothing;
  return found;
end $$;
-- public service: is this chip registered at all? Nothing about the animal or the shelter; every question is on record.
create function chip_is_registered(p_chip text) returns boolean language plpgsql security definer set search_path = '' as $$
begin
  if auth.uid() is null or p_chip is null then return null; end if;
  insert into public.chip_lookups (user_id, chip_no) values (auth.uid(), left(p_chip, 15));
  return exists (select 1 from public.chips where chip_no = p_chip);
end $$;
create function offer_transfer(p_animal uuid, p_to uuid) returns uuid language plpgsql security definer set search_path = '' as $$
declare v uuid;
begin
  insert into public.transfers (animal_id, from_shelter, to_shelter, offered_by)
  select a.id, a.shelter_id, s.id, auth.uid() from public.animals a, public.shelters s
  where a.id = p_animal and public.works_at(a.shelter_id, 'manager') and s.id = p_to and s.id <> a.shelter_id and s.deleted_at is null
  on conflict do nothing returning id into v;
  return v;
end $$;
create function answer_transfer(p_transfer uuid, p_yes boolean) returns boolean language plpgsql security definer set search_path = '' as $$
declare t public.transfers;
begin
  update public.transfers set status = case when p_yes then 'accepted' else 'declined' end
  where id = p_transfer and status = 'offered' and public.works_at(to_shelter, 'manager') returning * into t;
  if t.id is null then return false; end if;
  if t.status = 'accepted' then
    update public.animals set shelter_id = t.to_shelter, external_ref = null, internal_note = null, published = false where id = t.animal_id and shelter_id = t.from_shelter;
  end if;
  return true;
end $$;
create function request_adoption(p_animal uuid, p_message text) returns boolean language plpgsql security definer set search_path = '' as $$
begin
  if auth.uid() is null or (select count(*) from public.adoption_requests where applicant_id = auth.uid() and created_at > now() - interval '1 day') >= 5 then
    return false;
  end if;
  insert into public.adoption_requests (animal_id, applicant_id, message)
  select a.id, auth.uid(), left(coalesce(p_message, ''), 2000) from public.animals a
  where a.id = p_animal and a.published and a.status = 'adoptable' and a.deleted_at is null on conflict do nothing;
  return found;
end $$;
-- one's place in the queue, which says on purpose how many wait before one
create function my_place_in_queue() returns bigint language sql stable security definer set search_path = '' as $$
  select count(o.user_id) from public.waiting_list me left join public.waiting_list o on o.species = me.species and o.since < me.since
  where me.user_id = auth.uid() having count(me.user_id) > 0
$$;
create view adoptable with (security_barrier = true) as
  select a.id, a.name, a.species, s.city from animals a join shelters s on s.id = a.shelter_id
  where a.published and a.status = 'adoptable' and a.deleted_at is null and s.deleted_at is null;
grant select on adoptable to anon, authenticated;

create function notify_keepers() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  insert into public.notices (user_id, body) select m.user_id, 'Somebody asks for ' || a.name
  from public.animals a join public.shelter_members m on m.shelter_id = a.shelter_id and m.status = 'active' where a.id = new.animal_id;
  return null;
end $$;
create trigger notify_keepers after insert on adoption_requests for each row execute function notify_keepers();
revoke execute on all functions in schema public from public, anon;
grant execute on all functions in schema public to authenticated;
