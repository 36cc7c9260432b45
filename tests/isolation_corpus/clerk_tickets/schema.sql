-- Signed in elsewhere (third-party auth): `sub` is a text, the organization and the role in it are claims of the token.
create table organizations (
  id text primary key,               -- "org_…", synced by a webhook with the service role
  name text not null
);
create table boards (
  id uuid primary key default gen_random_uuid(),
  org_id text not null default (auth.jwt() ->> 'org_id') references organizations (id) on delete cascade,
  title text not null
);
create table tickets (
  id uuid primary key default gen_random_uuid(),
  board_id uuid not null references boards (id) on delete cascade,
  org_id text not null default (auth.jwt() ->> 'org_id'),
  author text not null default (auth.jwt() ->> 'sub'),
  title text not null,
  effort integer check (effort in (1, 2, 3, 5, 8))
);
create table ticket_events (
  id bigint generated always as identity primary key,
  ticket_id uuid not null references tickets (id) on delete cascade,
  what text not null
);
create table drafts (
  id uuid primary key default gen_random_uuid(),
  author text not null default (auth.jwt() ->> 'sub'),
  body text not null
);
create table invoices (
  id uuid primary key default gen_random_uuid(),
  org_id text not null references organizations (id) on delete cascade,
  cents integer not null
);
create table labels (
  org_id text not null default (auth.jwt() ->> 'org_id'),
  name text not null,
  primary key (org_id, name)
);
create table standups (
  id uuid primary key default gen_random_uuid(),
  org_id text not null default (auth.jwt() ->> 'org_id'),
  author text not null default (auth.jwt() ->> 'sub'),
  said text not null
);

alter table organizations enable row level security;
alter table boards enable row level security;
alter table tickets enable row level security;
alter table ticket_events enable row level security;
alter table drafts enable row level security;
alter table invoices enable row level security;
alter table labels enable row level security;
alter table standups enable row level security;

create policy own on organizations for select to authenticated using (id = (select auth.jwt() ->> 'org_id'));
create policy own on boards for all to authenticated
  using (org_id = (select auth.jwt() ->> 'org_id')) with check (org_id = (select auth.jwt() ->> 'org_id'));
-- a ticket's board is not looked at
create policy own on tickets for all to authenticated
  using (org_id = (select auth.jwt() ->> 'org_id')) with check (org_id = (select auth.jwt() ->> 'org_id'));
create policy own on ticket_events for select to authenticated
  using (exists (select 1 from tickets t where t.id = ticket_id and t.org_id = (auth.jwt() ->> 'org_id')));
create policy own on drafts for all to authenticated
  using (author = (auth.jwt() ->> 'sub')) with check (author = (auth.jwt() ->> 'sub'));
create policy admins on invoices for select to authenticated using ((auth.jwt() ->> 'org_role') = 'org:admin');
create policy own on labels for select to authenticated using (org_id = (auth.jwt() ->> 'org_id'));
create policy add on labels for insert to authenticated with check ((auth.jwt() ->> 'org_role') in ('org:admin', 'org:member'));
create policy own on standups for select to authenticated using (org_id = (auth.jwt() ->> 'org_id'));
create policy mine on standups for insert to authenticated
  with check (author = (auth.jwt() ->> 'sub') and org_id = (auth.jwt() ->> 'org_id'));
create policy mine_too on standups for update to authenticated using (author = (auth.jwt() ->> 'sub'));

grant select, insert, update, delete on boards, tickets, drafts to authenticated;
grant select on organizations, ticket_events, invoices to authenticated;
grant select, insert on labels to authenticated;
grant select, insert, update on standups to authenticated;

create function log_ticket() returns trigger language plpgsql security definer set search_path = public as $$
begin
  insert into ticket_events (ticket_id, what) values (new.id, tg_op || ' ' || new.title);
  return new;
end $$;
create trigger log_ticket after insert or update on tickets for each row execute function log_ticket();

create function board_effort(p_board uuid) returns bigint language sql stable security definer set search_path = public as $$
  select coalesce(sum(effort), 0) from tickets where board_id = p_board and org_id = (auth.jwt() ->> 'org_id')
$$;
create function close_board(p_board uuid) returns void language sql security definer set search_path = public as $$
  delete from boards where id = p_board and (auth.jwt() ->> 'org_role') = 'org:admin'
$$;
revoke execute on all functions in schema public from public;
grant execute on all functions in schema public to authenticated;
