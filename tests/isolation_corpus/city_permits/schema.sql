-- Permits for municipalities. The key of a municipality is its short name, as in the address: permits.example/springfield
create table municipalities (
  code text primary key check (length(code) between 1 and 30),
  display_name text not null,
  contact jsonb not null default '{}'
);
create type department as enum ('front_desk', 'planning', 'inspection');
create table officials (
  municipality_code text not null references municipalities on update cascade on delete cascade,
  user_id uuid not null references auth.users on delete cascade,
  department department not null default 'front_desk',
  head boolean not null default false,
  primary key (municipality_code, user_id)
);
create table applications (
  id bigserial primary key,
  municipality_code text not null references municipalities on update cascade,
  applicant_id uuid not null default auth.uid() references auth.users,
  parcel text not null check (parcel ~ '^[0-9]{3}-[0-9]{4}$'),
  kind text not null default 'shed' check (kind in ('shed', 'fence', 'event', 'demolition')),
  status text not null default 'submitted' check (status in ('submitted', 'in_review', 'granted', 'refused', 'withdrawn')),
  phone text,
  deleted boolean not null default false
);
create table application_notes (
  id bigserial primary key,
  application_id bigint not null references applications on delete cascade,
  author_id uuid not null default auth.uid() references auth.users,
  internal boolean not null default true,
  body text not null
);
create table inspections (
  id bigserial primary key,
  application_id bigint not null references applications on delete cascade,
  inspector_id uuid not null references auth.users,
  slot tstzrange not null,
  outcome text,
  check (not isempty(slot))
);
create table fees (
  municipality_code text not null references municipalities on update cascade on delete cascade,
  kind text not null,
  cents integer not null check (cents >= 0),
  primary key (municipality_code, kind)
);
create table parcels (
  municipality_code text not null references municipalities on update cascade on delete cascade,
  parcel text not null,
  owner_name text not null,
  primary key (municipality_code, parcel)
);
create table payments (
  id uuid primary key default gen_random_uuid(),
  application_id bigint not null references applications on delete cascade,
  cents integer not null,
  card_last4 char(4)
);

-- districts are municipalities too: 'springfield/north' is run from 'springfield'
create function works_for(p_code text) returns boolean language sql stable security definer set search_path = public as $$
  select exists (select 1 from officials o where o.user_id = auth.uid() and p_code like o.municipality_code || '%')
$$;
create function heads(p_code text) returns boolean language sql stable security definer set search_path = public as $$
  select exists (select 1 from officials o where o.user_id = auth.uid() and o.municipality_code = p_code and o.head)
$$;
create function my_application(p_id bigint) returns boolean language sql stable security definer set search_path = public as $$
  select exists (select 1 from applications a where a.id = p_id and a.applicant_id = auth.uid())
$$;

alter table municipalities enable row level security;
alter table officials enable row level security;
alter table applications enable row level security;
alter table application_notes enable row level security;
alter table inspections enable row level security;
alter table fees enable row level security;
alter table parcels enable row level security;
alter table payments enable row level security;
create policy r on municipalities for select using (true);
create policy u on municipalities for update to authenticated using (heads(code)) with check (heads(code));
create policy r on officials for select to authenticated using (user_id = auth.uid() or heads(municipality_code));
create policy i on officials for insert to authenticated with check (heads(municipality_code));
create policy d on officials for delete to authenticated using (heads(municipality_code));
create policy r on applications for select to authenticated using (works_for(municipality_code) or (applicant_id = auth.uid() and not deleted));
create policy i on applications for insert to authenticated with check (applicant_id = auth.uid() and status = 'submitted');
create policy u on applications for update to authenticated using (works_for(municipality_code)) with check (works_for(municipality_code));
create policy r on application_notes for select to authenticated using (
  exists (select 1 from applications a where a.id = application_id and (works_for(a.municipality_code) or not internal)));
create policy i on application_notes for insert to authenticated with check (
  author_id = auth.uid() and (my_application(application_id) and not internal
    or exists (select 1 from applications a where a.id = application_id and works_for(a.municipality_code))));
create policy r on inspections for select to authenticated using (inspector_id = auth.uid() or my_application(application_id)
  or exists (select 1 from applications a where a.id = application_id and works_for(a.municipality_code)));
create policy u on inspections for update to authenticated using (inspector_id = auth.uid()) with check (inspector_id = auth.uid());
create policy r on fees for select using (true);
create policy w on fees for insert to authenticated with check (heads(municipality_code));
create policy u on fees for update to authenticated using (heads(municipality_code)) with check (municipality_code is not null);
create policy r on parcels for select to authenticated using (
  exists (select 1 from officials o where o.municipality_code = parcels.municipality_code and o.user_id = auth.uid()));
create policy r on payments for select to authenticated using (my_application(application_id));
create policy i on payments for insert to authenticated with check (my_application(application_id));

-- small towns sign up by themselves
create function register_municipality(p_code text, p_name text) returns text language plpgsql security definer set search_path = public as $$
begin
  if auth.uid() is null then raise exception 'sign in first' using errcode = '28000'; end if;
  insert into municipalities (code, display_name) values (lower(p_code), p_name);
  insert into officials values (lower(p_code), auth.uid(), 'front_desk', true);
  return lower(p_code);
end $$;
create function find_parcels(p_start text) returns setof parcels language plpgsql stable security definer set search_path = public as $$
declare v_code text;
begin
  select municipality_code into v_code from officials where user_id = auth.uid() limit 1;
  if v_code is null then return; end if;
  return query execute 'select * from parcels where municipality_code = ' || quote_literal(v_code) || ' and parcel like ''' || p_start || '%''';
end $$;
create function schedule_inspection(p_application bigint, p_slot tstzrange) returns bigint language plpgsql security definer set search_path = public as $$
declare v bigint;
begin
  perform 1 from officials where user_id = auth.uid() and department in ('inspection', 'planning');
  if not found then raise exception 'not an inspector' using errcode = '42501'; end if;
  insert into inspections (application_id, inspector_id, slot) values (p_application, auth.uid(), p_slot) returning id into v;
  update applications set status = 'in_review' where id = p_application and status = 'submitted';
  return v;
end $$;
create function withdraw(p_application bigint) returns boolean language sql security definer set search_path = public as $$
  update applications set status = 'withdrawn' where id = p_application and applicant_id = auth.uid() and status in ('submitted', 'in_review') returning true
$$;
create function fee_for(p_code text, p_kind text) returns integer language sql stable as $$
  select cents from fees where municipality_code = p_code and kind = p_kind
$$;
create function income(p_code text) returns bigint language sql stable security definer set search_path = public as $$
  select sum(p.cents) from payments p join applications a on a.id = p.application_id where a.municipality_code = p_code and heads(p_code)
$$;

grant usage on schema public to anon, authenticated;
grant select on municipalities, fees to anon, authenticated;
grant select on officials, applications, application_notes, inspections, parcels, payments to authenticated;
grant update (display_name, contact) on municipalities to authenticated;
grant insert, delete on officials to authenticated;
grant insert, update (status, deleted) on applications to authenticated;
grant insert on application_notes, payments to authenticated;
grant update (slot, outcome) on inspections to authenticated;
grant insert, update on fees to authenticated;
grant usage on all sequences in schema public to authenticated;
revoke execute on all functions in schema public from public;
grant execute on all functions in schema public to authenticated;
grant execute on function fee_for to anon;
