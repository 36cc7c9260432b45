-- Site builder with a template gallery and a marketplace, sound. What is listed is listed by its owner; the rest is private.
create extension if not exists pgcrypto with schema extensions;
create type workspace_role as enum ('owner', 'editor', 'viewer');
create type listing_status as enum ('draft', 'review', 'listed', 'delisted');

create table workspaces (
  id uuid primary key default gen_random_uuid(),
  name text not null check (length(name) between 1 and 80),
  referral_code text not null unique default encode(extensions.gen_random_bytes(6), 'hex'),
  referred_by uuid references workspaces on delete set null,
  created_at timestamptz not null default now()
);
create table workspace_members (
  workspace_id uuid not null references workspaces on delete cascade,
  user_id uuid not null references auth.users on delete cascade,
  role workspace_role not null default 'viewer',
  primary key (workspace_id, user_id)
);
create table profiles (
  user_id uuid primary key references auth.users on delete cascade,
  handle text not null unique check (handle ~ '^[a-z0-9_-]{2,40}$'),
  bio text,
  listed boolean not null default false
);
create table sites (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null references workspaces on delete cascade,
  title text not null,
  pages jsonb not null default '[]',
  share_token text,
  share_expires_at timestamptz,
  deleted_at timestamptz
);
create table site_versions (
  id bigint generated always as identity primary key,
  site_id uuid not null references sites on delete cascade,
  pages jsonb not null,
  saved_by uuid,
  saved_at timestamptz not null default now()
);
create table listings (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null references workspaces on delete cascade,
  title text not null,
  price_cents integer not null default 0 check (price_cents >= 0),
  preview jsonb not null default '{}',
  status listing_status not null default 'draft'
);
-- what a buyer gets; never part of the listing itself
create table listing_contents (
  listing_id uuid primary key references listings on delete cascade,
  pages jsonb not null default '[]'
);
create table purchases (
  listing_id uuid not null references listings on delete restrict,
  workspace_id uuid not null references workspaces on delete cascade,
  paid_cents integer not null default 0,
  bought_by uuid not null references auth.users,
  bought_at timestamptz not null default now(),
  primary key (listing_id, workspace_id)
);
create table reviews (
  listing_id uuid not null references listings on delete cascade,
  workspace_id uuid not null references workspaces on delete cascade,
  author_id uuid not null default auth.uid() references auth.users on delete cascade,
  stars smallint not null check (stars between 1 and 5),
  body text not null default '',
  primary key (listing_id, workspace_id)
);
create table starter_kits (
  slug text primary key,
  title text not null,
  pages jsonb not null
);
insert into starter_kits values ('blank', 'Blank page', '[{}]'), ('shop', 'A small shop', '[{}, {}]');
create table waitlist (
  email text primary key check (email like '%_@_%'),
  joined_at timestamptz not null default now()
);

create function my_workspaces(p_least workspace_role default 'viewer') returns setof uuid language sql stable security definer set search_path = '' as $$
  select workspace_id from public.workspace_members where user_id = (select auth.uid()) and role <= p_least
$$;

alter table workspaces enable row level security;
alter table workspace_members enable row level security;
alter table profiles enable row level security;
alter table sites enable row level security;
alter table site_versions enable row level security;
alter table listings enable row level security;
alter table listing_contents enable row level security;
alter table purchases enable row level security;
alter table reviews enable row level security;
alter table starter_kits enable row level security;
alter table waitlist enable row level security;

create policy "own workspaces" on workspaces for select to authenticated using (id in (select my_workspaces()));
create policy "rename" on workspaces for update to authenticated
  using (id in (select my_workspaces('owner'))) with check (id in (select my_workspaces('owner')));
create policy "colleagues" on workspace_members for select to authenticated using (workspace_id in (select my_workspaces()));
create policy "owners change others" on workspace_members for update to authenticated
  using (workspace_id in (select my_workspaces('owner')) and user_id <> (select auth.uid()))
  with check (workspace_id in (select my_workspaces('owner')) and user_id <> (select auth.uid()));
create policy "owners remove, others leave" on workspace_members for delete to authenticated
  using ((user_id = (select auth.uid()) and role <> 'owner') or (workspace_id in (select my_workspaces('owner')) and user_id <> (select auth.uid())));
create policy "listed profiles" on profiles for select to anon, authenticated using (listed);
create policy "own profile" on profiles for all to authenticated using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));
create policy "sites" on sites for select to authenticated using (workspace_id in (select my_workspaces()));
create policy "edit sites" on sites for update to authenticated
  using (workspace_id in (select my_workspaces('editor'))) with check (workspace_id in (select my_workspaces('editor')));
create policy "new sites" on sites for insert to authenticated with check (workspace_id in (select my_workspaces('editor')));
create policy "versions" on site_versions for select to authenticated
  using (site_id in (select s.id from sites s where s.workspace_id in (select my_workspaces('editor'))));
create policy "the market" on listings for select to anon, authenticated using (status = 'listed');
create policy "own listings" on listings for select to authenticated using (workspace_id in (select my_workspaces()));
create policy "offer" on listings for insert to authenticated
  with check (workspace_id in (select my_workspaces('editor')) and status in ('draft', 'review'));
-- listing is decided by our reviewers; a seller takes back at any time
create policy "change own listings" on listings for update to authenticated
  using (workspace_id in (select my_workspaces('editor'))) with check (workspace_id in (select my_workspaces('editor')) and status <> 'listed');
create policy "contents for seller and buyers" on listing_contents for select to authenticated
  using (exists (select 1 from listings l where l.id = listing_id and l.workspace_id in (select my_workspaces()))
      or exists (select 1 from purchases p where p.listing_id = listing_contents.listing_id and p.workspace_id in (select my_workspaces())));
create policy "seller fills" on listing_contents for insert to authenticated
  with check (exists (select 1 from listings l where l.id = listing_id and l.workspace_id in (select my_workspaces('editor'))));
create policy "own purchases" on purchases for select to authenticated using (workspace_id in (select my_workspaces()));
create policy "reviews of what is listed" on reviews for select to authenticated
  using (workspace_id in (select my_workspaces()) or exists (select 1 from listings l where l.id = listing_id and l.status = 'listed'));
create policy "buyers review once" on reviews for insert to authenticated
  with check (author_id = (select auth.uid()) and workspace_id in (select my_workspaces('editor'))
    and exists (select 1 from purchases p where p.listing_id = reviews.listing_id and p.workspace_id = reviews.workspace_id));
create policy "take a review back" on reviews for delete to authenticated using (author_id = (select auth.uid()));
create policy "kits" on starter_kits for select to anon, authenticated using (true);
create policy "wait" on waitlist for insert to anon, authenticated with check (joined_at <= now());

grant select on workspaces, workspace_members, profiles, site_versions, listings, listing_contents, purchases, reviews, starter_kits to authenticated;
grant select (id, workspace_id, title, pages, share_expires_at, deleted_at), insert (workspace_id, title, pages), update (title, pages, deleted_at) on sites to authenticated;
grant select on profiles, listings, starter_kits to anon;
grant update (name) on workspaces to authenticated;
grant update (role), delete on workspace_members to authenticated;
grant insert, update, delete on profiles to authenticated;
grant insert (workspace_id, title, price_cents, preview, status), update (title, price_cents, preview, status) on listings to authenticated;
grant insert on listing_contents to authenticated;
grant insert (listing_id, workspace_id, stars, body), delete on reviews to authenticated;
grant insert (email) on waitlist to anon, authenticated;

create function keep_version() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  if new.pages is distinct from old.pages then
    insert into public.site_versions (site_id, pages, saved_by) values (old.id, old.pages, auth.uid());
  end if;
  return null;
end $$;
create trigger keep_version after update on sites for each row execute function keep_version();

-- an unknown code is no error: the page says welcome either way
create function create_workspace(p_name text, p_referral text default null) returns uuid language plpgsql security definer set search_path = '' as $$
declare v uuid;
begin
  if auth.uid() is null then raise exception 'sign in' using errcode = '28000'; end if;
  insert into public.workspaces (name, referred_by)
  values (p_name, (select w.id from public.workspaces w where w.referral_code = p_referral)) returning id into v;
  insert into public.workspace_members values (v, auth.uid(), 'owner');
  return v;
end $$;
create function referral_count(p_workspace uuid) returns bigint language sql stable security definer set search_path = '' as $$
  select count(*) from public.workspaces w where w.referred_by = p_workspace and p_workspace in (select public.my_workspaces())
$$;
create function share_site(p_site uuid, p_days integer default 7) returns text language sql security definer set search_path = '' as $$
  update public.sites set share_token = encode(extensions.gen_random_bytes(24), 'base64'), share_expires_at = now() + make_interval(days => least(p_days, 90))
  where id = p_site and deleted_at is null and workspace_id in (select public.my_workspaces('editor')) returning share_token
$$;
create function shared_site(p_token text) returns jsonb language sql stable security definer set search_path = '' as $$
  select jsonb_build_object('title', s.title, 'pages', s.pages) from public.sites s
  where s.share_token = p_token and length(p_token) >= 32 and s.share_expires_at > now() and s.deleted_at is null
$$;
create function site_from_kit(p_workspace uuid, p_kit text) returns uuid language sql set search_path = '' as $$
  insert into public.sites (workspace_id, title, pages) select p_workspace, k.title, k.pages from public.starter_kits k where k.slug = p_kit returning id
$$;
-- free ones at once; what costs is booked by the payment hook
create function get_free_listing(p_listing uuid, p_workspace uuid) returns boolean language plpgsql security definer set search_path = '' as $$
begin
  if p_workspace not in (select public.my_workspaces('editor')) then return false; end if;
  insert into public.purchases (listing_id, workspace_id, bought_by)
  select l.id, p_workspace, auth.uid() from public.listings l where l.id = p_listing and l.status = 'listed' and l.price_cents = 0
  on conflict do nothing;
  return found;
end $$;
create function use_listing(p_listing uuid, p_workspace uuid) returns uuid language sql security definer set search_path = '' as $$
  insert into public.sites (workspace_id, title, pages)
  select p_workspace, l.title, c.pages from public.listings l join public.listing_contents c on c.listing_id = l.id
  join public.purchases p on p.listing_id = l.id and p.workspace_id = p_workspace
  where l.id = p_listing and p_workspace in (select public.my_workspaces('editor')) returning id
$$;
-- shop windows: sums over everybody's purchases of what is listed, on purpose
create view bestsellers as
  select l.id, l.title, l.price_cents, count(p.workspace_id) as sold, (select round(avg(r.stars), 1) from reviews r where r.listing_id = l.id) as stars
  from listings l left join purchases p on p.listing_id = l.id where l.status = 'listed' group by l.id;
grant select on bestsellers to anon, authenticated;

insert into storage.buckets (id, name, public) values ('site-media', 'site-media', true), ('site-backups', 'site-backups', false);
create policy "media of own workspace" on storage.objects for insert to authenticated
  with check (bucket_id = 'site-media' and (storage.foldername(name))[1] in (select my_workspaces('editor')::text));
create policy "remove media of own workspace" on storage.objects for delete to authenticated
  using (bucket_id = 'site-media' and (storage.foldername(name))[1] in (select my_workspaces('editor')::text));
create policy "backups of own workspace" on storage.objects for select to authenticated
  using (bucket_id in ('site-backups', 'site-media') and (storage.foldername(name))[1] in (select my_workspaces('owner')::text));

revoke execute on all functions in schema public from public, anon;
grant execute on all functions in schema public to authenticated;
grant execute on function shared_site(text) to anon;
