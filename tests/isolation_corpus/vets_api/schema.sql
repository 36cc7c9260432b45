-- Practice software. Tables live in `app`; what the API exposes is `api`: views and calls.
create schema app;
create schema api;
grant usage on schema app, api to authenticated;
grant usage on schema api to anon;

create table app.clinics (
  id integer generated always as identity primary key,
  name text not null,
  phone text,
  iban text
);
create table app.staff (
  clinic_id integer not null references app.clinics on delete cascade,
  user_id uuid not null references auth.users on delete cascade,
  job text not null default 'assistant' check (job in ('owner', 'vet', 'assistant')),
  primary key (clinic_id, user_id)
);
create table app.working_at (
  user_id uuid primary key references auth.users on delete cascade,
  clinic_id integer not null references app.clinics on delete cascade,
  since timestamptz not null default now()
);
create table app.pets (
  id integer generated always as identity primary key,
  clinic_id integer not null references app.clinics on delete cascade,
  name text not null,
  species text not null default 'dog' check (species in ('dog', 'cat', 'horse', 'other')),
  chip text check (chip ~ '^[0-9]{15}$'),
  keeper_phone text,
  unique (clinic_id, chip)
);
create table app.visits (
  id bigint generated always as identity primary key,
  pet_id integer not null references app.pets on delete cascade,
  seen_at timestamptz not null default now(),
  reason text not null,
  diagnosis text
);
create table app.invoices (
  id integer generated always as identity primary key,
  clinic_id integer not null references app.clinics on delete cascade,
  number integer not null,
  pet_id integer references app.pets on delete set null,
  cents integer not null check (cents > 0),
  paid boolean not null default false,
  unique (clinic_id, number)
);
create table app.stock (
  clinic_id integer not null references app.clinics on delete cascade,
  drug text not null,
  amount integer not null default 0 check (amount >= 0),
  primary key (clinic_id, drug)
);
create table app.breeds (id integer primary key, species text not null, name text not null);
insert into app.breeds values (1, 'dog', 'Beagle'), (2, 'cat', 'Siamese');

create function app.works_at(clinic integer) returns boolean
language sql stable security definer set search_path = '' as $$
  select exists (select from app.staff s where s.clinic_id = clinic and s.user_id = auth.uid())
$$;
create function app.job_at(clinic integer) returns text
language sql stable security definer set search_path = '' as $$
  select s.job from app.staff s where s.clinic_id = clinic and s.user_id = auth.uid()
$$;
create function app.current_clinic() returns integer
language sql stable security definer set search_path = '' as $$
  select w.clinic_id from app.working_at w where w.user_id = auth.uid()
$$;
revoke execute on all functions in schema app from public;
grant execute on all functions in schema app to authenticated;

alter table app.clinics enable row level security;
alter table app.staff enable row level security;
alter table app.working_at enable row level security;
alter table app.pets enable row level security;
alter table app.visits enable row level security;
alter table app.invoices enable row level security;
alter table app.stock enable row level security;
alter table app.breeds enable row level security;

create policy members on app.clinics for select to authenticated using (app.works_at(id));
create policy owners on app.clinics for update to authenticated
  using (app.job_at(id) = 'owner') with check (app.job_at(id) = 'owner');
create policy colleagues on app.staff for select to authenticated using (app.works_at(clinic_id));
create policy hire on app.staff for insert to authenticated with check (app.job_at(clinic_id) = 'owner');
create policy fire on app.staff for delete to authenticated using (app.job_at(clinic_id) = 'owner' and user_id <> auth.uid());
create policy mine on app.working_at for select to authenticated using (user_id = auth.uid());
create policy members on app.pets for all to authenticated using (app.works_at(clinic_id)) with check (app.works_at(clinic_id));
create policy members on app.visits for all to authenticated
  using (exists (select from app.pets p where p.id = pet_id))
  with check (exists (select from app.pets p where p.id = pet_id));
create policy members on app.invoices for select to authenticated using (app.works_at(clinic_id));
create policy members on app.stock for select to authenticated using (app.works_at(clinic_id));
create policy anybody on app.breeds for select to authenticated using (true);

grant select on app.clinics, app.staff, app.working_at, app.invoices, app.stock, app.breeds to authenticated;
grant update (name, phone) on app.clinics to authenticated;
grant insert, delete on app.staff to authenticated;
grant select, insert, update, delete on app.pets, app.visits to authenticated;

-- What the API shows.
create view api.clinics with (security_invoker = true) as select id, name, phone from app.clinics;
create view api.pets with (security_invoker = true) as select * from app.pets;
create view api.visits with (security_invoker = true) as select * from app.visits;
create view api.breeds with (security_invoker = true) as select * from app.breeds;
-- As its owner, but it asks for itself.
create view api.colleagues with (security_barrier) as
  select s.user_id, s.job, c.name as clinic from app.staff s join app.clinics c on c.id = s.clinic_id
  where s.clinic_id in (select mine.clinic_id from app.staff mine where mine.user_id = auth.uid());
-- The same was meant here: where one works today.
create view api.today as
  select v.id, v.seen_at, v.reason, p.name as pet, p.clinic_id
  from app.visits v join app.pets p on p.id = v.pet_id
  where p.clinic_id = app.current_clinic();
create view api.stock as select clinic_id, drug, amount from app.stock;
create view api.turnover as
  select date_trunc('month', now()) as month, clinic_id, sum(cents) as cents, count(*) as invoices
  from app.invoices group by clinic_id;
grant select on all tables in schema api to authenticated;
grant insert, update, delete on api.pets, api.visits to authenticated;

create function api.work_at(clinic integer) returns void
language sql security definer set search_path = '' as $$
  insert into app.working_at (user_id, clinic_id) values (auth.uid(), clinic)
  on conflict (user_id) do update set clinic_id = excluded.clinic_id, since = now()
$$;
create function api.pet_history(pet integer) returns table (seen_at timestamptz, reason text, diagnosis text)
language sql stable security definer set search_path = '' as $$
  select v.seen_at, v.reason, v.diagnosis from app.visits v where v.pet_id = pet order by v.seen_at
$$;
create function api.hand_over(pet integer, clinic integer) returns boolean
language plpgsql security definer set search_path = '' as $$
begin
  if app.job_at(clinic) is null then
    raise insufficient_privilege using message = 'you do not work there';
  end if;
  update app.pets set clinic_id = clinic where id = pet;
  return found;
end $$;
create function api.bill(pet integer, cents integer) returns integer
language plpgsql security definer set search_path = '' as $$
declare
  at_clinic integer;
  upcoming integer;
begin
  select p.clinic_id into at_clinic from app.pets p where p.id = pet and app.works_at(p.clinic_id);
  if at_clinic is null then
    raise no_data_found using message = 'no such pet';
  end if;
  select coalesce(max(i.number), 0) + 1 into upcoming from app.invoices i where i.clinic_id = at_clinic;
  insert into app.invoices (clinic_id, number, pet_id, cents) values (at_clinic, upcoming, pet, bill.cents);
  return upcoming;
end $$;
create function api.paid(clinic integer, invoice integer) returns boolean
language plpgsql security definer set search_path = '' as $$
begin
  if app.job_at(clinic) not in ('owner', 'vet') then
    raise insufficient_privilege using message = 'vets and owners only';
  end if;
  update app.invoices i set paid = true where i.clinic_id = clinic and i.number = invoice;
  return found;
end $$;
create function api.use_drug(clinic integer, drug text, amount integer) returns integer
language plpgsql security definer set search_path = '' as $$
declare
  rest integer;
begin
  if app.works_at(clinic) is not true or use_drug.amount <= 0 then
    raise insufficient_privilege using message = 'not here';
  end if;
  update app.stock s set amount = s.amount - use_drug.amount
  where s.clinic_id = clinic and s.drug = use_drug.drug and s.amount >= use_drug.amount returning s.amount into rest;
  return rest;
end $$;
create function api.found_clinic(name text) returns integer
language plpgsql security definer set search_path = '' as $$
declare
  made integer;
begin
  if auth.uid() is null or length(trim(name)) = 0 then
    raise insufficient_privilege using message = 'sign in first';
  end if;
  insert into app.clinics (name) values (name) returning id into made;
  insert into app.staff values (made, auth.uid(), 'owner');
  return made;
end $$;
create function api.find_chip(chip text) returns text
language sql stable security definer set search_path = '' as $$
  select 'Call ' || c.name || ': ' || coalesce(c.phone, '-') from app.pets p join app.clinics c on c.id = p.clinic_id
  where p.chip = find_chip.chip
$$;
revoke execute on all functions in schema api from public;
grant execute on all functions in schema api to authenticated;
