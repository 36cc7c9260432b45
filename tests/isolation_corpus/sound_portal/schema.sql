-- Customer portal of several vendors, reviewed. app_metadata.vendors is the list of vendor ids one works for, app_metadata.desk what one is there.
create table public.vendors (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  support_email text,
  settings jsonb not null default '{}'
);
create table public.tickets (
  id uuid primary key default gen_random_uuid(),
  vendor_id uuid not null references public.vendors on delete cascade,
  subject text not null,
  body text,
  priority smallint not null default 3 check (priority between 1 and 5),
  share_token uuid,
  opened_by uuid references auth.users on delete set null,
  created_at timestamptz not null default now()
);
create table public.replies (
  id uuid primary key default gen_random_uuid(),
  vendor_id uuid not null references public.vendors on delete cascade,
  ticket_id uuid not null references public.tickets on delete cascade,
  body text not null,
  internal boolean not null default true
);
create table public.macros (
  id uuid primary key default gen_random_uuid(),
  vendor_id uuid not null references public.vendors on delete cascade,
  title text not null,
  text text not null,
  used int not null default 0
);
create table public.deleted_tickets (
  ticket_id uuid primary key,
  vendor_id uuid not null,
  subject text,
  body text,
  deleted_at timestamptz not null default now()
);
create table public.watchers (
  ticket_id uuid not null references public.tickets on delete cascade,
  user_id uuid not null references auth.users on delete cascade,
  primary key (ticket_id, user_id)
);
create table public.sla_rules (
  vendor_id uuid not null references public.vendors on delete cascade,
  priority smallint not null,
  hours int not null check (hours > 0),
  primary key (vendor_id, priority)
);

create function public.my_vendors() returns uuid[] language sql stable set search_path = '' as $$
  select coalesce(array(select jsonb_array_elements_text(auth.jwt() -> 'app_metadata' -> 'vendors')::uuid), '{}')
$$;
create function public.vendor_of(p_ticket uuid) returns uuid language sql stable security definer set search_path = '' as $$
  select t.vendor_id from public.tickets t where t.id = p_ticket and t.vendor_id = any (public.my_vendors())
$$;
create function public.is_lead() returns boolean language sql stable set search_path = '' as $$
  select coalesce(auth.jwt() -> 'app_metadata' ->> 'desk' = 'lead', false)
$$;

alter table public.vendors enable row level security;
alter table public.tickets enable row level security;
alter table public.replies enable row level security;
alter table public.macros enable row level security;
alter table public.deleted_tickets enable row level security;
alter table public.watchers enable row level security;
alter table public.sla_rules enable row level security;

create policy vendors_read on public.vendors for select to authenticated using (id = any (public.my_vendors()));
create policy vendors_write on public.vendors for update to authenticated using (public.is_lead() and id = any (public.my_vendors()));
create policy tickets_staff on public.tickets for all to authenticated using (vendor_id = any (public.my_vendors())) with check (vendor_id = any (public.my_vendors()));
create policy tickets_watched on public.tickets for select to authenticated using (
  exists (select 1 from public.watchers w where w.ticket_id = tickets.id and w.user_id = auth.uid()));
-- whoever has the link may read
-- the link is asked for by shared_ticket(), or stands in a header
create policy tickets_shared on public.tickets for select to anon using (
  share_token = nullif(current_setting('request.headers', true)::json ->> 'x-share-token', '')::uuid);
create policy replies_staff on public.replies for all to authenticated using (vendor_id = any (public.my_vendors()))
  with check (vendor_id = any (public.my_vendors()) and public.vendor_of(ticket_id) = vendor_id);
create policy macros_staff on public.macros for select to authenticated using (vendor_id = any (public.my_vendors()));
create policy macros_lead on public.macros for all to authenticated using (public.is_lead() and vendor_id = any (public.my_vendors())) with check (public.is_lead() and vendor_id = any (public.my_vendors()));
create policy deleted_lead on public.deleted_tickets for select to authenticated using (public.is_lead() and vendor_id = any (public.my_vendors()));
create policy watchers_own on public.watchers for select to authenticated using (user_id = auth.uid());
create policy watchers_stop on public.watchers for delete to authenticated using (user_id = auth.uid());
-- whoever works on it may watch it, and goes on when they move elsewhere
create policy watchers_start on public.watchers for insert to authenticated with check (
  user_id = auth.uid() and public.vendor_of(ticket_id) = any (public.my_vendors()));
create policy sla_staff on public.sla_rules for all to authenticated
  using (vendor_id = any (public.my_vendors())) with check (vendor_id = any (public.my_vendors()) and public.is_lead());

create function public.keep_deleted() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  if exists (select 1 from public.vendors v where v.id = old.vendor_id) then
    insert into public.deleted_tickets (ticket_id, vendor_id, subject, body) values (old.id, old.vendor_id, old.subject, old.body)
    on conflict (ticket_id) do nothing;
  end if;
  return old;
end $$;
create trigger keep_deleted after delete on public.tickets for each row execute function public.keep_deleted();

-- a macro is used on a ticket: its text becomes a reply
create function public.use_macro(p_macro uuid, p_ticket uuid) returns uuid language plpgsql security definer set search_path = '' as $$
declare v uuid; r uuid;
begin
  select t.vendor_id into v from public.tickets t where t.id = p_ticket and t.vendor_id = any (public.my_vendors());
  if v is null then raise exception 'no such ticket' using errcode = 'P0002'; end if;
  insert into public.replies (vendor_id, ticket_id, body) select v, p_ticket, m.text from public.macros m where m.id = p_macro and m.vendor_id = v returning id into r;
  update public.macros set used = used + 1 where id = p_macro and vendor_id = v;
  return r;
end $$;

create function public.ticket_stats(p_vendors uuid[] default public.my_vendors()) returns table (vendor text, open bigint, worst smallint)
language sql stable security definer set search_path = '' as $$
  select v.name, count(t.id), min(t.priority) from public.vendors v left join public.tickets t on t.vendor_id = v.id
  where v.id = any (p_vendors) and v.id = any (public.my_vendors()) group by v.id
$$;

create function public.bulk_assign(variadic p_tickets uuid[]) returns int language plpgsql security definer set search_path = '' as $$
declare t uuid; n int := 0;
begin
  foreach t in array p_tickets loop
    if (select x.vendor_id from public.tickets x where x.id = t) = any (public.my_vendors()) then
      update public.tickets set opened_by = auth.uid() where id = t;
      n := n + 1;
    end if;
  end loop;
  return n;
end $$;

create procedure public.merge_tickets(p_into uuid, p_from uuid) language plpgsql security definer set search_path = '' as $$
begin
  if p_into = p_from or (select count(*) from public.tickets a join public.tickets b using (vendor_id)
    where a.id = p_into and b.id = p_from and a.vendor_id = any (public.my_vendors())) <> 1 then
    raise exception 'no such tickets';
  end if;
  update public.replies set ticket_id = p_into where ticket_id = p_from;
  delete from public.tickets where id = p_from;
end $$;

create function public.shared_ticket(p_token uuid) returns table (subject text, body text) language sql stable security definer set search_path = '' as $$
  select t.subject, t.body from public.tickets t where t.share_token = p_token
$$;

create view public.inbox with (security_invoker = true) as
  select t.id, t.subject, t.vendor_id, (select count(*) from public.replies r where r.ticket_id = t.id) as replies from public.tickets t;

insert into storage.buckets (id, name, public) values ('attachments', 'attachments', false) on conflict do nothing;
create policy att_read on storage.objects for select to authenticated
  using (bucket_id = 'attachments' and ((storage.foldername(name))[1])::uuid = any (public.my_vendors()));
create policy att_put on storage.objects for insert to authenticated
  with check (bucket_id = 'attachments' and ((storage.foldername(name))[1])::uuid = any (public.my_vendors()));
create policy att_move on storage.objects for update to authenticated
  using (bucket_id = 'attachments' and owner_id = auth.uid()::text) with check (bucket_id = 'attachments' and owner_id = auth.uid()::text and ((storage.foldername(name))[1])::uuid = any (public.my_vendors()));

revoke execute on all routines in schema public from public, anon;
grant execute on all routines in schema public to authenticated;
grant execute on function public.shared_ticket(uuid) to anon;
grant select on all tables in schema public to authenticated;
grant select on public.tickets to anon;
grant update (name, support_email, settings) on public.vendors to authenticated;
grant insert (vendor_id, subject, body, priority), update (subject, body, priority, share_token), delete on public.tickets to authenticated;
grant insert, update, delete on public.replies, public.macros, public.sla_rules to authenticated;
grant insert, delete on public.watchers to authenticated;
