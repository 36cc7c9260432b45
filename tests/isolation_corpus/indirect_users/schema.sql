-- Ported from Rails: people are numbered, the sign-in is one column of theirs, everything else refers to the number.
create table users (
  id bigserial primary key,
  auth_id uuid unique references auth.users (id) on delete set null,
  email text not null,
  name text not null default ''
);
create table accounts (
  id bigserial primary key,
  name text not null,
  plan text not null default 'trial'
);
create table account_users (
  id bigserial primary key,
  account_id bigint not null references accounts (id) on delete cascade,
  user_id bigint not null references users (id) on delete cascade,
  role text not null default 'agent' check (role in ('administrator', 'agent')),
  unique (account_id, user_id)
);
create table inboxes (
  id bigserial primary key,
  account_id bigint not null references accounts (id) on delete cascade,
  name text not null
);
create table conversations (
  id bigserial primary key,
  account_id bigint not null references accounts (id) on delete cascade,
  inbox_id bigint not null references inboxes (id) on delete cascade,
  assignee_id bigint references users (id),
  subject text not null
);
create table messages (
  id bigserial primary key,
  conversation_id bigint not null references conversations (id) on delete cascade,
  sender_id bigint references users (id),
  content text not null,
  private boolean not null default false
);
create table canned_responses (
  id bigserial primary key,
  account_id bigint not null references accounts (id) on delete cascade,
  short_code text not null,
  content text not null,
  unique (account_id, short_code)
);
create table notification_settings (
  user_id bigint primary key references users (id) on delete cascade,
  flags integer not null default 0
);
create table reports (
  id bigserial primary key,
  account_id bigint not null references accounts (id) on delete cascade,
  made_by bigint not null references users (id),
  body jsonb not null
);

create function current_user_number() returns bigint language sql stable security definer set search_path = public as $$
  select id from users where auth_id = auth.uid()
$$;
create function account_ids() returns setof bigint language sql stable security definer set search_path = public as $$
  select account_id from account_users where user_id = current_user_number()
$$;
create function is_administrator(p_account bigint) returns boolean language sql stable security definer set search_path = public as $$
  select exists (select 1 from account_users where account_id = p_account and user_id = current_user_number() and role = 'administrator')
$$;

create function link_user() returns trigger language plpgsql security definer set search_path = public as $$
begin
  insert into users (auth_id, email, name) values (new.id, coalesce(new.email, ''), coalesce(new.raw_user_meta_data ->> 'name', ''));
  return new;
end $$;
create trigger link_user after insert on auth.users for each row execute function link_user();

alter table users enable row level security;
alter table accounts enable row level security;
alter table account_users enable row level security;
alter table inboxes enable row level security;
alter table conversations enable row level security;
alter table messages enable row level security;
alter table canned_responses enable row level security;
alter table notification_settings enable row level security;
alter table reports enable row level security;

create policy me on users for select to authenticated using (auth_id = auth.uid());
create policy colleagues on users for select to authenticated
  using (id in (select user_id from account_users where account_id in (select account_ids())));
create policy me_change on users for update to authenticated using (auth_id = auth.uid());
create policy own on accounts for select to authenticated using (id in (select account_ids()));
create policy own on account_users for select to authenticated using (account_id in (select account_ids()));
create policy admins on account_users for all to authenticated using (is_administrator(account_id)) with check (is_administrator(account_id));
create policy own on inboxes for all to authenticated using (account_id in (select account_ids())) with check (account_id in (select account_ids()));
create policy own on conversations for all to authenticated
  using (account_id in (select account_ids()) or assignee_id = current_user_number())
  with check (account_id in (select account_ids()));
create policy own on messages for select to authenticated
  using (not private or conversation_id in (select id from conversations));
create policy send on messages for insert to authenticated
  with check (sender_id = current_user_number() and conversation_id in (select id from conversations));
create policy own on canned_responses for select to authenticated using (account_id in (select account_ids()));
create policy edit on canned_responses for update to authenticated using (account_id in (select account_ids())) with check (account_id is not null);
create policy own on notification_settings for all to authenticated
  using (user_id = current_user_number()) with check (user_id = current_user_number());
create policy own on reports for select to authenticated using (account_id in (select account_ids()));
create policy make on reports for insert to authenticated with check (made_by = current_user_number());

grant select on users, accounts, account_users, reports to authenticated;
grant update on users to authenticated;
grant insert, update, delete on account_users to authenticated;
grant select, insert, update, delete on inboxes, conversations, notification_settings to authenticated;
grant select, insert on messages to authenticated;
grant select, update on canned_responses to authenticated;
grant insert on reports to authenticated;
grant usage on all sequences in schema public to authenticated;

create function assign(p_conversation bigint, p_user bigint) returns void language plpgsql security definer set search_path = public as $$
begin
  if not exists (select 1 from account_users where user_id = p_user and account_id in (select account_ids())) then
    raise exception 'no such colleague';
  end if;
  update conversations set assignee_id = p_user where id = p_conversation;
end $$;
create function unassign(p_conversation bigint) returns void language sql security definer set search_path = public as $$
  update conversations set assignee_id = null where id = p_conversation and account_id in (select account_ids())
$$;
create function open_account(p_name text) returns bigint language plpgsql security definer set search_path = public as $$
declare v bigint;
begin
  insert into accounts (name) values (p_name) returning id into v;
  insert into account_users (account_id, user_id, role) values (v, current_user_number(), 'administrator');
  return v;
end $$;
revoke execute on all functions in schema public from public;
grant execute on all functions in schema public to authenticated;
