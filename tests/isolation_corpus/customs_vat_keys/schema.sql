-- Customs declarations. A firm is known by what the state calls it: country and VAT number. No surrogate keys, no uuid.
create type power as enum ('view', 'file', 'full');
create type firm_key as (country char(2), vat_no text);
create domain money_cents as bigint check (value >= 0);

create table firms (
  country char(2) not null check (country ~ '^[A-Z]{2}$'),
  vat_no text not null check (vat_no ~ '^[A-Z0-9]{2,12}$'),
  name text not null,
  eori text generated always as (country || vat_no) stored,
  contact jsonb not null default '{}',
  primary key (country, vat_no)
);
create table signatories (
  country char(2) not null,
  vat_no text not null,
  user_id uuid not null references auth.users on delete cascade,
  power power not null default 'view',
  primary key (country, vat_no, user_id),
  foreign key (country, vat_no) references firms on update cascade on delete cascade
);
create table tariff_codes (code char(8) primary key, duty_percent numeric(5, 2) not null, label text not null);
insert into tariff_codes values ('84713000', 0, 'laptops'), ('61091000', 12, 'shirts');
create table declarations (
  country char(2) not null,
  vat_no text not null,
  decl_no integer not null,                 -- counted per firm
  tariff char(8) not null references tariff_codes,
  goods text not null,
  value money_cents not null,
  lodged_at timestamptz,
  primary key (country, vat_no, decl_no),
  foreign key (country, vat_no) references firms on update cascade on delete cascade
);
create table declaration_lines (
  country char(2) not null,
  vat_no text not null,
  decl_no integer not null,
  line_no smallint not null,
  description text not null,
  kilos numeric(10, 3),
  primary key (country, vat_no, decl_no, line_no),
  foreign key (country, vat_no, decl_no) references declarations on update cascade on delete cascade
);
create table guarantees (
  country char(2) not null,
  vat_no text not null,
  reference text not null,
  limit_cents money_cents not null,
  bank text not null,
  primary key (country, vat_no, reference),
  foreign key (country, vat_no) references firms on update cascade on delete cascade
);
create table warehouses (
  country char(2) not null,
  vat_no text not null,
  branch text not null check (branch ~ '^[0-9]{1,4}$'),
  address text not null,
  primary key (country, vat_no, branch),
  foreign key (country, vat_no) references firms on update cascade on delete cascade
);
create table warehouse_keepers (
  country char(2) not null,
  vat_no text not null,
  branch text not null,
  user_id uuid not null references auth.users on delete cascade,
  primary key (country, vat_no, branch, user_id),
  foreign key (country, vat_no, branch) references warehouses on update cascade on delete cascade
);
create table stock (
  id bigint generated always as identity primary key,
  country char(2) not null,
  vat_no text not null,
  branch text not null,
  item text not null,
  pieces integer not null default 0,
  foreign key (country, vat_no, branch) references warehouses on update cascade on delete cascade
);
-- ten years by law, whatever becomes of the firm: no key
create table declaration_archive (
  id bigint generated always as identity primary key,
  country char(2) not null,
  vat_no text not null,
  document jsonb not null,
  archived_at timestamptz not null default now()
);

create function has_power(p_country char, p_vat text, p_least power default 'view') returns boolean
language sql stable security definer set search_path = '' as $$
  select exists (select 1 from public.signatories s
    where s.country = p_country and s.vat_no = p_vat and s.user_id = auth.uid() and s.power >= p_least)
$$;
create function my_numbers() returns setof text language sql stable security definer set search_path = '' as $$
  select vat_no from public.signatories where user_id = auth.uid()
$$;
create function number_declaration() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  select coalesce(max(d.decl_no), 0) + 1 into new.decl_no from public.declarations d
  where d.country = new.country and d.vat_no = new.vat_no;
  return new;
end $$;
create trigger number_declaration before insert on declarations for each row execute function number_declaration();
create function archive_declaration() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  insert into public.declaration_archive (country, vat_no, document) values (old.country, old.vat_no, to_jsonb(old));
  return null;
end $$;
create trigger archive_declaration after delete on declarations for each row execute function archive_declaration();

alter table firms enable row level security;
alter table signatories enable row level security;
alter table tariff_codes enable row level security;
alter table declarations enable row level security;
alter table declaration_lines enable row level security;
alter table guarantees enable row level security;
alter table warehouses enable row level security;
alter table warehouse_keepers enable row level security;
alter table stock enable row level security;
alter table declaration_archive enable row level security;

create policy own on firms for select to authenticated using (has_power(country, vat_no));
create policy correct on firms for update to authenticated
  using (has_power(country, vat_no, 'full')) with check (has_power(country, vat_no, 'full'));
create policy close on firms for delete to authenticated using (has_power(country, vat_no, 'full'));
create policy own on signatories for select to authenticated using (has_power(country, vat_no));
create policy appoint on signatories for insert to authenticated with check (has_power(country, vat_no, 'full'));
create policy dismiss on signatories for delete to authenticated using (has_power(country, vat_no, 'full'));
create policy everybody on tariff_codes for select to anon, authenticated using (true);
create policy own on declarations for select to authenticated using (has_power(country, vat_no));
create policy file on declarations for insert to authenticated with check (has_power(country, vat_no, 'file') and lodged_at is null);
create policy drafts on declarations for delete to authenticated using (has_power(country, vat_no, 'file') and lodged_at is null);
create policy own on declaration_lines for select to authenticated using (has_power(country, vat_no));
create policy file on declaration_lines for all to authenticated
  using (has_power(country, vat_no, 'file')) with check (has_power(country, vat_no, 'file'));
create policy own on guarantees for select to authenticated using (vat_no in (select my_numbers()));
create policy own on warehouses for select to authenticated using (has_power(country, vat_no));
create policy full_power on warehouses for insert to authenticated with check (has_power(country, vat_no, 'full'));
create policy own on warehouse_keepers for select to authenticated using (user_id = auth.uid() or has_power(country, vat_no));
create policy full_power on warehouse_keepers for insert to authenticated with check (has_power(country, vat_no, 'full'));
create policy keepers on stock for all to authenticated using (
  exists (select 1 from warehouse_keepers k where k.user_id = auth.uid()
    and k.country || k.vat_no || k.branch = stock.country || stock.vat_no || stock.branch));
create policy own on declaration_archive for select to authenticated using (has_power(country, vat_no));

create view duties with (security_invoker) as
  select d.country, d.vat_no, d.decl_no, (d.value * t.duty_percent / 100)::bigint as duty_cents
  from declarations d join tariff_codes t on t.code = d.tariff;

-- rpc
create function register_firm(p_country text, p_vat text, p_name text) returns firm_key
language plpgsql security definer set search_path = '' as $$
declare v public.firm_key := row(upper(p_country), upper(regexp_replace(p_vat, '[^A-Za-z0-9]', '', 'g')))::public.firm_key;
begin
  if auth.uid() is null then raise exception 'sign in' using errcode = '28000'; end if;
  insert into public.firms (country, vat_no, name) values (v.country, v.vat_no, p_name) on conflict (country, vat_no) do nothing;
  insert into public.signatories values (v.country, v.vat_no, auth.uid(), 'full') on conflict do nothing;
  return v;
end $$;
-- a typing error in one's own number
create function correct_number(p_old firm_key, p_new firm_key) returns void language plpgsql security definer set search_path = '' as $$
begin
  if not public.has_power(p_old.country, p_old.vat_no, 'full') then raise exception 'not a signatory' using errcode = '42501'; end if;
  update public.firms set country = p_new.country, vat_no = p_new.vat_no where country = p_old.country and vat_no = p_old.vat_no;
end $$;
create function lodge(p_firm firm_key, p_decl integer) returns timestamptz language plpgsql security definer set search_path = '' as $$
declare v timestamptz;
begin
  update public.declarations set lodged_at = now()
  where country = p_firm.country and vat_no = p_firm.vat_no and decl_no = p_decl and lodged_at is null
    and public.has_power(country, vat_no, 'file')
  returning lodged_at into v;
  return v;
end $$;
create function compare_duties(p_firms firm_key[]) returns table (firm text, goods text, value bigint)
language plpgsql stable security definer set search_path = '' as $$
begin
  if not public.has_power(p_firms[1].country, p_firms[1].vat_no) then raise exception 'not a signatory' using errcode = '42501'; end if;
  return query select f.name, d.goods, d.value::bigint
    from unnest(p_firms) k join public.firms f on f.country = k.country and f.vat_no = k.vat_no
    join public.declarations d on d.country = k.country and d.vat_no = k.vat_no;
end $$;
create function change_power(p_firm firm_key, p_user uuid, p_power power) returns void language sql security definer set search_path = '' as $$
  update public.signatories s set power = p_power
  where s.country = p_firm.country and s.vat_no = p_firm.vat_no and s.user_id = p_user and s.user_id <> auth.uid()
    and public.has_power(s.country, s.vat_no, 'full')
$$;

grant usage on schema public to anon, authenticated;
grant select on tariff_codes to anon, authenticated;
grant select on firms, signatories, declarations, declaration_lines, guarantees, warehouses, warehouse_keepers, stock, declaration_archive, duties to authenticated;
grant update (name, contact), delete on firms to authenticated;
grant insert, delete on signatories to authenticated;
grant insert, delete on declarations to authenticated;
grant insert, update, delete on declaration_lines, stock to authenticated;
grant insert on warehouses, warehouse_keepers to authenticated;
revoke execute on all functions in schema public from public, anon;
grant execute on all functions in schema public to authenticated;
