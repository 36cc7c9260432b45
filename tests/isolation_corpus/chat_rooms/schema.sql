-- team chat. one workspace = one customer

create table workspaces (
    id          uuid primary key default gen_random_uuid(),
    slug        text not null unique check (slug ~ '^[a-z0-9]{3,}$'),
    owner_id    uuid not null references auth.users
);
create table members (
    workspace_id uuid not null references workspaces on delete cascade,
    user_id      uuid not null references auth.users on delete cascade,
    nickname     text,
    primary key (workspace_id, user_id)
);
create table rooms (
    id           uuid primary key default gen_random_uuid(),
    workspace_id uuid not null references workspaces on delete cascade,
    name         text not null,
    is_private   boolean not null default false
);
create table room_participants (
    room_id   uuid not null references rooms on delete cascade,
    user_id   uuid not null references auth.users on delete cascade,
    last_read timestamptz,
    primary key (room_id, user_id)
);
create table messages (
    id         uuid primary key default gen_random_uuid(),
    room_id    uuid not null references rooms on delete cascade,
    author_id  uuid not null default auth.uid() references auth.users,
    content    text not null check (char_length(content) <= 4000),
    edited_at  timestamptz,
    created_at timestamptz not null default now()
);
create table message_edits (
    id         bigint generated always as identity primary key,
    message_id uuid not null,
    room_id    uuid not null,
    before     text not null,
    edited_by  uuid
);
create table reactions (
    message_id uuid not null references messages on delete cascade,
    user_id    uuid not null default auth.uid() references auth.users on delete cascade,
    emoji      text not null check (char_length(emoji) between 1 and 8),
    primary key (message_id, user_id, emoji)
);
create unlogged table typing_status (
    room_id uuid not null references rooms on delete cascade,
    user_id uuid not null default auth.uid() references auth.users on delete cascade,
    draft   text,
    at      timestamptz not null default now(),
    primary key (room_id, user_id)
);
create table user_settings (
    user_id uuid primary key default auth.uid() references auth.users on delete cascade,
    theme   text not null default 'dark' check (theme in ('dark', 'light')),
    muted   uuid[] not null default '{}'
);

create function is_workspace_member(w uuid) returns boolean
language sql stable security definer set search_path = public, pg_temp as
'select exists (select from members where workspace_id = w and user_id = auth.uid())';
create function is_participant(r uuid) returns boolean
language sql stable security definer set search_path = public, pg_temp as
'select exists (select from room_participants where room_id = r and user_id = auth.uid())';
create function can_read_room(r uuid) returns boolean
language sql stable security definer set search_path = public, pg_temp as
'select exists (select from rooms where id = r and (not is_private and is_workspace_member(workspace_id) or is_participant(id)))';

create function new_workspace(slug text) returns uuid
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    w uuid;
begin
    insert into workspaces (slug, owner_id) values (new_workspace.slug, auth.uid()) returning id into w;
    insert into members values (w, auth.uid(), 'owner');
    insert into rooms (workspace_id, name) values (w, 'general');
    return w;
end;
$$;

create function drop_workspace(p_slug text) returns boolean
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    delete from workspaces where slug = p_slug and owner_id = auth.uid();
    return found;
end;
$$;

create function quote_message(p_message uuid) returns text
language sql stable security definer set search_path = public, pg_temp as
$$ select '> ' || replace(content, e'\n', e'\n> ') from messages where id = p_message $$;

create function mark_all_read(p_user uuid) returns void
language sql security definer set search_path = public, pg_temp as
$$ update room_participants set last_read = now() where user_id = p_user $$;

create function room_unread(p_user uuid) returns table (room uuid, room_name text, unread bigint)
language sql stable security definer set search_path = public, pg_temp as $$
    select r.id, r.name, count(m.id) from room_participants p
    join rooms r on r.id = p.room_id left join messages m on m.room_id = p.room_id and m.created_at > coalesce(p.last_read, '-infinity')
    where p.user_id = p_user group by r.id
$$;

create function my_mentions() returns setof messages
language sql stable security definer set search_path = public, pg_temp as $$
    select m.* from messages m where can_read_room(m.room_id)
    and m.content like '%@' || (select u.raw_user_meta_data ->> 'handle' from auth.users u where u.id = auth.uid()) || '%'
$$;

create function keep_edit() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if new.room_id <> old.room_id or new.author_id <> old.author_id then
        raise exception 'messages stay in their room';
    end if;
    insert into message_edits (message_id, room_id, before, edited_by) values (old.id, old.room_id, old.content, auth.uid());
    new.edited_at := now();
    return new;
end;
$$;
create trigger keep_edit before update on messages for each row execute function keep_edit();

alter table workspaces enable row level security;
alter table members enable row level security;
alter table rooms enable row level security;
alter table room_participants enable row level security;
alter table messages enable row level security;
alter table reactions enable row level security;
alter table typing_status enable row level security;
alter table user_settings enable row level security;

create policy p on workspaces for select using (is_workspace_member(id));
create policy p on members for select using (is_workspace_member(workspace_id));
create policy p_read on rooms for select using (can_read_room(id));
create policy p_add on rooms for insert with check (is_workspace_member(workspace_id));
create policy p_read on room_participants for select using (can_read_room(room_id));
create policy p_add on room_participants for insert with check (can_read_room(room_id) or user_id = auth.uid());
create policy p_leave on room_participants for delete using (user_id = auth.uid());
create policy p_read on messages for select using (can_read_room(room_id));
create policy p_add on messages for insert with check (author_id = auth.uid() and can_read_room(room_id));
create policy p_edit on messages for update using (author_id = auth.uid() and can_read_room(room_id));
create policy p_read on reactions for select using (exists (select from messages m where m.id = message_id));
create policy p_add on reactions for insert with check (user_id = auth.uid());
create policy p_take_back on reactions for delete using (user_id = auth.uid());
create policy p on typing_status for all to authenticated using (true) with check (user_id = auth.uid());
create policy p on user_settings for all using (user_id = auth.uid());

grant select on workspaces, members, message_edits to authenticated;
grant select, insert on rooms to authenticated;
grant select, insert, update on messages to authenticated;
grant select, insert, delete on room_participants, reactions to authenticated;
grant select, insert, update, delete on typing_status, user_settings to authenticated;
revoke execute on all functions in schema public from public, anon;
grant execute on all functions in schema public to authenticated;

-- files: chat-files/<room id>/<file>
insert into storage.buckets (id, name) values ('chat-files', 'chat-files');
create policy chat_files_read on storage.objects for select to authenticated using (
    bucket_id = 'chat-files' and exists (
        select 1 from public.rooms r where public.can_read_room(r.id) and r.id::text = (storage.foldername(name))[1]
    )
);
