-- Planning boards. org (a slug) → space → board; rights come from above unless a board is closed. Everything that is shared is a grant with an end.
create schema authz;
create type public.rank as enum ('guest', 'member', 'lead', 'owner');

create table public.orgs (
  slug text primary key check (slug ~ '^[a-z0-9-]{2,40}$'),
  title text not null,
  directory boolean not null default false
);
create table public.org_people (
  org text not null references public.orgs on update cascade on delete cascade,
  person uuid not null references auth.users on delete cascade,
  rank public.rank not null default 'member',
  suspended_at timestamptz,
  primary key (org, person)
);
create table public.org_invites (
  org text not null references public.orgs on update cascade on delete cascade,
  email text not null check (email = lower(email) and email like '%@%'),
  rank public.rank not null default 'member' check (rank <> 'owner'),
  invited_by uuid default auth.uid() references auth.users on delete set null,
  primary key (org, email)
);
create table public.spaces (
  id uuid primary key default gen_random_uuid(),
  org text not null references public.orgs on update cascade on delete cascade,
  title text not null,
  unique (org, id)
);
create table public.boards (
  id uuid primary key default gen_random_uuid(),
  org text not null,
  space_id uuid not null,
  title text not null,
  closed boolean not null default false,
  unique (org, id),
  foreign key (org, space_id) references public.spaces (org, id) on update cascade on delete cascade
);
create table public.board_grants (
  org text not null,
  board_id uuid not null,
  person uuid not null,
  until timestamptz not null default now() + interval '30 days',
  can_write boolean not null default false,
  primary key (board_id, person),
  foreign key (org, board_id) references public.boards (org, id) on update cascade on delete cascade,
  -- nobody from outside
  foreign key (org, person) references public.org_people (org, person) on update cascade on delete cascade
);
-- what stands on a board: a base that nobody may touch, and its kinds
create table authz.items (
  id uuid not null default gen_random_uuid(),
  org text not null,
  board_id uuid not null,
  title text not null,
  updated_by uuid
);
create table public.tasks (
  done boolean not null default false,
  assignee uuid,
  primary key (id),
  foreign key (org, board_id) references public.boards (org, id) on update cascade on delete cascade,
  foreign key (org, assignee) references public.org_people (org, person) on update cascade on delete set null (assignee)
) inherits (authz.items);
create table public.milestones (
  due date not null default current_date,
  primary key (id),
  foreign key (org, board_id) references public.boards (org, id) on update cascade on delete cascade
) inherits (authz.items);

create function authz.rank_in(o text) returns public.rank language sql stable security definer set search_path = '' as $$
  select p.rank from public.org_people p where p.org = o and p.person = auth.uid() and p.suspended_at is null
$$;
create function authz.sees(b uuid) returns boolean language sql stable security definer set search_path = '' as $$
  select exists (
    select 1 from public.boards x
    where x.id = b and (
      authz.rank_in(x.org) >= 'lead'
      or (authz.rank_in(x.org) = 'member' and not x.closed)
      or (authz.rank_in(x.org) is not null and exists (
        select 1 from public.board_grants g where g.board_id = x.id and g.person = auth.uid() and g.until > now()))))
$$;
create function authz.writes(b uuid) returns boolean language sql stable security definer set search_path = '' as $$
  select exists (
    select 1 from public.boards x
    where x.id = b and (
      authz.rank_in(x.org) >= 'lead'
      or (authz.rank_in(x.org) = 'member' and not x.closed)
      or (authz.rank_in(x.org) is not null and exists (
        select 1 from public.board_grants g where g.board_id = x.id and g.person = auth.uid() and g.until > now() and g.can_write))))
$$;

create function authz.stamp_item() returns trigger language plpgsql set search_path = '' as $$
begin
  if tg_op = 'UPDATE' and new.org <> old.org and pg_trigger_depth() = 1 and current_user = 'authenticated' then
    raise exception 'an item stays in its organization' using errcode = '42501';
  end if;
  new.updated_by := coalesce(auth.uid(), new.updated_by);
  return new;
end $$;
create trigger stamp before insert or update on public.tasks for each row execute function authz.stamp_item();
create trigger stamp before insert or update on public.milestones for each row execute function authz.stamp_item();

alter table public.orgs enable row level security;
alter table public.org_people enable row level security;
alter table public.org_invites enable row level security;
alter table public.spaces enable row level security;
alter table public.boards enable row level security;
alter table public.board_grants enable row level security;
alter table authz.items enable row level security;
alter table public.tasks enable row level security;
alter table public.milestones enable row level security;

create policy "see" on public.orgs for select to authenticated using (authz.rank_in(slug) is not null);
create policy "rename" on public.orgs for update to authenticated using (authz.rank_in(slug) = 'owner');
create policy "see" on public.org_people for select to authenticated using (authz.rank_in(org) >= 'member' or person = (select auth.uid()));
-- ranks below one's own, and never one's own row
create policy "change" on public.org_people for update to authenticated
  using (authz.rank_in(org) >= 'lead' and rank < authz.rank_in(org) and person <> (select auth.uid()))
  with check (authz.rank_in(org) >= 'lead' and rank < authz.rank_in(org) and person <> (select auth.uid()));
create policy "remove" on public.org_people for delete to authenticated
  using ((person = (select auth.uid()) and rank <> 'owner') or (authz.rank_in(org) >= 'lead' and rank < authz.rank_in(org)));
create policy "leads and the invited" on public.org_invites for select to authenticated
  using (authz.rank_in(org) >= 'lead' or email = lower((select auth.jwt()) ->> 'email'));
create policy "invite" on public.org_invites for insert to authenticated
  with check (authz.rank_in(org) >= 'lead' and rank < authz.rank_in(org) and invited_by = (select auth.uid()));
create policy "withdraw" on public.org_invites for delete to authenticated
  using (authz.rank_in(org) >= 'lead' or email = lower((select auth.jwt()) ->> 'email'));
create policy "see" on public.spaces for select to authenticated using (authz.rank_in(org) >= 'member');
create policy "make" on public.spaces for insert to authenticated with check (authz.rank_in(org) >= 'lead');
create policy "see" on public.boards for select to authenticated using (authz.sees(id));
create policy "make" on public.boards for insert to authenticated with check (authz.rank_in(org) >= 'member');
create policy "close" on public.boards for update to authenticated using (authz.rank_in(org) >= 'lead');
create policy "see" on public.board_grants for select to authenticated using (authz.rank_in(org) >= 'lead' or person = (select auth.uid()));
create policy "grant" on public.board_grants for insert to authenticated with check (authz.rank_in(org) >= 'lead');
create policy "revoke" on public.board_grants for delete to authenticated using (authz.rank_in(org) >= 'lead' or person = (select auth.uid()));
create policy "see" on public.tasks for select to authenticated using (authz.sees(board_id));
create policy "write" on public.tasks for insert to authenticated with check (authz.writes(board_id));
create policy "change" on public.tasks for update to authenticated using (authz.writes(board_id)) with check (authz.writes(board_id));
create policy "remove" on public.tasks for delete to authenticated using (authz.writes(board_id));
create policy "all" on public.milestones for all to authenticated using (authz.sees(board_id) and authz.rank_in(org) >= 'member')
  with check (authz.writes(board_id) and authz.rank_in(org) >= 'lead');

create function public.new_org(p_slug text, p_title text default null) returns text language plpgsql security definer set search_path = '' as $$
begin
  if (select auth.uid()) is null then raise exception 'sign in' using errcode = '28000'; end if;
  insert into public.orgs (slug, title) values (p_slug, coalesce(p_title, p_slug));
  insert into public.org_people (org, person, rank) values (p_slug, auth.uid(), 'owner');
  return p_slug;
end $$;

create function public.join_org(p_org text) returns public.rank language plpgsql security definer set search_path = '' as $$
declare i public.org_invites;
begin
  -- the address of the account, as Auth keeps it, not as the token says
  delete from public.org_invites x where x.org = p_org
    and x.email = (select lower(u.email) from auth.users u where u.id = auth.uid() and u.email_confirmed_at is not null)
  returning * into i;
  if not found then raise exception 'no invitation' using errcode = 'P0002'; end if;
  insert into public.org_people (org, person, rank) values (i.org, auth.uid(), i.rank) on conflict do nothing;
  return i.rank;
end $$;

create function public.move_tasks(p_tasks uuid[], p_board uuid) returns int language plpgsql security definer set search_path = '' as $$
declare n int;
begin
  if not authz.writes(p_board) then raise exception 'no such board' using errcode = 'P0002'; end if;
  update public.tasks t set board_id = p_board
  where t.id = any (p_tasks) and authz.writes(t.board_id) and t.org = (select b.org from public.boards b where b.id = p_board);
  get diagnostics n = row_count;
  return n;
end $$;

create function public.org_card(p_slug text) returns table (slug text, title text) language sql stable security definer set search_path = '' as $$
  select o.slug, o.title from public.orgs o where o.slug = p_slug and authz.rank_in(o.slug) is not null
$$;

-- what stands on the boards one sees, of all kinds
create function public.feed(p jsonb default '{}') returns table (board_id uuid, kind text, title text) language sql stable security definer set search_path = '' as $$
  select i.board_id, i.tableoid::regclass::text, i.title from authz.items i
  where authz.sees(i.board_id) and (p ->> 'board' is null or i.board_id = (p ->> 'board')::uuid)
  limit least(coalesce((p ->> 'limit')::int, 50), 200)
$$;

insert into storage.buckets (id, name, public) values ('boards', 'boards', false) on conflict do nothing;
-- boards/<org>/<board>/<file>
create policy "boards: see" on storage.objects for select to authenticated using (
  bucket_id = 'boards' and exists (
    select 1 from public.boards b
    where b.org = (storage.foldername(objects.name))[1] and b.id::text = (storage.foldername(objects.name))[2] and authz.sees(b.id)));
create policy "boards: put" on storage.objects for insert to authenticated with check (
  bucket_id = 'boards' and array_length(storage.foldername(name), 1) = 2 and exists (
    select 1 from public.boards b
    where b.org = (storage.foldername(objects.name))[1] and b.id::text = (storage.foldername(objects.name))[2] and authz.writes(b.id)));

revoke execute on all functions in schema public, authz from public, anon;
grant usage on schema authz to authenticated;
grant execute on all functions in schema public to authenticated;
grant execute on function authz.rank_in(text), authz.sees(uuid), authz.writes(uuid) to authenticated;
grant select on all tables in schema public to authenticated;
grant update (title, directory) on public.orgs to authenticated;
grant update (rank, suspended_at), delete on public.org_people to authenticated;
grant insert (org, email, rank), delete on public.org_invites to authenticated;
grant insert (org, title) on public.spaces to authenticated;
grant insert (org, space_id, title), update (title, closed) on public.boards to authenticated;
grant insert (org, board_id, person, until, can_write), delete on public.board_grants to authenticated;
grant insert (org, board_id, title, done, assignee), update (board_id, title, done, assignee), delete on public.tasks to authenticated;
grant insert (org, board_id, title, due), update (title, due), delete on public.milestones to authenticated;
