-- Boards for teams. Rights are inherited: organization → workspace → board, the strongest wins.
create schema private;
create type public.access as enum ('viewer', 'editor', 'owner');

create table public.organizations (
    id uuid primary key default gen_random_uuid(),
    name text not null,
    slug text not null unique,
    created_at timestamptz not null default now()
);
create table public.organization_members (
    organization_id uuid not null references public.organizations(id) on delete cascade,
    user_id uuid not null references auth.users(id) on delete cascade,
    access public.access not null default 'viewer',
    primary key (organization_id, user_id)
);
create table public.invitations (
    id uuid primary key default gen_random_uuid(),
    organization_id uuid not null references public.organizations(id) on delete cascade,
    email text not null,
    access public.access not null default 'viewer',
    invited_by uuid references auth.users(id),
    accepted_at timestamptz,
    unique (organization_id, email)
);
create table public.workspaces (
    id uuid primary key default gen_random_uuid(),
    organization_id uuid not null references public.organizations(id) on delete cascade,
    title text not null
);
create table public.workspace_members (
    workspace_id uuid not null references public.workspaces(id) on delete cascade,
    user_id uuid not null references auth.users(id) on delete cascade,
    access public.access not null,
    primary key (workspace_id, user_id)
);
create table public.boards (
    id uuid primary key default gen_random_uuid(),
    workspace_id uuid not null references public.workspaces(id) on delete cascade,
    title text not null,
    settings jsonb not null default '{}'::jsonb
);
create table public.board_members (
    board_id uuid not null references public.boards(id) on delete cascade,
    user_id uuid not null references auth.users(id) on delete cascade,
    access public.access not null default 'viewer',
    primary key (board_id, user_id)
);
create table public.lists (
    id uuid primary key default gen_random_uuid(),
    board_id uuid not null references public.boards(id) on delete cascade,
    title text not null,
    position double precision not null default 0
);
create table public.cards (
    id uuid primary key default gen_random_uuid(),
    board_id uuid not null references public.boards(id) on delete cascade,
    list_id uuid not null references public.lists(id) on delete cascade,
    title text not null,
    body text,
    due_on date
);
create table public.card_comments (
    id bigint generated always as identity primary key,
    card_id uuid not null references public.cards(id) on delete cascade,
    author uuid not null default auth.uid() references auth.users(id) on delete cascade,
    body text not null
);

create function private.org_access(p_org uuid) returns public.access language sql stable security definer set search_path = '' as $$
    select access from public.organization_members where organization_id = p_org and user_id = (select auth.uid());
$$;
create function private.workspace_access(p_workspace uuid) returns public.access language sql stable security definer set search_path = '' as $$
    select greatest(
        (select private.org_access(w.organization_id) from public.workspaces w where w.id = p_workspace),
        (select m.access from public.workspace_members m where m.workspace_id = p_workspace and m.user_id = (select auth.uid())));
$$;
create function private.board_access(p_board uuid) returns public.access language sql stable security definer set search_path = '' as $$
    select greatest(
        (select private.workspace_access(b.workspace_id) from public.boards b where b.id = p_board),
        (select m.access from public.board_members m where m.board_id = p_board and m.user_id = (select auth.uid())));
$$;
create function private.board_of_card(p_card uuid) returns uuid language sql stable security definer set search_path = '' as $$
    select board_id from public.cards where id = p_card;
$$;
create function private.my_boards() returns setof uuid language sql stable security definer set search_path = '' as $$
    select b.id from public.boards b where private.board_access(b.id) is not null;
$$;

alter table public.organizations enable row level security;
alter table public.organization_members enable row level security;
alter table public.invitations enable row level security;
alter table public.workspaces enable row level security;
alter table public.workspace_members enable row level security;
alter table public.boards enable row level security;
alter table public.board_members enable row level security;
alter table public.lists enable row level security;
alter table public.cards enable row level security;
alter table public.card_comments enable row level security;

create policy org_select on public.organizations for select to authenticated using (private.org_access(id) is not null);
create policy org_update on public.organizations for update to authenticated using (private.org_access(id) = 'owner') with check (private.org_access(id) = 'owner');
create policy om_select on public.organization_members for select to authenticated using (private.org_access(organization_id) is not null);
create policy om_delete on public.organization_members for delete to authenticated using (private.org_access(organization_id) = 'owner' or user_id = auth.uid());
create policy inv_select on public.invitations for select to authenticated
    using (private.org_access(organization_id) = 'owner' or email = (auth.jwt() ->> 'email'));
create policy inv_insert on public.invitations for insert to authenticated with check (private.org_access(organization_id) = 'owner');
-- the invited person marks the invitation as accepted
create policy inv_update on public.invitations for update to authenticated
    using (private.org_access(organization_id) = 'owner' or email = (auth.jwt() ->> 'email'))
    with check (private.org_access(organization_id) = 'owner' or email = (auth.jwt() ->> 'email'));
create policy ws_select on public.workspaces for select to authenticated using (private.workspace_access(id) is not null);
create policy ws_insert on public.workspaces for insert to authenticated with check (private.org_access(organization_id) >= 'editor');
create policy ws_update on public.workspaces for update to authenticated using (private.workspace_access(id) = 'owner')
    with check (private.org_access(organization_id) >= 'editor');
create policy wm_select on public.workspace_members for select to authenticated using (private.workspace_access(workspace_id) is not null);
create policy wm_write on public.workspace_members for all to authenticated using (private.workspace_access(workspace_id) = 'owner')
    with check (private.workspace_access(workspace_id) = 'owner');
create policy b_select on public.boards for select to authenticated using (private.board_access(id) is not null);
create policy b_insert on public.boards for insert to authenticated with check (private.workspace_access(workspace_id) >= 'editor');
create policy b_update on public.boards for update to authenticated using (private.board_access(id) = 'owner');
create policy bm_select on public.board_members for select to authenticated using (private.board_access(board_id) is not null);
create policy bm_insert on public.board_members for insert to authenticated with check (private.board_access(board_id) is not null);
create policy bm_delete on public.board_members for delete to authenticated using (private.board_access(board_id) = 'owner' or user_id = auth.uid());
create policy l_select on public.lists for select to authenticated using (private.board_access(board_id) is not null);
create policy l_write on public.lists for all to authenticated using (private.board_access(board_id) >= 'editor') with check (private.board_access(board_id) >= 'editor');
create policy c_select on public.cards for select to authenticated using (private.board_access(board_id) is not null);
create policy c_write on public.cards for all to authenticated using (private.board_access(board_id) >= 'editor') with check (private.board_access(board_id) >= 'editor');
create policy cc_select on public.card_comments for select to authenticated using (private.board_access(private.board_of_card(card_id)) is not null);
create policy cc_insert on public.card_comments for insert to authenticated
    with check (author = auth.uid() and private.board_access(private.board_of_card(card_id)) is not null);

-- refreshed nightly
create materialized view public.board_totals as
    select b.id as board_id, b.title, count(c.id) as cards, max(c.due_on) as last_due
    from public.boards b left join public.cards c on c.board_id = b.id group by b.id;

create function public.create_organization(p_name text, p_slug text) returns uuid language plpgsql security definer set search_path = '' as $$
declare v uuid;
begin
    if auth.uid() is null then raise exception 'sign in first'; end if;
    insert into public.organizations (name, slug) values (p_name, p_slug) returning id into v;
    insert into public.organization_members values (v, auth.uid(), 'owner');
    return v;
end $$;

create function public.accept_invitation(p_id uuid) returns uuid language plpgsql security definer set search_path = '' as $$
declare i public.invitations;
begin
    update public.invitations set accepted_at = now() where id = p_id and accepted_at is null returning * into i;
    if i.id is null then raise exception 'this invitation is not open'; end if;
    insert into public.organization_members (organization_id, user_id, access) values (i.organization_id, auth.uid(), i.access)
    on conflict (organization_id, user_id) do update set access = excluded.access;
    return i.organization_id;
end $$;

create function public.search_cards(p_query text, p_boards uuid[] default null) returns setof public.cards
language sql stable security definer set search_path = '' as $$
    select c.* from public.cards c
    where c.board_id = any (coalesce(p_boards, array(select private.my_boards())))
      and (p_query is null or c.title ilike '%' || p_query || '%')
$$;

create function public.duplicate_board(p_board uuid, p_workspace uuid) returns uuid language plpgsql security definer set search_path = '' as $$
declare v uuid;
begin
    if coalesce(private.workspace_access(p_workspace) < 'editor', true) then raise exception 'not allowed' using errcode = '42501'; end if;
    insert into public.boards (workspace_id, title, settings) select p_workspace, b.title || ' (copy)', b.settings from public.boards b where b.id = p_board returning id into v;
    if v is null then raise exception 'no such board' using errcode = 'P0002'; end if;
    insert into public.lists (board_id, title, position) select v, l.title, l.position from public.lists l where l.board_id = p_board;
    return v;
end $$;

create function public.has_account(p_email text) returns boolean language sql stable security definer set search_path = '' as $$
    select exists (select 1 from public.organization_members m join auth.users u on u.id = m.user_id where u.email = lower(p_email));
$$;

-- drag and drop: [{"id": …, "list": …}, …], all or none
create function public.move_cards(p_moves jsonb) returns void language plpgsql security invoker as $$
declare m record;
begin
    for m in select * from jsonb_to_recordset(p_moves) as x(id uuid, list uuid) loop
        update public.cards c set list_id = l.id, board_id = l.board_id from public.lists l where c.id = m.id and l.id = m.list;
        if not found then raise exception 'no such card or list'; end if;
    end loop;
end $$;

revoke all on all functions in schema public, private from public, anon;
grant usage on schema private to authenticated;
grant execute on all functions in schema public, private to authenticated;
revoke execute on function private.board_of_card(uuid) from anon;
grant select on all tables in schema public to authenticated;
grant update (name) on public.organizations to authenticated;
grant delete on public.organization_members to authenticated;
grant insert, update on public.invitations, public.boards to authenticated;
grant insert, update (title) on public.workspaces to authenticated;
grant insert, update, delete on public.workspace_members, public.lists, public.cards to authenticated;
grant insert, delete on public.board_members to authenticated;
grant insert (card_id, body) on public.card_comments to authenticated;
