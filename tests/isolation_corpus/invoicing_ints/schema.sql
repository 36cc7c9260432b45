-- Rechnungsprogramm, Datenbankschema
-- Mandant = Firma, Zugriff = Benutzer darf in Mandant

create table mandanten (
  id integer generated always as identity primary key,
  firma text not null,
  ust_id text check (ust_id ~ '^DE[0-9]{9}$'),
  angelegt timestamptz not null default now()
);

create table zugriffe (
  mandant_id integer not null references mandanten on delete cascade,
  benutzer uuid not null references auth.users on delete cascade,
  stufe smallint not null default 1 check (stufe in (1, 2, 3)), -- 1 lesen, 2 schreiben, 3 verwalten
  primary key (mandant_id, benutzer)
);

create table waehrungen (code char(3) primary key check (code = upper(code)), name text not null);
insert into waehrungen values ('EUR', 'Euro'), ('CHF', 'Franken'), ('USD', 'Dollar');

create table kunden (
  mandant_id integer not null references mandanten on delete cascade,
  nr integer not null check (nr > 0),
  name text not null,
  iban text,
  primary key (mandant_id, nr)
);
-- Altbestand aus der Vorversion
create table kunden_alt (uebernommen_am date not null default current_date) inherits (kunden);

create table rechnungen (
  mandant_id integer not null references mandanten on delete cascade,
  nr integer not null check (nr > 0),
  kunde_nr integer not null,
  datum date not null default current_date,
  waehrung char(3) not null default 'EUR' references waehrungen,
  netto numeric(12, 2) not null default 0,
  mwst numeric(4, 1) not null default 19.0,
  brutto numeric(12, 2) generated always as (round(netto * (1 + mwst / 100), 2)) stored,
  primary key (mandant_id, nr),
  foreign key (mandant_id, kunde_nr) references kunden (mandant_id, nr)
);

create table positionen (
  mandant_id integer not null,
  rechnung_nr integer not null,
  pos smallint not null check (pos between 1 and 999),
  text text not null,
  menge numeric(10, 2) not null default 1,
  einzelpreis numeric(12, 2) not null,
  primary key (mandant_id, rechnung_nr, pos),
  foreign key (mandant_id, rechnung_nr) references rechnungen (mandant_id, nr) on delete cascade on update cascade
);

create table zahlungen (
  id integer generated always as identity primary key,
  mandant_id integer not null,
  rechnung_nr integer not null,
  betrag numeric(12, 2) not null check (betrag <> 0),
  status text not null default 'offen' check (status in ('offen', 'gebucht', 'storniert')),
  verwendungszweck text,
  foreign key (mandant_id, rechnung_nr) references rechnungen (mandant_id, nr) on delete cascade on update cascade
);

create table mahnstufen (
  id integer generated always as identity primary key,
  mandant_id integer references mandanten on delete cascade, -- leer: Vorgabe für alle
  stufe smallint not null,
  text text not null,
  gebuehr numeric(6, 2) not null default 0,
  unique nulls not distinct (mandant_id, stufe)
);
insert into mahnstufen (mandant_id, stufe, text, gebuehr) values (null, 1, 'Freundliche Erinnerung', 0), (null, 2, 'Letzte Mahnung', 5);

create table nummernkreise (
  mandant_id integer primary key references mandanten on delete cascade,
  naechste integer not null default 1
);

create function darf(m integer, mindestens smallint default 1::smallint) returns boolean
language sql stable security definer set search_path = public, pg_temp
return exists (select 1 from zugriffe z where z.mandant_id = m and z.benutzer = auth.uid() and z.stufe >= mindestens);

create function mandant_anlegen(firmenname text) returns integer
language plpgsql security definer set search_path = public, pg_temp as $$
declare neu integer;
begin
  if auth.uid() is null then raise exception 'nicht angemeldet'; end if;
  insert into mandanten (firma) values (firmenname) returning id into neu;
  insert into zugriffe values (neu, auth.uid(), 3);
  insert into nummernkreise (mandant_id) values (neu);
  return neu;
end $$;

create function naechste_nummer(m integer) returns integer
language sql security definer set search_path = public, pg_temp as $$
  update nummernkreise set naechste = naechste + 1 where mandant_id = m returning naechste - 1;
$$;

-- Volltextsuche der Oberfläche
create function rechnung_suchen(begriff text) returns table (nr integer, kunde text, brutto numeric)
language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
  return query execute
    'select r.nr, k.name, r.brutto from rechnungen r join kunden k on k.mandant_id = r.mandant_id and k.nr = r.kunde_nr '
    || 'where darf(r.mandant_id) and k.name ilike ''%' || begriff || '%''';
end $$;

create function umsatz(m integer, jahr integer) returns numeric
language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
  if not darf(m) then
    raise exception 'kein Zugriff' using errcode = '42501';
  end if;
  return (select coalesce(sum(r.brutto), 0) from rechnungen r where r.mandant_id = m and extract(year from r.datum) = jahr);
end $$;

-- Übernahme von Kunden aus einem anderen eigenen Mandanten
create function kunden_uebernehmen(von integer, nach integer) returns integer
language plpgsql security definer set search_path = public, pg_temp as $$
declare n integer;
begin
  if not darf(nach, 2::smallint) then
    raise exception 'kein Zugriff' using errcode = '42501';
  end if;
  insert into kunden (mandant_id, nr, name, iban)
    select nach, 100000 + k.nr, k.name, k.iban from only kunden k where k.mandant_id = von on conflict do nothing;
  get diagnostics n = row_count;
  return n;
end $$;

alter table mandanten enable row level security;
alter table zugriffe enable row level security;
alter table waehrungen enable row level security;
alter table kunden enable row level security;
alter table rechnungen enable row level security;
alter table positionen enable row level security;
alter table zahlungen enable row level security;
alter table mahnstufen enable row level security;
alter table nummernkreise enable row level security;

create policy lesen on mandanten for select to authenticated using (darf(id));
create policy aendern on mandanten for update to authenticated using (darf(id, 3::smallint)) with check (darf(id, 3::smallint));
create policy lesen on zugriffe for select to authenticated using (benutzer = auth.uid() or darf(mandant_id, 3::smallint));
create policy vergeben on zugriffe for insert to authenticated with check (darf(mandant_id, 3::smallint));
create policy entziehen on zugriffe for delete to authenticated using (darf(mandant_id, 3::smallint));
create policy lesen on waehrungen for select to authenticated using (true);
create policy lesen on kunden for select to authenticated using (darf(mandant_id));
create policy schreiben on kunden for all to authenticated using (darf(mandant_id, 2::smallint)) with check (darf(mandant_id, 2::smallint));
create policy lesen on rechnungen for select to authenticated using (darf(mandant_id));
create policy anlegen on rechnungen for insert to authenticated with check (darf(mandant_id, 2::smallint));
create policy aendern on rechnungen for update to authenticated using (darf(mandant_id, 2::smallint)) with check (netto >= 0);
create policy positionen on positionen for all to authenticated
  using (rechnung_nr in (select r.nr from rechnungen r))
  with check (darf(mandant_id, 2::smallint) and rechnung_nr in (select r.nr from rechnungen r));
create policy lesen on zahlungen for select to authenticated using (status = 'offen' and betrag > 0 or status <> 'offen' and darf(mandant_id));
create policy buchen on zahlungen for insert to authenticated with check (darf(mandant_id, 2::smallint));
create policy lesen on mahnstufen for select to authenticated using (mandant_id is null or darf(mandant_id));
create policy schreiben on mahnstufen for update to authenticated
  using (mandant_id is null or darf(mandant_id, 2::smallint)) with check (mandant_id is null or darf(mandant_id, 2::smallint));
create policy anlegen on mahnstufen for insert to authenticated with check (darf(mandant_id, 2::smallint));
create policy lesen on nummernkreise for select to authenticated using (darf(mandant_id));

-- läuft als Eigentümer, schränkt aber selbst ein
create view offene_posten as
  select r.mandant_id, r.nr, r.brutto - coalesce(sum(z.betrag), 0) as offen
  from rechnungen r left join zahlungen z on (z.mandant_id, z.rechnung_nr) = (r.mandant_id, r.nr) and z.status = 'gebucht'
  where r.mandant_id in (select x.mandant_id from zugriffe x where x.benutzer = auth.uid())
  group by r.mandant_id, r.nr, r.brutto;

create materialized view umsatz_monat as
  select mandant_id, date_trunc('month', datum)::date as monat, sum(netto) as netto, count(*) as anzahl from rechnungen group by 1, 2;

grant select, insert, delete on zugriffe to authenticated;
grant select, update (firma, ust_id) on mandanten to authenticated;
grant select, insert, update, delete on kunden, positionen to authenticated;
grant select, delete on kunden_alt to authenticated;
grant select, insert, update on rechnungen, mahnstufen to authenticated;
grant select, insert on zahlungen to authenticated;
grant select on waehrungen, nummernkreise, offene_posten, umsatz_monat to authenticated;
revoke execute on function mandant_anlegen(text), naechste_nummer(integer), rechnung_suchen(text), umsatz(integer, integer), kunden_uebernehmen(integer, integer) from public;
grant execute on function mandant_anlegen(text), naechste_nummer(integer), rechnung_suchen(text), umsatz(integer, integer), kunden_uebernehmen(integer, integer) to authenticated;
