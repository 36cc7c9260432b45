-- Hospitals, from before the new grants: the token says "3,17" where its holder works; beds, shifts, prescriptions.
create table hospitals (
  id serial primary key,
  name text not null,
  emergency boolean not null default true
);
create table wards (
  id serial primary key,
  hospital_id integer not null references hospitals on delete cascade,
  name text not null
);
create table patients (
  id serial primary key,
  hospital_id integer not null references hospitals on delete cascade,
  ward_id integer references wards on delete set null,
  full_name text not null,
  admitted timestamptz not null default now(),
  discharged timestamptz
);
create table shifts (
  id serial primary key,
  ward_id integer not null references wards on delete cascade,
  nurse text not null default 'nobody',
  starts timestamptz not null default now()
);
create table drugs (
  id serial primary key,
  hospital_id integer references hospitals on delete cascade,
  name text not null
);
create table prescriptions (
  id serial primary key,
  patient_id integer not null references patients on delete cascade,
  drug_id integer not null references drugs on delete cascade,
  dose text not null
);
create table vitals (
  id bigserial primary key,
  patient_id integer not null references patients on delete cascade,
  kind text not null default 'pulse',
  value numeric not null
);
create table audit (id bigserial primary key, hospital_id integer not null references hospitals on delete cascade, who uuid, what text not null);
create table handovers (
  id serial primary key,
  hospital_id integer not null references hospitals on delete cascade,
  text text not null
);

create function my_hospitals() returns integer[] language sql stable as $$
  select string_to_array(coalesce(auth.jwt() -> 'app_metadata' ->> 'hospitals', ''), ',')::integer[]
$$;
create function hospital_of_ward(w integer) returns integer language sql stable security definer set search_path = public as $$
  select hospital_id from wards where id = w and hospital_id = any (my_hospitals())
$$;
create function hospital_of_patient(p integer) returns integer language sql stable security definer set search_path = public as $$
  select hospital_id from patients where id = p and hospital_id = any (my_hospitals())
$$;

alter table hospitals enable row level security;
alter table wards enable row level security;
alter table patients enable row level security;
alter table shifts enable row level security;
alter table drugs enable row level security;
alter table prescriptions enable row level security;
alter table audit enable row level security;
alter table handovers enable row level security;
create policy h on hospitals for select using (id = any (my_hospitals()));
create policy w on wards for all using (hospital_id = any (my_hospitals()));
create policy p on patients for all using (hospital_id = any (my_hospitals())) with check (hospital_id = any (my_hospitals()) and (ward_id is null or hospital_of_ward(ward_id) = hospital_id));
create policy s on shifts for all using (hospital_of_ward(ward_id) is not null);
create policy d on drugs for select using (auth.uid() is not null);
create policy e on drugs for delete using (hospital_id = any (my_hospitals()));
create policy i on drugs for insert with check (hospital_id = any (my_hospitals()));
create policy r on prescriptions for all using (hospital_of_patient(patient_id) is not null);
create policy a on audit for select using (hospital_id = any (my_hospitals()));
create policy x on handovers for select using (hospital_id = any (my_hospitals()));
create policy y on handovers for insert with check (hospital_id = any (my_hospitals()));

-- Runs as whoever writes, and who writes may not write here.
create function note_handover() returns trigger language plpgsql as $$
begin insert into audit (hospital_id, who, what) values (new.hospital_id, auth.uid(), 'handover'); return new; end $$;
create trigger note_handover after insert on handovers for each row execute function note_handover();

create view current_patients as select id, hospital_id, full_name from patients where discharged is null and hospital_id = any (my_hospitals());

create function assign_nurse(p_ward integer, p_nurse text) returns void language sql security definer set search_path = public as $$
  update shifts set nurse = p_nurse from wards w where w.id = p_ward and w.hospital_id = any (my_hospitals())
$$;
create function discharge(p_patient integer) returns boolean language plpgsql security definer set search_path = public as $$
begin
  perform 1 from patients where id = p_patient and hospital_id = any (my_hospitals());
  if not found then return false; end if;
  update patients set discharged = now() where id = p_patient;
  return true;
end $$;
create function ward_load(p_ward integer) returns bigint language sql stable set search_path = public as $$ select count(*) from patients where ward_id = p_ward $$;
create function transfer(p_patient integer, p_ward integer) returns void language plpgsql security definer set search_path = public as $$
declare p patients; w wards;
begin
  select * into p from patients where id = p_patient;
  select * into w from wards where id = p_ward;
  if not (p.hospital_id = any (my_hospitals()) or w.hospital_id = any (my_hospitals())) then raise exception 'not here' using errcode = '42501'; end if;
  update patients set ward_id = w.id, hospital_id = w.hospital_id where id = p.id;
end $$;
