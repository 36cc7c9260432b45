-- Podcast hosting: networks with shows, episodes that appear on a date, private feeds by token, sponsors, a claim for staff.
create type host_role as enum ('producer', 'editor', 'guest_host');
create type episode_state as enum ('draft', 'scheduled', 'published', 'withdrawn');

create table networks (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  preferences jsonb not null default '{"explicit": false, "categories": []}',
  deleted_at timestamptz
);
create table network_hosts (
  network_id uuid not null references networks on delete cascade,
  user_id uuid not null references auth.users on delete cascade,
  role host_role not null default 'guest_host',
  accepted_at timestamptz,
  revoked_at timestamptz,
  primary key (network_id, user_id)
);
create table shows (
  id uuid primary key default gen_random_uuid(),
  network_id uuid not null references networks on delete cascade,
  title text not null,
  notes_for_team text,
  unique (id, network_id)
);
create table episodes (
  id uuid primary key default gen_random_uuid(),
  show_id uuid not null,
  network_id uuid not null,
  title text not null,
  transcript text,
  state episode_state not null default 'draft',
  publish_at timestamptz,
  length_s integer check (length_s > 0),
  words tsvector generated always as (to_tsvector('simple', title)) stored,
  foreign key (show_id, network_id) references shows (id, network_id) on delete cascade
);
create table feed_tokens (
  id uuid primary key default gen_random_uuid(),
  show_id uuid not null references shows on delete cascade,
  listener_id uuid not null default auth.uid() references auth.users on delete cascade,
  token_hash text not null unique,
  unique (show_id, listener_id)
);
create table subscriptions (
  show_id uuid not null references shows on delete cascade,
  listener_id uuid not null default auth.uid() references auth.users on delete cascade,
  paid_until date,
  primary key (show_id, listener_id)
);
create table sponsors (
  id uuid primary key default gen_random_uuid(),
  network_id uuid not null references networks on delete cascade,
  name text not null,
  fee_cents integer not null default 0
);
create table ad_reads (
  episode_id uuid not null references episodes on delete cascade,
  sponsor_id uuid not null references sponsors on delete cascade,
  second integer not null default 0 check (second >= 0),
  primary key (episode_id, sponsor_id)
);
create table downloads (
  id bigint generated always as identity primary key,
  episode_id uuid not null references episodes on delete cascade,
  country char(2),
  at timestamptz not null default now()
);
create table audit_trail (
  id bigint generated always as identity primary key,
  network_id uuid not null references networks on delete cascade,
  actor uuid,
  what text not null,
  old_row jsonb,
  new_row jsonb
);
create table categories (code text primary key, label text not null);
insert into categories values ('news', 'News'), ('comedy', 'Comedy');

create function hosts(p_network uuid, p_roles host_role[] default null) returns boolean language sql stable security definer set search_path = public as $$
  select exists (select 1 from network_hosts h join networks n on n.id = h.network_id
    where h.network_id = p_network and h.user_id = (select auth.uid()) and h.accepted_at is not null and h.revoked_at is null
      and n.deleted_at is null and (p_roles is null or h.role = any (p_roles)))
$$;
create function support_staff() returns boolean language sql stable as $$
  select coalesce((auth.jwt() -> 'app_metadata' ->> 'support')::boolean, false) and auth.jwt() ->> 'aal' = 'aal2'
$$;
create function show_network(p_show uuid) returns uuid language sql stable security definer set search_path = public as $$
  select s.network_id from shows s where s.id = p_show and hosts(s.network_id)
$$;
create function subscribed(p_show uuid) returns boolean language sql stable security definer set search_path = public as $$
  select exists (select 1 from subscriptions where show_id = p_show and listener_id = auth.uid() and paid_until >= current_date)
$$;

do $$
declare t regclass;
begin
  for t in select c.oid from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' loop
    execute format('alter table %s enable row level security', t);
    execute format('alter table %s force row level security', t);
  end loop;
end $$;

-- Several policies let much through; one restrictive policy holds them together.
create policy network_all on networks for select to authenticated using (true);
create policy network_wall on networks as restrictive for all to authenticated using (hosts(id) or support_staff());
create policy network_edit on networks for update to authenticated using (hosts(id, '{producer}')) with check (hosts(id, '{producer}'));
create policy hosts_read on network_hosts for select to authenticated using (user_id = (select auth.uid()) or hosts(network_id));
create policy hosts_invite on network_hosts for insert to authenticated
  with check (hosts(network_id, '{producer}') and accepted_at is null and revoked_at is null);
create policy hosts_answer on network_hosts for update to authenticated
  using (user_id = (select auth.uid()) and revoked_at is null) with check (user_id = (select auth.uid()) and revoked_at is null);
create policy shows_all on shows for all to authenticated using (hosts(network_id)) with check (hosts(network_id, '{producer}'));
create policy episodes_team on episodes for select to authenticated using (hosts(network_id));
create policy episodes_paid on episodes for select to authenticated
  using (state = 'published' and publish_at <= now() and subscribed(show_id));
create policy episodes_write on episodes for all to authenticated
  using (hosts(network_id, '{producer,editor}')) with check (hosts(network_id, '{producer,editor}'));
create policy tokens_own on feed_tokens for select to authenticated using (listener_id = (select auth.uid()));
create policy tokens_drop on feed_tokens for delete to authenticated using (listener_id = (select auth.uid()));
create policy subscriptions_read on subscriptions for select to authenticated
  using (listener_id = (select auth.uid()) or hosts(show_network(show_id), array['producer']::host_role[]));
create policy sponsors_all on sponsors for all to authenticated
  using (hosts(network_id, '{producer}')) with check (hosts(network_id, '{producer}'));
create policy ads_team on ad_reads for select to authenticated
  using (exists (select 1 from episodes e where e.id = ad_reads.episode_id and hosts(e.network_id)));
create policy ads_write on ad_reads for insert to authenticated
  with check (exists (select 1 from episodes e join sponsors s on s.network_id = e.network_id
    where e.id = ad_reads.episode_id and s.id = ad_reads.sponsor_id and hosts(e.network_id, '{producer}')));
create policy downloads_team on downloads for select to authenticated
  using (exists (select 1 from episodes e where e.id = downloads.episode_id and hosts(e.network_id)));
create policy audit_read on audit_trail for select to authenticated using (hosts(network_id, '{producer}') or support_staff());
create policy categories_read on categories for select to anon, authenticated using (true);

grant select on networks, network_hosts, shows, episodes, subscriptions, sponsors, ad_reads, downloads, audit_trail to authenticated;
grant select (id, show_id, listener_id), delete on feed_tokens to authenticated;
grant select on categories to anon, authenticated;
grant update (name, preferences) on networks to authenticated;
grant insert (network_id, user_id, role), update (accepted_at) on network_hosts to authenticated;
grant insert (network_id, title, notes_for_team), update (title, notes_for_team), delete on shows to authenticated;
grant insert, update (title, transcript, state, publish_at, length_s), delete on episodes to authenticated;
grant insert, update, delete on sponsors to authenticated;
grant insert on ad_reads to authenticated;

create function audit() returns trigger language plpgsql security definer set search_path = public as $$
begin
  insert into audit_trail (network_id, actor, what, old_row, new_row)
  values (coalesce(new.network_id, old.network_id), auth.uid(), tg_op || ' ' || tg_table_name, to_jsonb(old), to_jsonb(new));
  return coalesce(new, old);
end $$;
create trigger audit_episodes after insert or update on episodes for each row execute function audit();
create trigger audit_sponsors after insert or update on sponsors for each row execute function audit();

-- The public player: what is published, of shows that exist, without transcripts.
create function player(p_show uuid, p_limit integer default 20) returns table (title text, publish_at timestamptz, length_s integer)
language sql stable security definer set search_path = public as $$
  select e.title, e.publish_at, e.length_s from episodes e join networks n on n.id = e.network_id
  where e.show_id = p_show and e.state = 'published' and e.publish_at <= now() and n.deleted_at is null
  order by e.publish_at desc limit least(greatest(p_limit, 0), 100)
$$;
create function private_feed(p_token text) returns table (title text, transcript text) language sql stable security definer set search_path = public, extensions as $$
  select e.title, e.transcript from feed_tokens t
  join subscriptions s on s.show_id = t.show_id and s.listener_id = t.listener_id and s.paid_until >= current_date
  join episodes e on e.show_id = t.show_id and e.state = 'published' and e.publish_at <= now()
  where t.token_hash = encode(digest(p_token, 'sha256'), 'hex')
$$;
create function issue_token(p_show uuid) returns text language plpgsql security definer set search_path = public, extensions as $$
declare v text := encode(gen_random_bytes(24), 'hex');
begin
  if not subscribed(p_show) then raise exception 'subscribers only' using errcode = '42501'; end if;
  insert into feed_tokens (show_id, listener_id, token_hash) values (p_show, auth.uid(), encode(digest(v, 'sha256'), 'hex'))
  on conflict (show_id, listener_id) do update set token_hash = excluded.token_hash;
  return v;
end $$;
-- Sorted as the client wants, by columns of a list.
create function list_episodes(p_network uuid, p_sort text default 'title', p_states episode_state[] default null) returns setof episodes
language plpgsql stable security definer set search_path = public as $$
begin
  if p_sort not in ('title', 'publish_at', 'length_s') then p_sort := 'title'; end if;
  if not coalesce(hosts(p_network), false) then return; end if;
  return query execute format('select * from episodes where network_id = $1 and ($2 is null or state = any ($2)) order by %I', p_sort)
  using p_network, p_states;
end $$;
create function move_episode(p_episode uuid, p_show uuid) returns void language plpgsql security definer set search_path = public as $$
begin
  update episodes e set show_id = s.id, network_id = s.network_id from shows s
  where e.id = p_episode and s.id = p_show and hosts(e.network_id, '{producer,editor}') and hosts(s.network_id, '{producer}');
  if not found then raise exception 'no such episode or show' using errcode = 'P0002'; end if;
end $$;
create function download_stats(p_show uuid) returns table (day date, n bigint) language sql stable security definer set search_path = public as $$
  select d.at::date, count(*) from downloads d join episodes e on e.id = d.episode_id
  where e.show_id = p_show and e.network_id = show_network(p_show) group by 1
$$;
create function start_network(p_name text) returns uuid language plpgsql security definer set search_path = public as $$
declare v uuid;
begin
  if auth.uid() is null then raise exception 'sign in' using errcode = '28000'; end if;
  insert into networks (name) values (p_name) returning id into v;
  insert into network_hosts (network_id, user_id, role, accepted_at) values (v, auth.uid(), 'producer', now());
  return v;
end $$;
revoke execute on all functions in schema public from public, anon;
grant execute on all functions in schema public to authenticated;
revoke execute on function audit() from authenticated;
grant execute on function player(uuid, integer), private_feed(text) to anon;

insert into storage.buckets (id, name, public) values ('audio', 'audio', false), ('covers', 'covers', true);
create policy audio_team on storage.objects for all to authenticated
  using (bucket_id = 'audio' and exists (select 1 from public.shows s where s.id::text = (storage.foldername(objects.name))[1]))
  with check (bucket_id = 'audio' and exists (
    select 1 from public.shows s where s.id::text = (storage.foldername(objects.name))[1] and public.hosts(s.network_id, '{producer,editor}')));
