-- Rehearsal rooms. A studio is its slug. Calls enter a studio first (app.tenant), policies ask what was entered.
create domain public.slug as text check (value ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and length(value) <= 40);
create domain public.cents as integer check (value >= 0);
create domain public.hour_range as tstzrange check (not isempty(value) and upper(value) - lower(value) <= interval '1 day');

create schema private;

create table public.studios (
  slug public.slug primary key,
  display_name text not null,
  owner_email text check (owner_email = lower(owner_email))
);
create table public.studio_members (
  studio public.slug not null references public.studios on update cascade on delete cascade,
  user_id uuid not null references auth.users on delete cascade,
  role text not null default 'musician' check (role in ('musician', 'desk', 'owner')),
  nickname text,
  primary key (studio, user_id)
);
create table public.rooms (
  studio public.slug not null references public.studios on update cascade on delete cascade,
  code text not null,
  price_per_hour public.cents not null default 0,
  primary key (studio, code)
);
create table public.bookings (
  studio public.slug not null,
  room text not null,
  during public.hour_range not null,
  band text not null,
  booked_by uuid default auth.uid() references auth.users on delete set null,
  foreign key (studio, room) references public.rooms (studio, code) on update cascade on delete cascade,
  primary key (studio, room, during)
);
create table public.loans (
  id bigint primary key generated always as identity,
  studio public.slug not null references public.studios on update cascade on delete cascade,
  serial_no integer not null check (serial_no > 0),
  during daterange not null check (not isempty(during)),
  borrower text not null,
  exclude using gist (int4range(serial_no, serial_no, '[]') with &&, during with &&)
);
create table public.invoices (
  studio public.slug not null references public.studios on update cascade on delete cascade,
  number text not null,
  customer text not null,
  total public.cents not null default 0,
  paid integer not null default 0,
  primary key (studio, number)
);
create table public.payments (
  id bigint primary key generated always as identity,
  studio public.slug not null references public.studios on update cascade on delete cascade,
  invoice_number text not null,
  amount public.cents not null
);
create table public.vouchers (
  studio public.slug not null references public.studios on update cascade on delete cascade,
  code text not null check (code = upper(code)),
  worth public.cents not null default 1000,
  primary key (studio, code)
);
-- imported from the old system
create table public.price_list (
  studio public.slug not null references public.studios on update cascade on delete cascade,
  item text not null,
  purchase_price public.cents not null,
  primary key (studio, item)
);

create function private.my_studios() returns text[] language sql stable security definer set search_path = '' as $$
  select coalesce(array_agg(m.studio::text), '{}') from public.studio_members m where m.user_id = auth.uid()
$$;
create function private.my_role(p_studio text) returns text language sql stable security definer set search_path = '' as $$
  select m.role from public.studio_members m where m.user_id = auth.uid() and m.studio = p_studio
$$;
create function private.enter(p_studio text) returns void language plpgsql security definer set search_path = '' as $$
begin
  if private.my_role(p_studio) is null then
    raise exception 'no such studio' using errcode = 'P0002';
  end if;
  perform set_config('app.tenant', p_studio, true);
end $$;
create function private.entered() returns text language sql stable set search_path = '' as $$
  select nullif(current_setting('app.tenant', true), '')
$$;

create function public.open_studio(p_studio text) returns setof public.bookings language plpgsql set search_path = '' as $$
begin
  perform set_config('app.tenant', p_studio, true);
  return query select * from public.bookings b where b.studio = p_studio order by b.during;
end $$;

create function private.settle() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  update public.invoices set paid = paid + new.amount where number = new.invoice_number;
  return new;
end $$;
create trigger settle after insert on public.payments for each row execute function private.settle();

alter table public.studios enable row level security;
alter table public.studio_members enable row level security;
alter table public.rooms enable row level security;
alter table public.bookings enable row level security;
alter table public.loans enable row level security;
alter table public.invoices enable row level security;
alter table public.payments enable row level security;
alter table public.vouchers enable row level security;

create policy mine on public.studios for select to authenticated using (slug = any ((select private.my_studios())::text[]));
create policy rename on public.studios for update to authenticated
  using (private.my_role(slug) = 'owner') with check (slug = any ((select private.my_studios())::text[]));
create policy mine on public.studio_members for select to authenticated using (studio = any ((select private.my_studios())::text[]));
create policy myself on public.studio_members for update to authenticated using (user_id = auth.uid()) with check (user_id = auth.uid());
create policy hire on public.studio_members for insert to authenticated with check (private.my_role(studio) = 'owner');
create policy mine on public.rooms for select to authenticated using (studio = any ((select private.my_studios())::text[]));
create policy desk on public.rooms for all to authenticated using (private.my_role(studio) in ('desk', 'owner')) with check (private.my_role(studio) in ('desk', 'owner'));
create policy entered on public.bookings for select to authenticated using (studio = private.entered());
create policy book on public.bookings for insert to authenticated with check (studio = any ((select private.my_studios())::text[]));
create policy loans on public.loans for all to authenticated using (studio = any ((select private.my_studios())::text[])) with check (studio = any ((select private.my_studios())::text[]));
create policy desk on public.invoices for select to authenticated using (private.my_role(studio) in ('desk', 'owner'));
create policy write on public.invoices for insert to authenticated with check (private.my_role(studio) in ('desk', 'owner'));
create policy desk on public.payments for all to authenticated using (private.my_role(studio) in ('desk', 'owner')) with check (private.my_role(studio) in ('desk', 'owner'));
create policy desk on public.vouchers for all to authenticated using (private.my_role(studio) in ('desk', 'owner')) with check (private.my_role(studio) in ('desk', 'owner'));

-- an owner's view that filters for itself
create view public.day_plan as
  select b.studio, b.room, b.during, b.band from public.bookings b where b.studio = any (private.my_studios()) with local check option;

create function public.my_bookings(p_studio text) returns setof public.bookings language plpgsql set search_path = '' as $$
begin
  perform private.enter(p_studio);
  return query select * from public.bookings b where b.booked_by = auth.uid();
end $$;

create function public.import_bookings(p_rows json) returns integer language plpgsql security definer set search_path = '' as $$
declare n integer;
begin
  if private.my_role(p_rows -> 0 ->> 'studio') is distinct from 'owner' then
    raise exception 'owners import' using errcode = '42501';
  end if;
  insert into public.bookings (studio, room, during, band)
  select r.studio, r.room, r.during, r.band from json_to_recordset(p_rows) as r(studio text, room text, during tstzrange, band text)
  on conflict do nothing;
  get diagnostics n = row_count;
  return n;
end $$;

create function public.check_voucher(p_code text) returns boolean language sql stable security definer set search_path = '' as $$
  select exists (select 1 from public.vouchers v where v.code = upper(p_code))
$$;

create function public.export_studio(p_studio text) returns jsonb language plpgsql stable security definer set search_path = '' as $$
begin
  if private.my_role(p_studio) is distinct from 'owner' then return null; end if;
  return jsonb_build_object(
    'rooms', (select jsonb_agg(r) from public.rooms r where r.studio = p_studio),
    'invoices', (select jsonb_agg(i) from public.invoices i where i.studio = p_studio));
end $$;

revoke execute on all functions in schema public, private from public, anon;
grant usage on schema private to authenticated;
grant execute on all functions in schema public, private to authenticated;
grant select on all tables in schema public to authenticated;
grant select on public.price_list to anon;
grant update (slug, display_name) on public.studios to authenticated;
grant insert, update (role, nickname) on public.studio_members to authenticated;
grant insert, update, delete on public.rooms, public.loans, public.vouchers to authenticated;
grant insert on public.bookings to authenticated;
grant insert (studio, number, customer, total) on public.invoices to authenticated;
grant insert (studio, invoice_number, amount) on public.payments to authenticated;
