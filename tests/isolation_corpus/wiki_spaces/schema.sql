-- A wiki: spaces, pages in a tree, drafts, watchers, snippets that all may use
create table spaces (
  key text primary key check (key ~ '^[A-Z]{2,8}$'),
  title text not null,
  members jsonb not null default '{}',                  -- {"<user id>": "reader" | "writer" | "admin"}
  settings jsonb not null default '{"public_read": false}'
);
create table pages (
  id serial primary key,
  space_key text not null references spaces on update cascade on delete cascade,
  parent_id integer references pages on delete cascade,
  title text not null,
  body text not null default '',
  share_id serial not null unique,
  shared boolean not null default false
);
create table drafts (
  page_id integer not null references pages on delete cascade,
  author uuid not null default auth.uid() references auth.users on delete cascade,
  body text not null,
  primary key (page_id, author)
);
create table watchers (
  page_id integer not null references pages on delete cascade,
  user_id uuid not null default auth.uid() references auth.users on delete cascade,
  primary key (page_id, user_id)
);
create table notifications (
  id bigserial primary key,
  user_id uuid not null references auth.users on delete cascade,
  page_id integer,
  text text not null,
  read boolean not null default false
);
create table snippets (
  id serial primary key,
  space_key text references spaces on update cascade on delete cascade,
  name text not null,
  html text not null,
  unique nulls not distinct (space_key, name)
);
create function role_in_space(p_key text) returns text language sql stable security definer set search_path = public as $$
  select members ->> auth.uid()::text from spaces where key = p_key
$$;
create function page_space(p_page integer) returns text language sql stable security definer set search_path = public as $$
  select space_key from pages where id = p_page and role_in_space(space_key) is not null
$$;
alter table spaces enable row level security;
alter table pages enable row level security;
alter table drafts enable row level security;
alter table watchers enable row level security;
alter table notifications enable row level security;
alter table snippets enable row level security;
create policy r on spaces for select to authenticated using (members ? auth.uid()::text);
create policy u on spaces for update to authenticated using (role_in_space(key) in ('writer', 'admin')) with check (members ? auth.uid()::text);
create policy r on pages for select to authenticated using (role_in_space(space_key) is not null);
create policy w on pages for insert to authenticated with check (role_in_space(space_key) in ('writer', 'admin'));
create policy u on pages for update to authenticated using (role_in_space(space_key) in ('writer', 'admin'));
create policy d on pages for delete to authenticated using (role_in_space(space_key) = 'admin');
create policy own on drafts for all to authenticated using (author = auth.uid()) with check (author = auth.uid());
create policy own on watchers for all to authenticated using (user_id = auth.uid())
  with check (user_id = auth.uid());
create policy own on notifications for select to authenticated using (user_id = auth.uid());
create policy seen on notifications for update to authenticated using (user_id = auth.uid());
create policy r on snippets for select to authenticated using (space_key is null or role_in_space(space_key) is not null);
create policy w on snippets for all to authenticated using (role_in_space(space_key) in ('writer', 'admin'))
  with check (space_key is null or role_in_space(space_key) in ('writer', 'admin'));

create function tell_watchers() returns trigger language plpgsql security definer set search_path = public as $$
begin
  insert into notifications (user_id, page_id, text) select w.user_id, new.id, new.title || ' now says: ' || left(new.body, 200) from watchers w where w.page_id = new.id;
  return new;
end $$;
create trigger tell_watchers after update of title, body on pages for each row execute function tell_watchers();

create function shared_page(p_share integer) returns table (title text, body text) language sql stable security definer set search_path = public as $$
  select p.title, p.body from pages p where p.share_id = p_share and p.shared
$$;
create function page_tree(p_root integer) returns table (id integer, title text, depth integer) language sql stable security definer set search_path = public as $$
  with recursive t as (
    select p.id, p.title, 0 as depth from pages p where p.id = p_root and page_space(p.id) is not null
    union all select c.id, c.title, t.depth + 1 from pages c join t on c.parent_id = t.id)
  select * from t
$$;
create function table_size(p_table regclass) returns bigint language plpgsql stable security definer set search_path = public as $$
declare n bigint;
begin
  if p_table::text not in ('pages', 'snippets') then raise exception 'no statistics of %', p_table; end if;
  execute format('select count(*) from %s where space_key in (select key from spaces where members ? $1)', p_table) into n using auth.uid()::text;
  return n;
end $$;
create function publish_draft(p_page integer, p_author uuid default auth.uid()) returns boolean language plpgsql security definer set search_path = public as $$
declare v text;
begin
  if role_in_space(page_space(p_page)) not in ('writer', 'admin') then raise exception 'forbidden' using errcode = '42501'; end if;
  delete from drafts where page_id = p_page and author = p_author returning body into v;
  if v is null then return false; end if;
  update pages set body = v where id = p_page;
  return true;
end $$;
create function rename_space(p_key text, p_title text) returns boolean language sql security definer set search_path = public as $$
  update spaces set title = p_title where key = p_key and role_in_space(key) = 'admin' returning true
$$;
create function found_space(p_key text, p_title text) returns void language sql security definer set search_path = public as $$
  insert into spaces (key, title, members) select p_key, p_title, jsonb_build_object(auth.uid(), 'admin') where auth.uid() is not null
$$;
grant usage on schema public to anon, authenticated;
grant select on spaces, pages, drafts, watchers, notifications, snippets to authenticated;
grant update (members, settings) on spaces to authenticated;
grant insert, update (title, body, shared, parent_id), delete on pages to authenticated;
grant insert, update, delete on drafts, watchers, snippets to authenticated;
grant update (read) on notifications to authenticated;
grant usage on all sequences in schema public to authenticated;
revoke execute on all functions in schema public from public;
grant execute on all functions in schema public to authenticated;
grant execute on function shared_page to anon;
