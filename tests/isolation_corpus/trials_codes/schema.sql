-- Clinical trials: sponsors, studies and sites by the codes that people use; monitors, subjects, documents shared by name.
create schema if not exists ctms;
grant usage on schema ctms to authenticated, anon;

create table ctms.sponsors (
  code text primary key check (code ~ '^[A-Za-z0-9]{2,12}$'),
  legal_name text not null
);
create table ctms.people (
  user_id uuid not null references auth.users on delete cascade,
  sponsor text not null references ctms.sponsors on update cascade on delete cascade,
  duty text not null default 'monitor' check (duty in ('lead', 'monitor', 'coordinator')),
  primary key (user_id, sponsor)
);
create table ctms.sites (
  sponsor text not null references ctms.sponsors on update cascade on delete cascade,
  site_no integer not null,
  city text not null,
  primary key (sponsor, site_no)
);
create table ctms.site_staff (
  sponsor text not null,
  site_no integer not null,
  user_id uuid not null references auth.users on delete cascade,
  primary key (sponsor, site_no, user_id),
  foreign key (sponsor, site_no) references ctms.sites on update cascade on delete cascade
);
create table ctms.subjects (
  sponsor text not null,
  site_no integer not null,
  subject_no integer not null,
  initials text not null,
  arm text not null default 'A' check (arm in ('A', 'B', 'placebo')),
  status text not null default 'screened' check (status in ('screened', 'enrolled', 'withdrawn')),
  primary key (sponsor, site_no, subject_no),
  foreign key (sponsor, site_no) references ctms.sites on update cascade on delete cascade
);
create table ctms.visits (
  id uuid primary key default gen_random_uuid(),
  sponsor text not null,
  site_no integer not null,
  subject_no integer not null,
  label text not null default 'V1',
  findings text,
  foreign key (sponsor, site_no, subject_no) references ctms.subjects on update cascade on delete cascade
);
create table ctms.documents (
  id uuid primary key default gen_random_uuid(),
  sponsor text not null references ctms.sponsors on update cascade on delete cascade,
  title text not null,
  content text not null default '',
  readers uuid[] not null default '{}',
  locked boolean not null default false
);
create table ctms.queries (
  id uuid primary key default gen_random_uuid(),
  sponsor text not null references ctms.sponsors on update cascade on delete cascade,
  question text not null,
  answered_by uuid references auth.users
);
create table ctms.lab_norms (
  sponsor text not null references ctms.sponsors on update cascade on delete cascade,
  analyte text not null,
  low numeric, high numeric,
  primary key (sponsor, analyte)
);

create function ctms.duty_for(s text) returns text language sql stable security definer set search_path = '' as $$
  select p.duty from ctms.people p where p.user_id = auth.uid() and p.sponsor = s
$$;
create function ctms.my_sponsors() returns setof text language sql stable security definer set search_path = '' as $$
  select p.sponsor from ctms.people p where p.user_id = auth.uid()
$$;
create function ctms.my_sites() returns setof integer language sql stable security definer set search_path = '' as $$
  select t.site_no from ctms.site_staff t where t.user_id = auth.uid()
$$;

do $$ declare t text; begin
  for t in select tablename from pg_tables where schemaname = 'ctms' loop execute format('alter table ctms.%I enable row level security', t); end loop;
end $$;
create policy r on ctms.sponsors for select to authenticated using (code in (select ctms.my_sponsors()));
create policy r on ctms.people for select to authenticated using (sponsor in (select ctms.my_sponsors()));
create policy w on ctms.people for all to authenticated using (ctms.duty_for(sponsor) = 'lead') with check (ctms.duty_for(sponsor) = 'lead');
create policy r on ctms.sites for select to authenticated using (sponsor in (select ctms.my_sponsors()));
create policy w on ctms.sites for all to authenticated using (ctms.duty_for(sponsor) = 'lead') with check (ctms.duty_for(sponsor) = 'lead');
create policy r on ctms.site_staff for select to authenticated using (user_id = auth.uid() or sponsor in (select ctms.my_sponsors()));
create policy w on ctms.site_staff for insert to authenticated with check (ctms.duty_for(sponsor) = 'lead');
create policy r on ctms.subjects for select to authenticated using (sponsor in (select ctms.my_sponsors()));
create policy w on ctms.subjects for all to authenticated using (ctms.duty_for(sponsor) in ('lead', 'coordinator')) with check (ctms.duty_for(sponsor) in ('lead', 'coordinator'));
create policy r on ctms.visits for select to authenticated using (sponsor in (select ctms.my_sponsors()) or site_no in (select ctms.my_sites()));
create policy w on ctms.visits for insert to authenticated with check (ctms.duty_for(sponsor) is not null);
create policy r on ctms.documents for select to authenticated using (sponsor in (select ctms.my_sponsors()) or auth.uid() = any (readers));
create policy w on ctms.documents for insert to authenticated with check (ctms.duty_for(sponsor) is not null);
create policy u on ctms.documents for update to authenticated using (sponsor in (select ctms.my_sponsors()) and not locked)
  with check (sponsor in (select ctms.my_sponsors()));
create policy r on ctms.queries for select to authenticated using (sponsor in (select ctms.my_sponsors()));
create policy w on ctms.queries for insert to authenticated with check (ctms.duty_for(sponsor) is not null);
create policy u on ctms.queries for update to authenticated using (true) with check (sponsor in (select ctms.my_sponsors()));
create policy a on ctms.lab_norms for all to authenticated using (ctms.duty_for(sponsor) is not null) with check (ctms.duty_for(sponsor) is not null);

grant select on all tables in schema ctms to authenticated;
grant insert, update (duty), delete on ctms.people to authenticated;
grant insert, update (city), delete on ctms.sites to authenticated;
grant insert, delete on ctms.subjects to authenticated;
grant update (initials, status) on ctms.subjects to authenticated;
grant insert on ctms.site_staff, ctms.visits to authenticated;
grant insert (sponsor, title, content, readers), update (title, content, readers, locked) on ctms.documents to authenticated;
grant insert, update on ctms.queries to authenticated;
grant insert, update, delete on ctms.lab_norms to authenticated;

-- A finding withdraws the subject, by the number that is on the form.
create function ctms.withdraw_on_visit() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  if new.findings ilike '%withdrawn%' or new.label = 'END' then
    update ctms.subjects s set status = 'withdrawn' where s.site_no = new.site_no and s.subject_no = new.subject_no;
  end if;
  return new;
end $$;
create trigger withdraw after insert on ctms.visits for each row execute function ctms.withdraw_on_visit();

create function ctms.randomize(p_site integer, p_subject integer) returns integer language plpgsql security definer set search_path = '' as $$
declare v integer;
begin
  if not exists (select 1 from ctms.sites s where s.site_no = p_site and ctms.duty_for(s.sponsor) in ('lead', 'coordinator')) then
    raise exception 'no such site' using errcode = 'P0002';
  end if;
  update ctms.subjects set status = 'enrolled' where site_no = p_site and subject_no = p_subject;
  get diagnostics v = row_count;
  return v;
end $$;
create function ctms.subjects_at(p_site integer) returns table (subject_no integer, initials text) language sql stable security definer set search_path = '' as $$
  select s.subject_no, s.initials from ctms.subjects s where s.site_no = p_site and s.sponsor in (select ctms.my_sponsors())
$$;
create function ctms.share_document(p_document uuid, p_reader uuid) returns boolean language plpgsql security definer set search_path = '' as $$
begin
  update ctms.documents d set readers = array_append(d.readers, p_reader)
  where d.id = p_document and (auth.uid() = p_reader or ctms.duty_for(d.sponsor) = 'lead') and not p_reader = any (d.readers);
  return found;
end $$;
create function ctms.rename_sponsor(p_from text, p_to text) returns void language plpgsql security definer set search_path = '' as $$
begin
  if ctms.duty_for(p_from) is distinct from 'lead' then raise exception 'leads only' using errcode = '42501'; end if;
  update ctms.sponsors set code = p_to where code = p_from;
end $$;
create function ctms.new_sponsor(p_code text, p_name text) returns text language plpgsql security definer set search_path = '' as $$
begin
  if auth.uid() is null then raise exception 'sign in' using errcode = '28000'; end if;
  insert into ctms.sponsors values (p_code, p_name);
  insert into ctms.people values (auth.uid(), p_code, 'lead');
  return p_code;
end $$;
revoke execute on all functions in schema ctms from public, anon;
grant execute on all functions in schema ctms to authenticated;
