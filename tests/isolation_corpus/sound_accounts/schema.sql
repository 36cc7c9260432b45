/*
  Accounts: every user has a personal account, and may be in team accounts.
  All objects of ours live in the `app` schema, helpers that clients never call in `app_private`.
*/
create schema app;
create schema app_private;
grant usage on schema app to authenticated, service_role;
grant usage on schema app_private to authenticated;
revoke execute on all functions in schema app from public;
alter default privileges in schema app revoke execute on functions from public;

create domain app.slug as text check (value ~ '^[a-z][a-z0-9-]{2,39}$');
create domain app.email as text check (value = lower(value) and value ~ '^[^@\s]+@[^@\s]+$');

create table app.roles (
  key text primary key,
  rank int not null unique
);
insert into app.roles values ('owner', 100), ('editor', 50), ('reader', 10);
alter table app.roles enable row level security;
create policy roles_read on app.roles for select to authenticated using (true);
grant select on app.roles to authenticated;

create table app.accounts (
  id uuid primary key default gen_random_uuid(),
  slug app.slug unique,
  name text not null check (length(name) between 1 and 80),
  is_personal boolean not null default false,
  owner_id uuid not null references auth.users (id) on delete cascade,
  created_at timestamptz not null default now(),
  check (is_personal = (slug is null))
);
create unique index one_personal_account on app.accounts (owner_id) where is_personal;

create table app.account_users (
  account_id uuid not null references app.accounts (id) on delete cascade,
  user_id uuid not null references auth.users (id) on delete cascade,
  role text not null references app.roles (key),
  primary key (account_id, user_id)
);
create index on app.account_users (user_id);

create table app.profiles (
  id uuid primary key references auth.users (id) on delete cascade,
  display_name text not null default '',
  locale text not null default 'en' check (locale ~ '^[a-z]{2}(-[A-Z]{2})?$')
);

create function app_private.has_role(p_account uuid, variadic p_roles text[])
returns boolean language sql stable security definer set search_path = '' as $$
  select exists (
    select 1 from app.account_users u
    where u.account_id = p_account and u.user_id = (select auth.uid()) and (cardinality(p_roles) = 0 or u.role = any (p_roles))
  )
$$;
create function app_private.my_accounts() returns setof uuid
language sql stable security definer set search_path = '' as $$
  select account_id from app.account_users where user_id = (select auth.uid())
$$;
revoke execute on all functions in schema app_private from public;
grant execute on all functions in schema app_private to authenticated;

-- sign-up: profile and personal account, from nothing that the user could forge but their display name
create function app_private.handle_new_user() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  new_account uuid;
begin
  insert into app.profiles (id, display_name) values (new.id, coalesce(left(new.raw_user_meta_data ->> 'display_name', 80), ''));
  insert into app.accounts (name, is_personal, owner_id) values ('Personal', true, new.id) returning id into new_account;
  insert into app.account_users values (new_account, new.id, 'owner');
  return new;
end $$;
revoke execute on function app_private.handle_new_user() from public;
create trigger on_auth_user_created after insert on auth.users for each row execute function app_private.handle_new_user();

create table app.invitations (
  id uuid primary key default gen_random_uuid(),
  account_id uuid not null references app.accounts (id) on delete cascade,
  email app.email not null,
  role text not null references app.roles (key) check (role <> 'owner'),
  token_hash bytea not null,
  created_at timestamptz not null default now(),
  unique (account_id, email)
);

create table app.documents (
  id uuid primary key default gen_random_uuid(),
  account_id uuid not null references app.accounts (id) on delete cascade,
  title text not null,
  body text not null default '',
  created_by uuid not null default auth.uid() references auth.users (id),
  deleted_at timestamptz
);
create table app.document_events (
  id bigint generated always as identity primary key,
  document_id uuid not null,
  account_id uuid not null references app.accounts (id) on delete cascade,
  actor uuid,
  what text not null,
  at timestamptz not null default clock_timestamp()
);
create table app.rate_limits (
  user_id uuid not null references auth.users (id) on delete cascade,
  bucket text not null,
  hits int not null default 1,
  window_start timestamptz not null default date_trunc('minute', now()),
  primary key (user_id, bucket, window_start)
);

create function app_private.log_document() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  insert into app.document_events (document_id, account_id, actor, what) values (new.id, new.account_id, auth.uid(), lower(tg_op));
  return null;
end $$;
revoke execute on function app_private.log_document() from public;
create trigger log_document after insert or update on app.documents for each row execute function app_private.log_document();

-- who wrote a document, and for whom, never changes
create function app_private.freeze_document() returns trigger language plpgsql set search_path = '' as $$
begin
  if (new.account_id, new.created_by, new.id) is distinct from (old.account_id, old.created_by, old.id) then
    raise exception 'a document stays where it was written' using errcode = 'check_violation';
  end if;
  return new;
end $$;
create trigger freeze_document before update on app.documents for each row execute function app_private.freeze_document();

create function app.create_team(name text, slug text) returns uuid
language plpgsql security definer set search_path = '' as $$
declare
  new_account uuid;
begin
  if auth.uid() is null then
    raise exception 'sign in first' using errcode = 'insufficient_privilege';
  end if;
  insert into app.accounts (name, slug, owner_id) values (create_team.name, create_team.slug, auth.uid()) returning id into new_account;
  insert into app.account_users values (new_account, auth.uid(), 'owner');
  return new_account;
end $$;

create function app.invite(account uuid, invitee text, as_role text) returns text
language plpgsql security definer set search_path = '' as $$
declare
  secret text := encode(sha256(convert_to(gen_random_uuid()::text || clock_timestamp()::text, 'utf8')), 'hex');
begin
  if not app_private.has_role(account, 'owner') then
    raise exception 'not allowed' using errcode = 'insufficient_privilege';
  end if;
  insert into app.invitations (account_id, email, role, token_hash) values (account, lower(invitee), as_role, sha256(convert_to(secret, 'utf8')))
  on conflict (account_id, email) do update set role = excluded.role, token_hash = excluded.token_hash, created_at = now();
  return secret;
end $$;

create function app.accept_invitation(secret text) returns uuid
language plpgsql security definer set search_path = '' as $$
declare
  found app.invitations;
begin
  delete from app.invitations i
  where i.token_hash = sha256(convert_to(secret, 'utf8'))
    and i.email = (select lower(u.email) from auth.users u where u.id = auth.uid() and u.email_confirmed_at is not null)
    and i.created_at > now() - interval '3 days'
  returning * into found;
  if found.id is null then
    raise exception 'no such invitation' using errcode = 'no_data_found';
  end if;
  insert into app.account_users values (found.account_id, auth.uid(), found.role) on conflict do nothing;
  return found.account_id;
end $$;

create function app.touch_rate_limit(bucket text) returns boolean
language plpgsql security definer set search_path = '' as $$
declare
  n int;
begin
  insert into app.rate_limits as r (user_id, bucket) values (auth.uid(), touch_rate_limit.bucket)
  on conflict (user_id, bucket, window_start) do update set hits = r.hits + 1 returning hits into n;
  return n <= 30;
end $$;

create function app.daily_quote() returns text language sql volatile as $$
  select (array['Ship it.', 'Sleep on it.', 'Delete it.'])[1 + floor(random() * 3)::int] || ' ' || to_char(now(), 'HH24:MI:SS.US')
$$;

create function app.remove_member(account uuid, member uuid) returns void
language plpgsql security definer set search_path = '' as $$
begin
  if not (app_private.has_role(account, 'owner') or member = auth.uid()) then
    raise exception 'not allowed' using errcode = 'insufficient_privilege';
  end if;
  if member = (select owner_id from app.accounts where id = account) then
    raise exception 'the owner stays' using errcode = 'check_violation';
  end if;
  delete from app.account_users u where u.account_id = account and u.user_id = member;
end $$;
grant execute on all functions in schema app to authenticated;

alter table app.accounts enable row level security;
alter table app.account_users enable row level security;
alter table app.profiles enable row level security;
alter table app.invitations enable row level security;
alter table app.documents enable row level security;
alter table app.document_events enable row level security;
alter table app.rate_limits enable row level security;

create policy accounts_read on app.accounts for select to authenticated using (id in (select app_private.my_accounts()));
create policy accounts_edit on app.accounts for update to authenticated
  using (app_private.has_role(id, 'owner')) with check (app_private.has_role(id, 'owner'));
create policy users_read on app.account_users for select to authenticated using (account_id in (select app_private.my_accounts()));
create policy profiles_read on app.profiles for select to authenticated using (
  id = auth.uid() or exists (select 1 from app.account_users u where u.user_id = profiles.id and u.account_id in (select app_private.my_accounts())));
create policy profiles_edit on app.profiles for update to authenticated using (id = auth.uid());
create policy invitations_read on app.invitations for select to authenticated using (app_private.has_role(account_id, 'owner'));
create policy invitations_revoke on app.invitations for delete to authenticated using (app_private.has_role(account_id, 'owner'));
create policy documents_read on app.documents for select to authenticated
  using (account_id in (select app_private.my_accounts()));
create policy documents_add on app.documents for insert to authenticated
  with check (app_private.has_role(account_id, 'owner', 'editor') and created_by = auth.uid());
create policy documents_edit on app.documents for update to authenticated
  using (app_private.has_role(account_id, 'owner', 'editor') and deleted_at is null) with check (app_private.has_role(account_id, 'owner', 'editor'));
create policy events_read on app.document_events for select to authenticated using (app_private.has_role(account_id, 'owner'));
-- rate_limits: row level security without a policy, only the function writes it; nothing granted either

grant select, update (name) on app.accounts to authenticated;
grant select on app.account_users, app.document_events to authenticated;
grant select, update (display_name, locale) on app.profiles to authenticated;
grant select (id, account_id, email, role, created_at), delete on app.invitations to authenticated;
grant select, insert, update on app.documents to authenticated;

create view app.live_documents with (security_invoker = on, security_barrier = on) as
  select id, account_id, title, body from app.documents where deleted_at is null;
grant select on app.live_documents to authenticated;
