-- Laboratories. Numbers count up within a lab; which labs somebody works for stands in the token (app_metadata.labs).
create schema lims;
grant usage on schema lims to authenticated;
create table lims.labs (
  lab_code varchar(8) primary key,
  full_name text not null,
  next_sample integer not null default 1
);
create table lims.samples (
  lab_code varchar(8) not null references lims.labs,
  sample_no integer not null,
  material text not null,
  patient_ref text,
  received_at timestamptz not null default now(),
  rejected boolean not null default false,
  primary key (lab_code, sample_no)
);
create table lims.results (
  lab_code varchar(8) not null,
  sample_no integer not null,
  analyte text not null,
  value numeric,
  unit text,
  approved_by uuid,
  approved_at timestamptz,
  primary key (lab_code, sample_no, analyte),
  foreign key (lab_code, sample_no) references lims.samples on delete cascade
);
create table lims.scans (
  id uuid primary key default gen_random_uuid(),
  lab_code varchar(8) not null references lims.labs,
  sample_no integer not null,
  file_name text not null,
  ocr text
);
create table lims.couriers (id serial primary key, name text not null, phone text);
create table lims.handovers (
  id uuid primary key default gen_random_uuid(),
  from_lab varchar(8) not null references lims.labs,
  to_lab varchar(8) not null references lims.labs,
  sample_no integer not null,
  accepted boolean not null default false,
  foreign key (from_lab, sample_no) references lims.samples on delete cascade
);
create table lims.ranges (analyte text primary key, low numeric, high numeric);
insert into lims.ranges values ('glucose', 3.9, 5.6), ('sodium', 135, 145);
insert into lims.couriers (name) values ('Quick & Cold');

create function lims.my_labs() returns text[] language sql stable as $$
  select array(select jsonb_array_elements_text(coalesce(auth.jwt() -> 'app_metadata' -> 'labs', '[]')))
$$;
create function lims.may(p_lab text, p_role text default null) returns boolean language sql stable as $$
  select p_lab = any (lims.my_labs()) and (p_role is null or coalesce(auth.jwt() -> 'app_metadata' ->> 'lab_role', auth.jwt() -> 'user_metadata' ->> 'lab_role') = p_role)
$$;
alter table lims.labs enable row level security;
alter table lims.samples enable row level security;
alter table lims.results enable row level security;
alter table lims.scans enable row level security;
alter table lims.couriers enable row level security;
alter table lims.handovers enable row level security;
alter table lims.ranges enable row level security;
create policy r on lims.labs for select to authenticated using (lims.may(lab_code));
create policy r on lims.samples for select to authenticated using (lims.may(lab_code) or exists (
  select 1 from lims.handovers h where h.sample_no = samples.sample_no and h.accepted and lims.may(h.to_lab)));
create policy i on lims.samples for insert to authenticated with check (lims.may(lab_code));
create policy u on lims.samples for update to authenticated using (lims.may(lab_code)) with check (lims.may(lab_code));
create policy r on lims.results for select to authenticated using (lims.may(lab_code));
create policy i on lims.results for insert to authenticated with check (lims.may(lab_code) and approved_by is null);
create policy u on lims.results for update to authenticated using (lims.may(lab_code)) with check (lims.may(lab_code));
create policy d on lims.results for delete to authenticated using (lims.may(lab_code, 'head') and approved_at is null);
create policy r on lims.scans for select to authenticated using (exists (select 1 from lims.samples s where s.lab_code = scans.lab_code and s.sample_no = scans.sample_no and lims.may(s.lab_code)));
create policy i on lims.scans for insert to authenticated with check (lims.may(lab_code));
create policy r on lims.couriers for select to authenticated using (true);
create policy r on lims.handovers for select to authenticated using (lims.may(from_lab) or lims.may(to_lab));
create policy i on lims.handovers for insert to authenticated with check (lims.may(from_lab) and not accepted);
create policy a on lims.handovers for update to authenticated using (lims.may(to_lab)) with check (lims.may(to_lab));
create policy r on lims.ranges for select using (true);

create view lims.worklist as
  select s.lab_code, s.sample_no, s.material, r.analyte, r.value, r.approved_at from lims.samples s left join lims.results r using (sample_no)
  where lims.may(s.lab_code) and not s.rejected;
create view lims.open_scans with (security_invoker = true) as select lab_code, count(*) as n from lims.scans where ocr is null group by lab_code;

create function lims.register_sample(p_lab text, p_material text, p_patient text default null) returns integer language plpgsql security definer set search_path = '' as $$
declare n integer;
begin
  if not lims.may(p_lab) then raise exception 'no such lab' using errcode = 'P0002'; end if;
  update lims.labs set next_sample = next_sample + 1 where lab_code = p_lab returning next_sample - 1 into n;
  insert into lims.samples (lab_code, sample_no, material, patient_ref) values (p_lab, n, p_material, p_patient);
  return n;
end $$;
create function lims.report(p_sample integer) returns text language sql stable security definer set search_path = '' as $$
  select string_agg(s.patient_ref || ': ' || r.analyte || ' ' || r.value, E'\n') from lims.samples s join lims.results r using (lab_code, sample_no)
  where s.sample_no = p_sample and exists (select 1 from lims.samples mine where mine.sample_no = p_sample and mine.lab_code = any (lims.my_labs()))
$$;
create function lims.approve(p_lab text, p_samples integer[]) returns integer language sql security definer set search_path = '' as $$
  with a as (update lims.results set approved_by = auth.uid(), approved_at = now()
    where lab_code = p_lab and sample_no = any (p_samples) and approved_at is null and lims.may(p_lab, 'head') returning 1)
  select count(*)::integer from a
$$;
create function lims.attach_ocr(p_scans jsonb) returns void language sql security definer set search_path = '' as $$
  update lims.scans s set ocr = x.ocr from jsonb_to_recordset(p_scans) x (id uuid, lab text, ocr text) where s.id = x.id and lims.may(x.lab)
$$;
grant select on all tables in schema lims to authenticated;
grant insert, update (material, patient_ref, rejected) on lims.samples to authenticated;
grant insert, update, delete on lims.results to authenticated;
grant insert on lims.scans to authenticated;
grant insert (from_lab, to_lab, sample_no), update (accepted) on lims.handovers to authenticated;
revoke execute on all functions in schema lims from public;
grant execute on all functions in schema lims to authenticated;
