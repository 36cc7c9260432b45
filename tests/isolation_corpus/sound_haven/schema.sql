-- Haven: communities where people meet safely. Nobody sees anybody without sharing a community; blocks work both ways.
create type standing as enum ('applied', 'member', 'moderator', 'banned');

create table communities (
  id uuid primary key default gen_random_uuid(),
  title text not null,
  rules text not null default 'Be kind.',
  closed_at timestamptz
);
create table memberships (
  community_id uuid not null references communities on delete cascade,
  user_id uuid not null references auth.users on delete cascade,
  standing standing not null default 'applied',
  muted_until timestamptz,
  primary key (community_id, user_id)
);
create table profiles (
  id uuid primary key references auth.users on delete cascade,
  nickname text not null default 'new here',
  about jsonb not null default '{"pronouns": null}',
  phone text,
  onboarded boolean not null default false
);
create table blocks (
  blocker uuid not null default auth.uid() references auth.users on delete cascade,
  blocked uuid not null references auth.users on delete cascade,
  primary key (blocker, blocked),
  check (blocker <> blocked)
);
create table circles (
  id uuid primary key default gen_random_uuid(),
  community_id uuid not null references communities on delete cascade,
  name text not null,
  hidden boolean not null default false,
  unique (id, community_id)
);
create table circle_people (
  circle_id uuid not null,
  community_id uuid not null,
  user_id uuid not null,
  primary key (circle_id, user_id),
  foreign key (circle_id, community_id) references circles (id, community_id) on delete cascade,
  foreign key (community_id, user_id) references memberships on delete cascade
);
create table posts (
  id uuid primary key default gen_random_uuid(),
  circle_id uuid not null references circles on delete cascade,
  author_id uuid not null default auth.uid() references auth.users on delete cascade,
  body text not null check (char_length(body) between 1 and 4000),
  removed_at timestamptz
);
create table reactions (
  post_id uuid not null references posts on delete cascade,
  user_id uuid not null default auth.uid() references auth.users on delete cascade,
  emoji text not null check (emoji in ('heart', 'hug', 'laugh')),
  primary key (post_id, user_id)
);
create table reports (
  id bigint generated always as identity primary key,
  post_id uuid not null references posts on delete cascade,
  reporter_id uuid not null default auth.uid() references auth.users on delete cascade,
  reason text not null,
  handled_by uuid references auth.users on delete set null
);
create table strikes (
  id bigint generated always as identity primary key,
  community_id uuid not null,
  user_id uuid not null,
  reason text not null,
  foreign key (community_id, user_id) references memberships on delete cascade
);

create schema app;
grant usage on schema app to authenticated;
create function app.standing_in(p_community uuid) returns standing language sql stable security definer set search_path = '' as $$
  select m.standing from public.memberships m join public.communities c on c.id = m.community_id
  where m.community_id = p_community and m.user_id = (select auth.uid()) and c.closed_at is null
$$;
create function app.belongs(p_community uuid) returns boolean language sql stable set search_path = '' as $$
  select coalesce(app.standing_in(p_community) in ('member', 'moderator'), false)
$$;
create function app.moderates(p_community uuid) returns boolean language sql stable set search_path = '' as $$
  select app.standing_in(p_community) is not distinct from 'moderator'
$$;
create function app.is_blocked(p_other uuid) returns boolean language sql stable security definer set search_path = '' as $$
  select exists (select 1 from public.blocks b
    where (b.blocker = (select auth.uid()) and b.blocked = p_other) or (b.blocker = p_other and b.blocked = (select auth.uid())))
$$;
create function app.shares_community(p_other uuid) returns boolean language sql stable security definer set search_path = '' as $$
  select exists (select 1 from public.memberships m where m.user_id = p_other and m.standing in ('member', 'moderator')
    and app.belongs(m.community_id))
$$;
create function app.sees_circle(p_circle uuid) returns boolean language sql stable security definer set search_path = '' as $$
  select exists (select 1 from public.circles c where c.id = p_circle and app.belongs(c.community_id) and (
    not c.hidden or app.moderates(c.community_id)
    or exists (select 1 from public.circle_people p where p.circle_id = c.id and p.user_id = (select auth.uid()))))
$$;
create function app.is_muted(p_circle uuid) returns boolean language sql stable security definer set search_path = '' as $$
  select exists (select 1 from public.circles c join public.memberships m on m.community_id = c.community_id
    where c.id = p_circle and m.user_id = (select auth.uid()) and m.muted_until > now())
$$;
create function app.community_of_post(p_post uuid) returns uuid language sql stable security definer set search_path = '' as $$
  select c.community_id from public.posts p join public.circles c on c.id = p.circle_id
  where p.id = p_post and app.belongs(c.community_id)
$$;

alter table communities enable row level security;
alter table memberships enable row level security;
alter table profiles enable row level security;
alter table blocks enable row level security;
alter table circles enable row level security;
alter table circle_people enable row level security;
alter table posts enable row level security;
alter table reactions enable row level security;
alter table reports enable row level security;
alter table strikes enable row level security;

create policy read on communities for select to authenticated using (app.standing_in(id) is not null and app.standing_in(id) <> 'banned');
create policy edit on communities for update to authenticated using (app.moderates(id)) with check (app.moderates(id));
create policy read on memberships for select to authenticated using (user_id = (select auth.uid()) or app.moderates(community_id));
create policy moderate on memberships for update to authenticated
  using (app.moderates(community_id) and user_id <> (select auth.uid())) with check (app.moderates(community_id));
create policy leave on memberships for delete to authenticated using (user_id = (select auth.uid()) and standing <> 'banned');
create policy read on profiles for select to authenticated
  using (id = (select auth.uid()) or (onboarded and app.shares_community(id) and not app.is_blocked(id)));
create policy edit on profiles for update to authenticated using (id = (select auth.uid())) with check (id = (select auth.uid()));
create policy own on blocks for all to authenticated using (blocker = (select auth.uid())) with check (blocker = (select auth.uid()));
create policy read on circles for select to authenticated using (app.sees_circle(id));
create policy write on circles for all to authenticated using (app.moderates(community_id)) with check (app.moderates(community_id));
create policy read on circle_people for select to authenticated using (app.sees_circle(circle_id) and not app.is_blocked(user_id));
create policy invite on circle_people for insert to authenticated with check (app.moderates(community_id));
create policy part on circle_people for delete to authenticated using (user_id = (select auth.uid()) or app.moderates(community_id));
create policy read on posts for select to authenticated
  using (app.sees_circle(circle_id) and (removed_at is null or author_id = (select auth.uid())) and not app.is_blocked(author_id));
create policy write on posts for insert to authenticated
  with check (author_id = (select auth.uid()) and app.sees_circle(circle_id) and not app.is_muted(circle_id));
create policy edit on posts for update to authenticated using (author_id = (select auth.uid()) and app.sees_circle(circle_id))
  with check (author_id = (select auth.uid()) and app.sees_circle(circle_id));
create policy read on reactions for select to authenticated using (exists (select 1 from posts p where p.id = post_id));
create policy own on reactions for insert to authenticated
  with check (user_id = (select auth.uid()) and exists (select 1 from posts p where p.id = post_id));
create policy undo on reactions for delete to authenticated using (user_id = (select auth.uid()));
create policy read on reports for select to authenticated
  using (reporter_id = (select auth.uid()) or app.moderates(app.community_of_post(post_id)));
create policy write on reports for insert to authenticated
  with check (reporter_id = (select auth.uid()) and handled_by is null and exists (select 1 from posts p where p.id = post_id));
create policy handle on reports for update to authenticated
  using (app.moderates(app.community_of_post(post_id))) with check (handled_by = (select auth.uid()));
create policy read on strikes for select to authenticated using (user_id = (select auth.uid()) or app.moderates(community_id));
create policy write on strikes for insert to authenticated with check (app.moderates(community_id));

-- three strikes
create function app.count_strikes() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  if (select count(*) from public.strikes s where s.community_id = new.community_id and s.user_id = new.user_id) >= 3 then
    update public.memberships set standing = 'banned' where community_id = new.community_id and user_id = new.user_id and standing <> 'moderator';
  end if;
  return null;
end $$;
create trigger count_strikes after insert on strikes for each row execute function app.count_strikes();
create function app.new_person() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  insert into public.profiles (id, nickname) values (new.id, left(coalesce(new.raw_user_meta_data ->> 'nickname', 'new here'), 40));
  return new;
end $$;
create trigger new_person after insert on auth.users for each row execute function app.new_person();

create function found_community(p_title text) returns uuid language plpgsql security definer set search_path = '' as $$
declare v uuid;
begin
  if auth.uid() is null then raise exception 'sign in' using errcode = '28000'; end if;
  insert into public.communities (title) values (p_title) returning id into v;
  insert into public.memberships values (v, auth.uid(), 'moderator');
  return v;
end $$;
create function apply_to(p_community uuid) returns void language sql security definer set search_path = '' as $$
  insert into public.memberships (community_id, user_id)
  select c.id, auth.uid() from public.communities c where c.id = p_community and c.closed_at is null and auth.uid() is not null
  on conflict do nothing
$$;
create function remove_post(p_post uuid) returns boolean language sql security definer set search_path = '' as $$
  update public.posts set removed_at = now() where id = p_post and app.moderates(app.community_of_post(id)) returning true
$$;
create function people_near_me(p_community uuid) returns table (id uuid, nickname text) language sql stable security definer set search_path = '' as $$
  select p.id, p.nickname from public.profiles p join public.memberships m on m.user_id = p.id
  where m.community_id = p_community and m.standing in ('member', 'moderator') and app.belongs(p_community)
    and p.onboarded and not app.is_blocked(p.id)
$$;

grant usage on schema public to authenticated;
grant select on communities, memberships, blocks, circles, circle_people, posts, reactions, reports, strikes to authenticated;
grant select (id, nickname, about, onboarded), update (nickname, about, phone, onboarded) on profiles to authenticated;
grant update (title, rules, closed_at) on communities to authenticated;
grant update (standing, muted_until), delete on memberships to authenticated;
grant insert, delete on blocks, reactions, circle_people to authenticated;
grant insert (community_id, name, hidden), update (name, hidden), delete on circles to authenticated;
grant insert (circle_id, body), update (body) on posts to authenticated;
grant insert, update (handled_by) on reports to authenticated;
grant insert on strikes to authenticated;
revoke execute on all functions in schema public, app from public;
grant execute on all functions in schema public, app to authenticated;
