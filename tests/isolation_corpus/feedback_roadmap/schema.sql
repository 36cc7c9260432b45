-- Feedback boards and a public roadmap: organization > boards > posts > votes, notes
create type org_role as enum ('owner', 'admin', 'member');
create type post_status as enum ('open', 'planned', 'shipped', 'closed');

create table organizations (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  slug text not null unique check (slug ~ '^[a-z0-9-]+$'),
  settings jsonb not null default '{}',
  created_at timestamptz not null default now()
);
create table organization_members (
  organization_id uuid not null references organizations on delete cascade,
  user_id uuid not null references auth.users on delete cascade,
  role org_role not null default 'member',
  created_at timestamptz not null default now(),
  primary key (organization_id, user_id)
);
create table profiles (
  id uuid primary key references auth.users on delete cascade,
  display_name text,
  avatar_url text,
  is_public boolean not null default false
);
create table boards (
  id uuid primary key default gen_random_uuid(),
  organization_id uuid not null references organizations on delete cascade,
  name text not null,
  visibility text not null default 'private' check (visibility in ('private', 'public')),
  unique (id, organization_id)
);
create table posts (
  id uuid primary key default gen_random_uuid(),
  board_id uuid not null,
  organization_id uuid not null,
  author_id uuid default auth.uid() references auth.users on delete set null,
  title text not null check (length(title) between 3 and 200),
  body text,
  status post_status not null default 'open',
  vote_count integer not null default 0,
  merged_into uuid references posts,
  search tsvector generated always as (to_tsvector('english', title || ' ' || coalesce(body, ''))) stored,
  foreign key (board_id, organization_id) references boards (id, organization_id) on delete cascade
);
create index on posts using gin (search);
create table votes (
  post_id uuid not null references posts on delete cascade,
  user_id uuid not null default auth.uid() references auth.users on delete cascade,
  weight smallint not null default 1 check (weight between 1 and 5),
  primary key (post_id, user_id)
);
create table post_notes (
  id bigint generated always as identity primary key,
  post_id uuid not null references posts on delete cascade,
  author_id uuid not null default auth.uid() references auth.users,
  note text not null
);
create table changelog_entries (
  id uuid primary key default gen_random_uuid(),
  organization_id uuid not null references organizations on delete cascade,
  title text not null,
  body text not null default '',
  published_at timestamptz
);
create table invitations (
  id uuid primary key default gen_random_uuid(),
  organization_id uuid not null references organizations on delete cascade,
  email text not null,
  role org_role not null default 'member',
  status text not null default 'pending' check (status in ('pending', 'accepted', 'declined')),
  expires_at timestamptz not null default now() + interval '7 days'
);
create table notifications (
  id bigint generated always as identity primary key,
  user_id uuid not null references auth.users on delete cascade,
  body text not null,
  read_at timestamptz
);

create function public.handle_new_user() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  insert into public.profiles (id, display_name) values (new.id, split_part(new.email, '@', 1)) on conflict do nothing;
  return new;
end $$;
create trigger on_auth_user_created after insert on auth.users for each row execute function public.handle_new_user();

create function is_member(p_org uuid) returns boolean language sql stable security definer set search_path = '' as $$
  select exists (select 1 from public.organization_members m where m.organization_id = p_org and m.user_id = (select auth.uid()))
$$;
create function has_role(p_org uuid, p_roles org_role[]) returns boolean language sql stable security definer set search_path = 'public' as $$
  select exists (select 1 from organization_members m where m.organization_id = p_org and m.user_id = (select auth.uid()) and m.role = any (p_roles))
$$;
create function shares_org_with(p_user uuid) returns boolean language sql stable security definer set search_path = '' as $$
  select exists (select 1 from public.organization_members a join public.organization_members b using (organization_id)
                 where a.user_id = (select auth.uid()) and b.user_id = p_user)
$$;

alter table organizations enable row level security;
alter table organization_members enable row level security;
alter table profiles enable row level security;
alter table boards enable row level security;
alter table posts enable row level security;
alter table votes enable row level security;
alter table post_notes enable row level security;
alter table changelog_entries enable row level security;
alter table invitations enable row level security;
alter table notifications enable row level security;

create policy "members read their organization" on organizations for select to authenticated using (is_member(id));
create policy "admins edit their organization" on organizations for update to authenticated
  using (has_role(id, '{owner,admin}')) with check (has_role(id, '{owner,admin}'));
create policy "members read members" on organization_members for select to authenticated using (is_member(organization_id));
create policy "leave" on organization_members for delete to authenticated using (user_id = (select auth.uid()) and role <> 'owner');
create policy "admins remove members" on organization_members for delete to authenticated
  using (has_role(organization_id, '{owner,admin}') and role = 'member');
create policy "profiles" on profiles for select to authenticated using (is_public or id = (select auth.uid()) or shares_org_with(id));
create policy "own profile" on profiles for update to authenticated using (id = (select auth.uid())) with check (id = (select auth.uid()));
create policy "read boards" on boards for select to authenticated using (visibility = 'public' or is_member(organization_id));
create policy "admins manage boards" on boards for all to authenticated
  using (has_role(organization_id, '{owner,admin}')) with check (has_role(organization_id, '{owner,admin}'));
create policy "read posts" on posts for select to authenticated
  using (exists (select 1 from boards b where b.id = board_id and b.visibility = 'public' or is_member(b.organization_id)));
create policy "members write posts" on posts for insert to authenticated
  with check (is_member(organization_id) and author_id = (select auth.uid()) and vote_count = 0
              and (merged_into is null));
create policy "members triage posts" on posts for update to authenticated
  using (is_member(organization_id)) with check (is_member(organization_id));
create policy "read own votes" on votes for select to authenticated using (user_id = (select auth.uid()));
create policy "vote" on votes for insert to authenticated with check (user_id = (select auth.uid()));
create policy "take a vote back" on votes for delete to authenticated using (user_id = (select auth.uid()));
create policy "team notes" on post_notes for select to authenticated
  using (exists (select 1 from posts p where p.id = post_notes.post_id and is_member(p.organization_id)));
create policy "write team notes" on post_notes for insert to authenticated
  with check (author_id = (select auth.uid()) and exists (select 1 from posts p where p.id = post_notes.post_id and is_member(p.organization_id)));
create policy "read changelog" on changelog_entries for select to anon, authenticated
  using (published_at is not null and published_at <= now());
create policy "team changelog" on changelog_entries for all to authenticated
  using (has_role(organization_id, '{owner,admin}')) with check (has_role(organization_id, '{owner,admin}'));
create policy "team invitations" on invitations for select to authenticated using (has_role(organization_id, '{owner,admin}'));
create policy "invite" on invitations for insert to authenticated
  with check (has_role(organization_id, '{owner,admin}') and role <> 'owner' and status = 'pending');
create policy "addressee reads" on invitations for select to authenticated using (email = (select auth.jwt() ->> 'email'));
create policy "addressee answers" on invitations for update to authenticated
  using (email = (select auth.jwt() ->> 'email') and status = 'pending')
  with check (email = (select auth.jwt() ->> 'email'));
create policy "own notifications" on notifications for select to authenticated using (user_id = (select auth.uid()));
create policy "mark read" on notifications for update to authenticated
  using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));

grant select on organizations, organization_members, profiles, boards, posts, votes, post_notes, changelog_entries, invitations, notifications to authenticated;
grant select on changelog_entries to anon;
grant update (name, settings) on organizations to authenticated;
grant delete on organization_members to authenticated;
grant update (display_name, avatar_url, is_public) on profiles to authenticated;
grant insert, update (name, visibility), delete on boards to authenticated;
grant insert (board_id, organization_id, author_id, title, body), update (title, body, status) on posts to authenticated;
grant insert, delete on votes to authenticated;
grant insert (post_id, author_id, note) on post_notes to authenticated;
grant insert, update, delete on changelog_entries to authenticated;
grant insert, update on invitations to authenticated;
grant update (read_at) on notifications to authenticated;

create function count_votes() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  if tg_op = 'INSERT' then
    update public.posts set vote_count = vote_count + new.weight where id = new.post_id;
  else
    update public.posts set vote_count = vote_count - old.weight where id = old.post_id;
  end if;
  return null;
end $$;
create trigger count_votes after insert or delete on votes for each row execute function count_votes();

create function notify_author() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  if new.status is distinct from old.status and new.author_id is not null then
    insert into public.notifications (user_id, body) values (new.author_id, new.title || ' is now ' || new.status);
  end if;
  return new;
end $$;
create trigger notify_author after update on posts for each row execute function notify_author();

create function create_organization(p_name text, p_slug text) returns uuid language plpgsql security definer set search_path = '' as $$
declare v uuid;
begin
  if (select auth.uid()) is null then raise exception 'sign in first' using errcode = '28000'; end if;
  insert into public.organizations (name, slug) values (p_name, p_slug) returning id into v;
  insert into public.organization_members values (v, auth.uid(), 'owner');
  return v;
end $$;

-- the mail links to the app, which calls this for whoever has signed in with the address
create function accept_invitation(p_invitation uuid) returns uuid language plpgsql security definer set search_path = '' as $$
declare i public.invitations;
begin
  select * into i from public.invitations
  where id = p_invitation and status = 'pending' and expires_at > now() and email = (select auth.jwt() ->> 'email');
  if not found then raise exception 'invitation not found' using errcode = 'P0002'; end if;
  insert into public.organization_members (organization_id, user_id, role) values (i.organization_id, auth.uid(), i.role) on conflict do nothing;
  update public.invitations set status = 'accepted' where id = i.id;
  return i.organization_id;
end $$;

-- duplicates: votes move over, the duplicate is closed
create function merge_posts(p_duplicate uuid, p_into uuid) returns void language plpgsql security definer set search_path = '' as $$
declare v_org uuid;
begin
  select organization_id into v_org from public.posts where id = p_into;
  if v_org is null or not public.has_role(v_org, '{owner,admin}') then
    raise exception 'post not found' using errcode = 'P0002';
  end if;
  update public.posts set status = 'closed', merged_into = p_into where id = p_duplicate and id <> p_into;
end $$;

create function board_stats(p_board uuid) returns jsonb language sql stable security definer set search_path = '' as $$
  select jsonb_build_object('posts', count(p.id), 'votes', coalesce(sum(p.vote_count), 0))
  from public.boards b left join public.posts p on p.board_id = b.id
  where b.id = p_board and public.is_member(b.organization_id) having count(b.id) > 0
$$;

-- the page that customers embed: posts of public boards, without who wrote them
create view public_roadmap as
  select p.id, b.organization_id, b.name as board, p.title, p.status, p.vote_count
  from posts p join boards b on b.id = p.board_id
  where b.visibility = 'public' and p.status in ('planned', 'shipped');
grant select on public_roadmap to anon, authenticated;

revoke execute on all functions in schema public from public, anon;
grant execute on all functions in schema public to authenticated;
