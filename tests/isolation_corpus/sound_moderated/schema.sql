-- Community pages inside companies: posts need approval, members are invited by link, moderators act through functions.
create type standing as enum ('invited', 'active', 'muted', 'left');
create type post_state as enum ('draft', 'waiting', 'shown', 'hidden');

create table communities (id uuid primary key default gen_random_uuid(), name text not null, rules text, archived_at timestamptz);
create table people (
  community_id uuid not null references communities on delete cascade,
  user_id uuid not null references auth.users on delete cascade,
  rank smallint not null default 0 check (rank between 0 and 9),
  standing standing not null default 'active',
  nickname text,
  primary key (community_id, user_id)
);
create table invite_links (
  id uuid primary key default gen_random_uuid(),
  community_id uuid not null references communities on delete cascade,
  secret_hash text not null,
  uses_left int not null default 10 check (uses_left >= 0),
  expires_at timestamptz not null default now() + interval '3 days'
);
create table channels (
  community_id uuid not null references communities on delete cascade,
  id uuid not null default gen_random_uuid(),
  title text not null,
  min_rank smallint not null default 0,
  primary key (community_id, id)
);
create table posts (
  community_id uuid not null,
  channel_id uuid not null,
  id uuid not null default gen_random_uuid(),
  author_id uuid not null default auth.uid(),
  state post_state not null default 'waiting',
  body text not null check (length(body) <= 10000),
  deleted_at timestamptz,
  primary key (community_id, id),
  foreign key (community_id, channel_id) references channels on delete cascade,
  foreign key (community_id, author_id) references people on delete cascade
);
create table reactions (
  community_id uuid not null,
  post_id uuid not null,
  user_id uuid not null default auth.uid(),
  emoji text not null default '+1',
  primary key (community_id, post_id, user_id, emoji),
  foreign key (community_id, post_id) references posts on delete cascade,
  foreign key (community_id, user_id) references people on delete cascade
);
create table reports (
  id bigint generated always as identity primary key,
  community_id uuid not null,
  post_id uuid not null,
  reporter_id uuid not null default auth.uid(),
  reason text not null,
  foreign key (community_id, post_id) references posts on delete cascade
);
create table mod_log (
  id bigint generated always as identity primary key,
  community_id uuid not null references communities on delete cascade,
  moderator_id uuid not null,
  what text not null,
  about jsonb not null default '{}',
  at timestamptz not null default now()
);

create function rank_in(c uuid) returns smallint language sql stable security definer set search_path = '' as $$
  select case when p.standing = 'active' then p.rank when p.standing = 'muted' then 0::smallint end
  from public.people p join public.communities k on k.id = p.community_id where p.community_id = c and p.user_id = auth.uid() and k.archived_at is null
$$;
create function active_in(c uuid) returns boolean language sql stable security definer set search_path = '' as $$
  select exists (select 1 from public.people p join public.communities k on k.id = p.community_id
    where p.community_id = c and p.user_id = auth.uid() and p.standing = 'active' and k.archived_at is null)
$$;
create function reads_channel(c uuid, ch uuid) returns boolean language sql stable security definer set search_path = '' as $$
  select exists (select 1 from public.channels x where x.community_id = c and x.id = ch and public.rank_in(c) >= x.min_rank)
$$;

alter table communities enable row level security;
alter table people enable row level security;
alter table invite_links enable row level security;
alter table channels enable row level security;
alter table posts enable row level security;
alter table reactions enable row level security;
alter table reports enable row level security;
alter table mod_log enable row level security;

create policy members on communities for select to authenticated using (rank_in(id) is not null);
create policy heads on communities for update to authenticated using (rank_in(id) >= 9) with check (true);
create policy members on people for select to authenticated using (rank_in(community_id) is not null or user_id = (select auth.uid()));
create policy myself on people for update to authenticated using (user_id = (select auth.uid()) and active_in(community_id)) with check (user_id = (select auth.uid()));
create policy leave on people for delete to authenticated using (user_id = (select auth.uid()));
create policy heads on invite_links for all to authenticated using (rank_in(community_id) >= 9) with check (rank_in(community_id) >= 9);
create policy members on channels for select to authenticated using (rank_in(community_id) >= min_rank);
create policy heads on channels for all to authenticated using (rank_in(community_id) >= 9) with check (rank_in(community_id) >= 9);
create policy readers on posts for select to authenticated using (
  deleted_at is null and reads_channel(community_id, channel_id)
  and (state = 'shown' or (author_id = (select auth.uid()) and rank_in(community_id) is not null) or rank_in(community_id) >= 5));
create policy writers on posts for insert to authenticated with check (
  author_id = (select auth.uid()) and active_in(community_id) and reads_channel(community_id, channel_id) and state in ('draft', 'waiting'));
create policy authors on posts for update to authenticated
  using (author_id = (select auth.uid()) and active_in(community_id) and state in ('draft', 'waiting'))
  with check (author_id = (select auth.uid()) and active_in(community_id) and reads_channel(community_id, channel_id) and state in ('draft', 'waiting'));
create policy readers on reactions for select to authenticated using (exists (select 1 from posts p where p.community_id = reactions.community_id and p.id = post_id));
create policy mine on reactions for insert to authenticated with check (
  user_id = (select auth.uid()) and active_in(community_id) and exists (select 1 from posts p where p.community_id = reactions.community_id and p.id = post_id));
create policy undo on reactions for delete to authenticated using (user_id = (select auth.uid()));
create policy report on reports for insert to authenticated with check (
  reporter_id = (select auth.uid()) and exists (select 1 from posts p where p.community_id = reports.community_id and p.id = post_id));
create policy mods on reports for select to authenticated using (rank_in(community_id) >= 5);
create policy mods on mod_log for select to authenticated using (rank_in(community_id) >= 5);

create view shown_posts with (security_invoker = true, security_barrier = true) as
  select p.community_id, p.id, p.body, n.nickname from posts p join people n on n.community_id = p.community_id and n.user_id = p.author_id where p.state = 'shown';
create view my_ranks with (security_barrier = true) as select community_id, rank, standing from people where user_id = auth.uid();

create function moderate(p_community uuid, p_posts uuid[], p_state post_state) returns int language plpgsql security definer set search_path = '' as $$
declare n int;
begin
  if coalesce(public.rank_in(p_community), 0) < 5 then raise exception 'moderators only' using errcode = '42501'; end if;
  if p_state is null then raise exception 'which state?' using errcode = '22004'; end if;
  update public.posts set state = p_state where community_id = p_community and id = any (p_posts);
  get diagnostics n = row_count;
  insert into public.mod_log (community_id, moderator_id, what, about) values (p_community, auth.uid(), 'state', jsonb_build_object('posts', p_posts, 'to', p_state));
  return n;
end $$;
create function set_rank(p_community uuid, p_user uuid, p_rank smallint) returns boolean language plpgsql security definer set search_path = '' as $$
declare mine smallint := public.rank_in(p_community);
begin
  if mine is null or mine < 5 or p_rank is null or p_rank >= mine or p_user = auth.uid() then return false; end if;
  update public.people set rank = p_rank where community_id = p_community and user_id = p_user and rank < mine;
  return found;
end $$;
create function put_standing(p_community uuid, p_user uuid, p_standing text) returns boolean language plpgsql security definer set search_path = '' as $$
begin
  if coalesce(public.rank_in(p_community), 0) < 5 or p_standing not in ('active', 'muted') then return false; end if;
  update public.people set standing = p_standing::public.standing where community_id = p_community and user_id = p_user and rank < 5 and standing in ('active', 'muted');
  return found;
end $$;
create function make_link(p_community uuid) returns text language plpgsql security definer set search_path = '' as $$
declare s text := replace(gen_random_uuid()::text, '-', '');
begin
  if coalesce(public.rank_in(p_community), 0) < 9 then raise exception 'heads only' using errcode = '42501'; end if;
  insert into public.invite_links (community_id, secret_hash) values (p_community, encode(sha256(convert_to(s, 'utf8')), 'hex'));
  return s;
end $$;
create function use_link(p_secret text) returns uuid language plpgsql security definer set search_path = '' as $$
declare l public.invite_links;
begin
  if auth.uid() is null then raise exception 'sign in' using errcode = '28000'; end if;
  update public.invite_links set uses_left = uses_left - 1
  where secret_hash = encode(sha256(convert_to(p_secret, 'utf8')), 'hex') and uses_left > 0 and expires_at > now() returning * into l;
  if l.id is null then raise exception 'no such link' using errcode = 'P0002'; end if;
  insert into public.people (community_id, user_id) values (l.community_id, auth.uid()) on conflict do nothing;
  return l.community_id;
end $$;
create function found_community(p_name text) returns uuid language plpgsql security definer set search_path = '' as $$
declare c uuid;
begin
  if auth.uid() is null then raise exception 'sign in' using errcode = '28000'; end if;
  insert into public.communities (name) values (p_name) returning id into c;
  insert into public.people (community_id, user_id, rank) values (c, auth.uid(), 9);
  return c;
end $$;
create function digest(p_communities text) returns table (community uuid, posts bigint) language sql stable security definer set search_path = '' as $$
  select p.community_id, count(*) from public.posts p
  where p.community_id = any (string_to_array(p_communities, ',')::uuid[]) and p.state = 'shown' and p.deleted_at is null and public.active_in(p.community_id)
  group by 1
$$;
create function restore_post(p_community uuid, p_post uuid) returns boolean language sql security definer set search_path = '' as $$
  with back as (update public.posts set deleted_at = null where community_id = p_community and id = p_post and public.rank_in(p_community) >= 5 returning 1)
  select exists (select 1 from back)
$$;
-- cron
create function tidy_up() returns bigint language plpgsql security definer set search_path = '' as $$
declare n bigint;
begin
  delete from public.invite_links where expires_at < now() or uses_left = 0;
  get diagnostics n = row_count;
  return n;
end $$;

revoke execute on all functions in schema public from public;
grant execute on all functions in schema public to authenticated;
revoke execute on function tidy_up() from authenticated;
grant select on communities, people, channels, posts, reactions, reports, mod_log, shown_posts, my_ranks to authenticated;
grant update (name, rules) on communities to authenticated;
grant update (nickname), delete on people to authenticated;
grant select (id, community_id, uses_left, expires_at), delete on invite_links to authenticated;
grant insert, update, delete on channels to authenticated;
grant insert (community_id, channel_id, author_id, state, body), update (state, body, channel_id) on posts to authenticated;
grant insert (community_id, post_id, emoji), delete on reactions to authenticated;
grant insert (community_id, post_id, reason) on reports to authenticated;
