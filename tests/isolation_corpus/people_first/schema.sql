-- A wellness app. Nearly everything belongs to one person; circles are small groups that share a little.
create table profiles (
  id uuid primary key references auth.users on delete cascade,
  handle text not null unique check (handle ~ '^[a-z0-9_]{3,30}$'),
  bio text not null default '',
  is_public boolean not null default false,
  created_at timestamptz not null default now()
);
create table private_profiles (
  user_id uuid primary key references auth.users on delete cascade,
  birthday date,
  phone text,
  plan text not null default 'free' check (plan in ('free', 'plus', 'staff'))
);
create table devices (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null default auth.uid() references auth.users on delete cascade,
  push_token text not null,
  platform text not null check (platform in ('ios', 'android', 'web')),
  unique (push_token)
);
create table notifications (
  id bigint generated always as identity primary key,
  user_id uuid not null references auth.users on delete cascade,
  title text not null,
  payload jsonb not null default '{}',
  read_at timestamptz
);
create table api_tokens (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null default auth.uid() references auth.users on delete cascade,
  label text not null,
  hash text not null,
  last_used timestamptz
);
create table journal (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null default auth.uid() references auth.users on delete cascade,
  written_on date not null default current_date,
  mood smallint not null check (mood between 1 and 5),
  body text not null
);
create table circles (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  owner_id uuid not null default auth.uid() references auth.users on delete cascade
);
create table circle_members (
  circle_id uuid not null references circles on delete cascade,
  user_id uuid not null references auth.users on delete cascade,
  joined_at timestamptz not null default now(),
  primary key (circle_id, user_id)
);
create table circle_invitations (
  id uuid primary key default gen_random_uuid(),
  circle_id uuid not null references circles on delete cascade,
  email text not null check (email like '%@%'),
  invited_by uuid not null default auth.uid() references auth.users on delete cascade,
  accepted_at timestamptz
);
create table shared_entries (
  journal_id uuid not null references journal on delete cascade,
  circle_id uuid not null references circles on delete cascade,
  primary key (journal_id, circle_id)
);
create table feedback (
  id bigint generated always as identity primary key,
  user_id uuid default auth.uid() references auth.users on delete set null,
  message text not null check (length(message) < 2000)
);

create function in_circle(circle uuid) returns boolean
language sql stable security definer set search_path = '' as $$
  select exists (select from public.circle_members m where m.circle_id = circle and m.user_id = auth.uid())
$$;
create function runs_circle(circle uuid) returns boolean
language sql stable security definer set search_path = '' as $$
  select exists (select from public.circles c where c.id = circle and c.owner_id = auth.uid())
$$;

-- Every new account has both profiles.
create function on_sign_up() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  insert into public.profiles (id, handle) values (new.id, 'u_' || substr(replace(new.id::text, '-', ''), 1, 20));
  insert into public.private_profiles (user_id, phone) values (new.id, new.raw_user_meta_data ->> 'phone');
  return new;
end $$;
create trigger on_sign_up after insert on auth.users for each row execute function on_sign_up();
create function own_circle() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  insert into public.circle_members (circle_id, user_id) values (new.id, new.owner_id);
  return new;
end $$;
create trigger own_circle after insert on circles for each row execute function own_circle();

create function register_device(token text, os text) returns uuid
language sql security definer set search_path = '' as $$
  insert into public.devices (user_id, push_token, platform) values (auth.uid(), token, os)
  on conflict (push_token) do update set user_id = excluded.user_id returning id
$$;
create function mark_read(ids bigint[]) returns integer
language plpgsql security definer set search_path = '' as $$
declare
  n integer;
begin
  update public.notifications set read_at = now() where id = any (ids);
  get diagnostics n = row_count;
  return n;
end $$;
create function my_unread() returns bigint
language sql stable security definer set search_path = '' as $$
  select count(*) from public.notifications where user_id = auth.uid() and read_at is null
$$;
create function accept_invitation(invitation uuid) returns uuid
language plpgsql security definer set search_path = '' as $$
declare
  circle uuid;
begin
  update public.circle_invitations i set accepted_at = now() where i.id = invitation and i.accepted_at is null
  returning i.circle_id into circle;
  if circle is null then
    raise no_data_found using message = 'no such invitation';
  end if;
  insert into public.circle_members (circle_id, user_id) values (circle, auth.uid()) on conflict do nothing;
  return circle;
end $$;
create function decline_invitation(invitation uuid) returns boolean
language plpgsql security definer set search_path = '' as $$
begin
  delete from public.circle_invitations i where i.id = invitation and i.accepted_at is null and i.email = auth.jwt() ->> 'email';
  return found;
end $$;
create function mood_average(person uuid) returns numeric
language sql stable security definer set search_path = '' as $$
  select avg(mood) from public.journal where user_id = person
$$;
create function my_mood() returns numeric
language sql stable security invoker set search_path = '' as $$
  select avg(mood) from public.journal where user_id = auth.uid()
$$;
create function revoke_token(token uuid) returns boolean
language plpgsql security definer set search_path = '' as $$
begin
  delete from public.api_tokens t where t.id = token and t.user_id = auth.uid();
  return found;
end $$;
create function poke(person uuid, circle uuid) returns void
language plpgsql security definer set search_path = '' as $$
begin
  if not public.in_circle(circle)
    or not exists (select from public.circle_members m where m.circle_id = circle and m.user_id = person) then
    raise insufficient_privilege using message = 'not in this circle together';
  end if;
  insert into public.notifications (user_id, title) values (person, 'poke');
end $$;
revoke execute on all functions in schema public from public, anon;
grant execute on function in_circle(uuid), runs_circle(uuid), register_device(text, text), mark_read(bigint[]), my_unread(),
  accept_invitation(uuid), decline_invitation(uuid), mood_average(uuid), my_mood(), revoke_token(uuid), poke(uuid, uuid) to authenticated;

alter table profiles enable row level security;
alter table private_profiles enable row level security;
alter table devices enable row level security;
alter table notifications enable row level security;
alter table api_tokens enable row level security;
alter table journal enable row level security;
alter table circles enable row level security;
alter table circle_members enable row level security;
alter table circle_invitations enable row level security;
alter table shared_entries enable row level security;
alter table feedback enable row level security;

create policy read on profiles for select to authenticated using (is_public or id = (select auth.uid()));
create policy write on profiles for update to authenticated using (id = (select auth.uid())) with check (id = (select auth.uid()));
create policy own on private_profiles for all to authenticated using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));
create policy own on devices for select to authenticated using (user_id = (select auth.uid()));
create policy own_delete on devices for delete to authenticated using (user_id = (select auth.uid()));
create policy own on notifications for select to authenticated using (user_id = (select auth.uid()));
create policy send on notifications for insert to authenticated with check ((select auth.uid()) is not null);
create policy own_delete on notifications for delete to authenticated using (user_id = (select auth.uid()));
create policy own on api_tokens for select to authenticated using (user_id = (select auth.uid()));
create policy make on api_tokens for insert to authenticated with check (user_id = (select auth.uid()));
create policy rename on api_tokens for update to authenticated using (true) with check (user_id = (select auth.uid()));
create policy own on journal for all to authenticated using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));
create policy shared on journal for select to authenticated
  using (exists (select from shared_entries s where s.journal_id = id));
create policy read on circles for select to authenticated using (owner_id = (select auth.uid()) or in_circle(id));
create policy make on circles for insert to authenticated with check (owner_id = (select auth.uid()));
create policy rename on circles for update to authenticated using (owner_id = (select auth.uid())) with check (owner_id = (select auth.uid()));
create policy close on circles for delete to authenticated using (owner_id = (select auth.uid()));
create policy read on circle_members for select to authenticated using (in_circle(circle_id));
create policy leave on circle_members for delete to authenticated using (user_id = (select auth.uid()) or runs_circle(circle_id));
create policy read on circle_invitations for select to authenticated
  using (email = (select auth.jwt() ->> 'email') or runs_circle(circle_id));
create policy invite on circle_invitations for insert to authenticated
  with check (runs_circle(circle_id) and invited_by = (select auth.uid()) and accepted_at is null);
create policy read on shared_entries for select to authenticated using (in_circle(circle_id));
create policy share on shared_entries for insert to authenticated
  with check (in_circle(circle_id) and exists (select from journal j where j.id = journal_id and j.user_id = (select auth.uid())));
create policy unshare on shared_entries for delete to authenticated
  using (exists (select from journal j where j.id = journal_id and j.user_id = (select auth.uid())));
create policy say on feedback for insert to authenticated with check (user_id = (select auth.uid()));

grant select on profiles, private_profiles, devices, notifications, api_tokens, journal, circles, circle_members, circle_invitations, shared_entries to authenticated;
grant update (handle, bio, is_public) on profiles to authenticated;
grant update (birthday, phone) on private_profiles to authenticated;
grant delete on devices, notifications, circles, circle_members, shared_entries to authenticated;
grant insert on notifications, circles, circle_invitations, shared_entries, feedback to authenticated;
grant insert (user_id, label, hash), update (label, hash, user_id) on api_tokens to authenticated;
grant update (name) on circles to authenticated;
grant insert, update, delete on journal to authenticated;
