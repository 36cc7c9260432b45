-- Marketing agencies; clients only ever see the schema api: views with triggers instead of writes, procedures, a partitioned log.
create schema core;
create schema api;
grant usage on schema api to anon, authenticated;

create domain core.hex_color as text check (value ~ '^#[0-9a-f]{6}$');
create type core.money_range as (low numeric, high numeric);
create type core.campaign_state as enum ('idea', 'running', 'over');

create table core.agencies (
  id uuid primary key default gen_random_uuid(),
  title text not null,
  accent core.hex_color not null default '#112233'
);
create table core.profiles (
  id uuid primary key references auth.users on delete cascade,
  agency_id uuid references core.agencies on delete set null,
  is_owner boolean not null default false,
  nickname text not null default 'somebody',
  ui jsonb not null default '{}'
);
create table core.campaigns (
  id uuid primary key default gen_random_uuid(),
  agency_id uuid not null references core.agencies on delete cascade,
  name text not null,
  state core.campaign_state not null default 'idea',
  budget core.money_range,
  channels text[] not null default '{mail}'
);
create table core.assets (
  id uuid primary key default gen_random_uuid(),
  campaign_id uuid not null references core.campaigns on delete cascade,
  caption text not null,
  payload bytea not null default '\x00'
);
create table core.contacts (
  id uuid primary key default gen_random_uuid(),
  agency_id uuid not null references core.agencies on delete cascade,
  email text not null,
  consent boolean not null default false
);
create table core.events (
  id bigint generated always as identity,
  agency_id uuid not null,
  at timestamptz not null default now(),
  what text not null,
  primary key (id, at)
) partition by range (at);
create table core.events_old partition of core.events for values from (minvalue) to ('2026-01-01');
create table core.events_new partition of core.events for values from ('2026-01-01') to (maxvalue);
create table core.secrets (agency_id uuid primary key references core.agencies on delete cascade, smtp_password text not null);

create function core.my_agency() returns uuid language sql stable security definer set search_path = '' as $$
  select p.agency_id from core.profiles p where p.id = auth.uid()
$$;
create function core.owns_agency() returns boolean language sql stable security definer set search_path = '' as $$
  select coalesce((select p.is_owner from core.profiles p where p.id = auth.uid()), false)
$$;
grant usage on schema core to authenticated;   -- for the views that run as their caller
revoke execute on all functions in schema core from public;
grant execute on all functions in schema core to authenticated;

alter table core.agencies enable row level security;
alter table core.profiles enable row level security;
alter table core.campaigns enable row level security;
alter table core.assets enable row level security;
alter table core.contacts enable row level security;
alter table core.events enable row level security;
alter table core.secrets enable row level security;
create policy own on core.agencies for select to authenticated using (id = core.my_agency());
create policy mine on core.profiles for select to authenticated using (id = auth.uid() or agency_id = core.my_agency());
create policy own on core.campaigns for all to authenticated using (agency_id = core.my_agency()) with check (agency_id = core.my_agency());
create policy own on core.assets for select to authenticated using (exists (select 1 from core.campaigns c where c.id = assets.campaign_id));
create policy own on core.contacts for select to authenticated using (agency_id = core.my_agency());
create policy own on core.events for select to authenticated using (agency_id = core.my_agency());
grant select on core.agencies, core.campaigns, core.assets, core.contacts, core.events, core.events_old to authenticated;
grant select (id, agency_id, is_owner, nickname) on core.profiles to authenticated;
grant insert, update, delete on core.campaigns to authenticated;

create view api.agency with (security_invoker = true) as select id, title, accent from core.agencies;
create view api.campaigns with (security_invoker = true) as select id, agency_id, name, state, channels from core.campaigns;
create view api.people as select id, nickname, is_owner from core.profiles where agency_id = core.my_agency();
-- one's own row; the check option was thought of, the columns were not
create view api.me as select id, nickname, ui, agency_id, is_owner from core.profiles where id = auth.uid() with check option;
create view api.assets as select a.id, a.campaign_id, a.caption from core.assets a join core.campaigns c on c.id = a.campaign_id where c.agency_id = core.my_agency();
create view api.contacts as select id, agency_id, email, consent from core.contacts where agency_id = core.my_agency();
create view api.activity as select e.at, e.what from core.events e where e.agency_id = core.my_agency() or e.at < now() - interval '30 days';
grant select on api.agency, api.campaigns, api.people, api.me, api.assets, api.contacts, api.activity to authenticated;
grant update (nickname, ui, agency_id) on api.me to authenticated;
grant insert, update, delete on api.campaigns to authenticated;
grant insert, update, delete on api.assets to authenticated;
grant insert on api.contacts to authenticated;

create function core.write_asset() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  if tg_op = 'DELETE' then
    delete from core.assets where id = old.id;
    return old;
  end if;
  if not exists (select 1 from core.campaigns c where c.id = new.campaign_id and (c.agency_id = core.my_agency() or c.state = 'idea')) then
    raise exception 'no such campaign' using errcode = 'P0002';
  end if;
  if tg_op = 'INSERT' then
    insert into core.assets (campaign_id, caption) values (new.campaign_id, new.caption) returning id into new.id;
  else
    update core.assets set caption = new.caption, campaign_id = new.campaign_id where id = old.id;
  end if;
  return new;
end $$;
create trigger write_asset instead of insert or update or delete on api.assets for each row execute function core.write_asset();

create function api.start_agency(title text) returns uuid language plpgsql security definer set search_path = '' as $$
declare v uuid;
begin
  if auth.uid() is null then raise exception 'sign in' using errcode = '28000'; end if;
  if core.my_agency() is not null then raise exception 'you have one' using errcode = '23505'; end if;
  insert into core.agencies (title) values (start_agency.title) returning id into v;
  insert into core.profiles (id, agency_id, is_owner) values (auth.uid(), v, true)
  on conflict (id) do update set agency_id = excluded.agency_id, is_owner = true;
  return v;
end $$;
create procedure api.unsubscribe(address text) language plpgsql security definer set search_path = '' as $$
begin
  delete from core.contacts c where c.email = unsubscribe.address and (c.agency_id = core.my_agency() or not c.consent);
end $$;
create function api.budget_between(span core.money_range) returns setof uuid language sql stable security definer set search_path = '' as $$
  select c.id from core.campaigns c where (c.budget).low >= span.low and (c.budget).high <= span.high and c.agency_id = core.my_agency()
$$;
create function api.rotate_password(new_password text) returns boolean language plpgsql security definer set search_path = '' as $$
begin
  if not core.owns_agency() then return false; end if;
  insert into core.secrets values (core.my_agency(), new_password) on conflict (agency_id) do update set smtp_password = excluded.smtp_password;
  return true;
end $$;
create function api.clone_campaign(source api.campaigns) returns uuid language sql security definer set search_path = '' as $$
  insert into core.campaigns (agency_id, name, channels, budget)
  select core.my_agency(), c.name, c.channels, c.budget from core.campaigns c where c.id = source.id and core.my_agency() is not null returning id
$$;
revoke execute on all routines in schema api from public, anon;
grant execute on all routines in schema api to authenticated;
