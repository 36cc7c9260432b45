/** Accounts, invitations and billing in a schema of their own; the product's tables in public. */
create schema if not exists basejump;
grant usage on schema basejump to authenticated, service_role;
create type basejump.account_role as enum ('owner', 'member');
create type basejump.invitation_type as enum ('one_time', '24_hour');
create type basejump.subscription_status as enum ('trialing', 'active', 'canceled', 'past_due', 'unpaid');

create table basejump.accounts (
  id uuid unique not null default gen_random_uuid() primary key,
  primary_owner_user_id uuid references auth.users not null default auth.uid(),
  name text, slug text unique, personal_account boolean default false not null,
  updated_at timestamptz, created_at timestamptz default now(), created_by uuid references auth.users default auth.uid(),
  public_metadata jsonb default '{}' not null, private_metadata jsonb default '{}' not null,
  constraint slug_null_if_personal check ((personal_account and slug is null) or (not personal_account and slug is not null)));
create table basejump.account_user (
  user_id uuid references auth.users on delete cascade not null,
  account_id uuid references basejump.accounts on delete cascade not null,
  account_role basejump.account_role not null, constraint account_user_pkey primary key (user_id, account_id));
create table basejump.invitations (
  id uuid unique not null default gen_random_uuid() primary key, account_role basejump.account_role not null,
  account_id uuid references basejump.accounts (id) on delete cascade not null,
  token text unique not null default md5(gen_random_uuid()::text || clock_timestamp()::text),
  invited_by_user_id uuid references auth.users not null default auth.uid(), account_name text,
  created_at timestamptz default now(), invitation_type basejump.invitation_type not null default 'one_time');
create table basejump.billing_customers (
  account_id uuid references basejump.accounts (id) on delete cascade not null, id text primary key, email text, active boolean, provider text);
create table basejump.billing_subscriptions (
  id text primary key, account_id uuid references basejump.accounts (id) on delete cascade not null,
  billing_customer_id text references basejump.billing_customers on delete cascade not null,
  status basejump.subscription_status, metadata jsonb, quantity int, current_period_end timestamptz default now());

create function basejump.get_accounts_with_role(passed_in_role basejump.account_role default null) returns setof uuid
language sql stable security definer set search_path = public as $$
  select account_id from basejump.account_user wu
  where wu.user_id = auth.uid() and (wu.account_role = passed_in_role or passed_in_role is null) $$;
create function basejump.has_role_on_account(account_id uuid, account_role basejump.account_role default null) returns boolean
language sql stable security definer set search_path = public as $$
  select exists (select 1 from basejump.account_user wu where wu.user_id = auth.uid() and wu.account_id = has_role_on_account.account_id
    and (wu.account_role = has_role_on_account.account_role or has_role_on_account.account_role is null)) $$;
create function basejump.add_owner() returns trigger language plpgsql security definer set search_path = public as $$
begin
  if new.primary_owner_user_id = auth.uid() then
    insert into basejump.account_user (account_id, user_id, account_role) values (new.id, auth.uid(), 'owner');
  end if;
  return new;
end $$;
create trigger basejump_add_current_user_to_new_account after insert on basejump.accounts for each row execute function basejump.add_owner();
create function basejump.run_new_user_setup() returns trigger language plpgsql security definer set search_path = public as $$
begin
  insert into basejump.accounts (name, primary_owner_user_id, personal_account, id) values (split_part(new.email, '@', 1), new.id, true, new.id);
  insert into basejump.account_user (account_id, user_id, account_role) values (new.id, new.id, 'owner');
  insert into public.profiles (id, display_name) values (new.id, split_part(new.email, '@', 1));
  return new;
end $$;
create function basejump.protect_account_fields() returns trigger language plpgsql as $$
begin
  if current_user in ('authenticated', 'anon') then
    if new.id <> old.id or new.personal_account <> old.personal_account or new.primary_owner_user_id <> old.primary_owner_user_id then
      raise exception 'you do not have permission to update this field';
    end if;
  end if;
  return new;
end $$;
create trigger basejump_protect_account_fields before update on basejump.accounts for each row execute function basejump.protect_account_fields();
create function basejump.set_invitation_details() returns trigger language plpgsql as $$
begin
  new.invited_by_user_id = auth.uid();
  new.account_name = (select name from basejump.accounts where id = new.account_id);
  return new;
end $$;
create trigger basejump_set_invitation_details before insert on basejump.invitations for each row execute function basejump.set_invitation_details();

create table public.profiles (id uuid primary key references auth.users on delete cascade, display_name text, avatar_url text);
create trigger on_auth_user_created after insert on auth.users for each row execute procedure basejump.run_new_user_setup();
create table public.projects (
  id uuid primary key default gen_random_uuid(), account_id uuid not null references basejump.accounts on delete cascade,
  name text not null, archived_at timestamptz);
create table public.documents (
  id uuid primary key default gen_random_uuid(), account_id uuid not null references basejump.accounts on delete cascade,
  project_id uuid references public.projects on delete set null, title text not null, body text,
  is_public boolean not null default false, created_by uuid default auth.uid());
create table public.document_shares (
  id uuid primary key default gen_random_uuid(), document_id uuid not null references public.documents on delete cascade,
  email text not null, created_by uuid not null default auth.uid() references auth.users, unique (document_id, email));
create table public.usage_records (
  id bigint generated by default as identity primary key, account_id uuid not null references basejump.accounts,
  metric text not null, amount numeric not null check (amount >= 0), recorded_at timestamptz default now());
create table public.notifications (
  id uuid primary key default gen_random_uuid(), user_id uuid not null references auth.users on delete cascade,
  body text not null, data jsonb, read_at timestamptz);
create table public.webhooks (
  id uuid primary key default gen_random_uuid(), account_id uuid not null references basejump.accounts on delete cascade,
  url text not null check (url like 'https://%'), secret text not null default md5(random()::text), enabled boolean default true);
create table public.credit_balances (account_id uuid primary key references basejump.accounts on delete cascade, balance int not null default 0 check (balance >= 0));
create table public.account_settings (account_id uuid primary key references basejump.accounts on delete cascade, theme text default 'light', smtp_password text);
create table public.feature_flags (key text primary key, enabled boolean not null default false);
create table public.listings (
  account_id uuid primary key references basejump.accounts on delete cascade, headline text not null, is_listed boolean not null default false);

alter table basejump.accounts enable row level security;
alter table basejump.account_user enable row level security;
alter table basejump.invitations enable row level security;
alter table basejump.billing_customers enable row level security;
alter table basejump.billing_subscriptions enable row level security;
alter table profiles enable row level security;
alter table projects enable row level security;
alter table documents enable row level security;
alter table document_shares enable row level security;
alter table usage_records enable row level security;
alter table notifications enable row level security;
alter table webhooks enable row level security;
alter table credit_balances enable row level security;
alter table account_settings enable row level security;
alter table feature_flags enable row level security;
alter table listings enable row level security;

grant select, insert, update, delete on basejump.accounts, basejump.account_user, basejump.invitations to authenticated;
grant select on basejump.billing_customers, basejump.billing_subscriptions to authenticated;
grant select, insert, update, delete on projects, documents, document_shares, webhooks, account_settings, listings to authenticated;
grant select, insert on usage_records to authenticated, anon;
grant select, update (display_name, avatar_url) on profiles to authenticated;
grant select, update (read_at), delete on notifications to authenticated;
grant select on credit_balances to authenticated;
grant select on feature_flags to anon, authenticated;

create policy "users can view their own account_users" on basejump.account_user for select to authenticated using (user_id = auth.uid());
create policy "users can view their teammates" on basejump.account_user for select to authenticated using (basejump.has_role_on_account(account_id));
create policy "members join" on basejump.account_user for insert to authenticated
  with check (user_id = auth.uid() or basejump.has_role_on_account(account_id, 'owner'));
create policy "owners remove members" on basejump.account_user for delete to authenticated using (basejump.has_role_on_account(account_id, 'owner')
  and user_id <> (select primary_owner_user_id from basejump.accounts a where a.id = account_id));
create policy "Accounts are viewable by members" on basejump.accounts for select to authenticated using (basejump.has_role_on_account(id));
create policy "Accounts are viewable by primary owner" on basejump.accounts for select to authenticated using (primary_owner_user_id = auth.uid());
create policy "Team accounts can be created by any user" on basejump.accounts for insert to authenticated
  with check (personal_account = false and primary_owner_user_id = auth.uid());
create policy "Accounts can be edited by owners" on basejump.accounts for update to authenticated using (basejump.has_role_on_account(id, 'owner'));
create policy "Invitations viewable by account owners" on basejump.invitations for select to authenticated
  using (created_at > now() - interval '24 hours' and basejump.has_role_on_account(account_id, 'owner'));
create policy "Invitations can be created by account owners" on basejump.invitations for insert to authenticated
  with check (basejump.has_role_on_account(account_id, 'owner') and (select personal_account from basejump.accounts where id = account_id) = false);
create policy "Invitations can be deleted by account owners" on basejump.invitations for delete to authenticated using (basejump.has_role_on_account(account_id, 'owner'));
create policy "view own customer" on basejump.billing_customers for select to authenticated using (basejump.has_role_on_account(account_id));
create policy "view own subscriptions" on basejump.billing_subscriptions for select to authenticated using (basejump.has_role_on_account(account_id));

create function public.shares_account(other uuid) returns boolean language sql stable security definer set search_path = public as $$
  select exists (select 1 from basejump.account_user a join basejump.account_user b using (account_id) where a.user_id = auth.uid() and b.user_id = other) $$;
create policy profiles_read on profiles for select to authenticated using (id = auth.uid() or shares_account(id));
create policy profiles_edit on profiles for update to authenticated using (id = auth.uid());
create policy projects_all on projects for all to authenticated using (account_id in (select basejump.get_accounts_with_role()));
create function public.shared_with_me() returns setof uuid language sql stable security definer set search_path = public as $$
  select document_id from document_shares where lower(email) = lower(auth.jwt() ->> 'email') $$;
create policy documents_read on documents for select to authenticated
  using (basejump.has_role_on_account(account_id) or is_public or id in (select shared_with_me()));
create policy documents_write on documents for insert to authenticated with check (
  basejump.has_role_on_account(account_id) and (project_id is null or exists (select 1 from projects p where p.id = project_id and p.account_id = documents.account_id)));
create policy documents_edit on documents for update to authenticated using (basejump.has_role_on_account(account_id)) with check (
  basejump.has_role_on_account(account_id) and (project_id is null or exists (select 1 from projects p where p.id = project_id and p.account_id = documents.account_id)));
create policy documents_drop on documents for delete to authenticated using (basejump.has_role_on_account(account_id));
create policy shares_mine on document_shares for all to authenticated using (created_by = auth.uid()) with check (created_by = auth.uid());
create policy usage_read on usage_records for select to authenticated using (basejump.has_role_on_account(account_id));
create policy usage_report on usage_records for insert with check (true);
create policy notifications_own on notifications for all to authenticated using (user_id = auth.uid());
create policy webhooks_owner on webhooks for all to authenticated using (basejump.has_role_on_account(account_id, 'owner'));
create policy credits_read on credit_balances for select to authenticated using (basejump.has_role_on_account(account_id));
create policy settings_account on account_settings for all to authenticated
  using (account_id = (auth.jwt() -> 'user_metadata' ->> 'account_id')::uuid);
create policy flags_read on feature_flags for select using (true);
create policy listings_read on listings for select to authenticated using (is_listed or basejump.has_role_on_account(account_id));
create policy listings_write on listings for all to authenticated using (basejump.has_role_on_account(account_id, 'owner'));

create function public.current_user_account_role(account_id uuid) returns jsonb language plpgsql stable as $$
declare r basejump.account_role;
begin
  select account_role into r from basejump.account_user au where au.user_id = auth.uid() and au.account_id = current_user_account_role.account_id;
  if r is null then raise exception 'Not found'; end if;
  return jsonb_build_object('account_role', r);
end $$;
create function public.create_account(slug text, name text default null) returns uuid language plpgsql as $$
declare new_id uuid := gen_random_uuid();
begin
  insert into basejump.accounts (id, slug, name) values (new_id, create_account.slug, create_account.name);
  return new_id;
exception when unique_violation then raise exception 'An account with that unique ID already exists';
end $$;
create function public.get_account(account_id uuid) returns jsonb language plpgsql stable as $$
begin
  if not basejump.has_role_on_account(account_id) then raise exception 'You must be a member of an account to access it'; end if;
  return (select jsonb_build_object('id', a.id, 'name', a.name, 'metadata', a.public_metadata) from basejump.accounts a where a.id = account_id);
end $$;
create function public.get_account_members(account_id uuid) returns table (user_id uuid, email text, role basejump.account_role)
language plpgsql stable security definer set search_path = basejump as $$
begin
  if not basejump.has_role_on_account(get_account_members.account_id, 'owner') then raise exception 'Only account owners can access this function'; end if;
  return query select au.user_id, u.email::text, au.account_role from basejump.account_user au join auth.users u on u.id = au.user_id
    where au.account_id = get_account_members.account_id;
end $$;
create function public.get_account_billing_status(account_id uuid) returns jsonb language plpgsql stable security definer set search_path = public, basejump as $$
begin
  return (select jsonb_build_object('subscription_id', s.id, 'status', s.status, 'billing_email', c.email)
    from basejump.billing_subscriptions s join basejump.billing_customers c on c.id = s.billing_customer_id
    where s.account_id = get_account_billing_status.account_id order by s.current_period_end desc limit 1);
end $$;
create function public.service_role_upsert_customer_subscription(account_id uuid, customer jsonb default null, subscription jsonb default null)
returns void language plpgsql security definer set search_path = basejump as $$
begin
  if customer is not null then
    insert into billing_customers (id, account_id, email, provider) values (customer ->> 'id', service_role_upsert_customer_subscription.account_id,
      customer ->> 'billing_email', customer ->> 'provider')
    on conflict (id) do update set email = excluded.email;
  end if;
  if subscription is not null then
    insert into billing_subscriptions (id, account_id, billing_customer_id, status, quantity) values (subscription ->> 'id',
      service_role_upsert_customer_subscription.account_id, subscription ->> 'billing_customer_id',
      (subscription ->> 'status')::subscription_status, (subscription ->> 'quantity')::int)
    on conflict (id) do update set status = excluded.status, quantity = excluded.quantity;
  end if;
end $$;
create function public.lookup_invitation(lookup_invitation_token text) returns jsonb language plpgsql stable security definer set search_path = public, basejump as $$
declare n text; ok boolean;
begin
  select account_name, true into n, ok from invitations where token = lookup_invitation_token and created_at > now() - interval '24 hours';
  return jsonb_build_object('active', coalesce(ok, false), 'account_name', n);
end $$;
create function public.accept_invitation(lookup_invitation_token text) returns uuid language plpgsql security definer set search_path = public, basejump as $$
declare i basejump.invitations;
begin
  select * into i from invitations where token = lookup_invitation_token and created_at > now() - interval '24 hours';
  if not found then raise exception 'Invitation not found'; end if;
  insert into account_user (user_id, account_id, account_role) values (auth.uid(), i.account_id, i.account_role) on conflict do nothing;
  delete from invitations where id = i.id and invitation_type = 'one_time';
  return i.account_id;
end $$;
create function public.create_invitation(account_id uuid, account_role basejump.account_role default 'member') returns text language plpgsql as $$
declare t text;
begin
  insert into basejump.invitations (account_id, account_role) values (create_invitation.account_id, create_invitation.account_role) returning token into t;
  return t;
end $$;
-- remove a member: owners only
create function public.remove_member(account_id uuid, member uuid) returns void language sql security definer set search_path = public, basejump as $$
  delete from account_user au where au.account_id = remove_member.account_id and au.user_id = member
    and exists (select 1 from account_user me where me.account_id = account_id and me.user_id = auth.uid() and me.account_role = 'owner') $$;
create function public.update_account_user_role(account_id uuid, member uuid, new_role basejump.account_role) returns void
language plpgsql security definer set search_path = public, basejump as $$
begin
  if not basejump.has_role_on_account(update_account_user_role.account_id, 'owner') then raise exception 'You must be an owner of the account to update a users role'; end if;
  if exists (select 1 from accounts a where a.id = update_account_user_role.account_id and a.primary_owner_user_id = member) then
    raise exception 'You cannot change the role of the primary owner';
  end if;
  update account_user au set account_role = new_role where au.account_id = update_account_user_role.account_id and au.user_id = member;
end $$;
create function public.notify_user(user_id uuid, body text, data jsonb default null) returns void language sql security definer set search_path = public as $$
  insert into notifications (user_id, body, data) values (user_id, body, data) $$;
create function public.test_webhook(webhook_id uuid) returns jsonb language sql security definer set search_path = public as $$
  select jsonb_build_object('url', w.url, 'signature', w.secret, 'event', 'ping') from webhooks w where w.id = webhook_id $$;
create function public.transfer_credits(from_account uuid, to_account uuid, amount int) returns void language plpgsql security definer set search_path = public as $$
begin
  if amount <= 0 then raise exception 'amount must be positive'; end if;
  if not basejump.has_role_on_account(to_account, 'owner') then raise exception 'not an owner'; end if;
  update credit_balances set balance = balance - amount where account_id = from_account;
  insert into credit_balances values (to_account, amount) on conflict (account_id) do update set balance = credit_balances.balance + excluded.balance;
end $$;
create function public.spend_credits(account uuid, amount int) returns int language plpgsql security definer set search_path = public as $$
declare left_over int;
begin
  if amount <= 0 or not basejump.has_role_on_account(account) then raise exception 'not allowed'; end if;
  update credit_balances set balance = balance - amount where account_id = account returning balance into left_over;
  return left_over;
end $$;
create function public.duplicate_document(doc_id uuid, target_account uuid) returns uuid language plpgsql security definer set search_path = public as $$
declare new_id uuid;
begin
  if not basejump.has_role_on_account(target_account) then raise exception 'not a member'; end if;
  insert into documents (account_id, title, body) select target_account, title || ' (copy)', body from documents where id = doc_id returning id into new_id;
  return new_id;
end $$;
grant execute on all functions in schema public to authenticated;
grant execute on all functions in schema basejump to authenticated;
