-- Fund-raising for charities: campaign pages, donors with or without a name, codes to join a team
create type team_role as enum ('admin', 'fundraiser', 'viewer');

create table organizations (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  country char(2) not null default 'DE',
  join_code text default upper(substr(md5(random()::text), 1, 8)),
  verified boolean not null default false,
  created_by uuid default auth.uid() references auth.users on delete set null
);
create table organization_members (
  organization_id uuid not null references organizations on delete cascade,
  user_id uuid not null default auth.uid() references auth.users on delete cascade,
  role team_role not null default 'viewer',
  primary key (organization_id, user_id)
);
create table profiles (
  id uuid primary key references auth.users on delete cascade,
  display_name text not null default 'A friend',
  email text,
  wants_newsletter boolean not null default false
);
create table campaigns (
  id uuid primary key default gen_random_uuid(),
  organization_id uuid not null references organizations on delete cascade,
  slug text not null,
  title text not null,
  goal_cents bigint not null check (goal_cents > 0),
  published_at timestamptz,
  archived_at timestamptz,
  unique (organization_id, slug)
);
create table donations (
  id uuid primary key default gen_random_uuid(),
  campaign_id uuid not null references campaigns on delete cascade,
  donor_id uuid references auth.users on delete set null,
  donor_name text,
  anonymous boolean not null default false,
  amount_cents integer not null check (amount_cents > 0),
  message text,
  donated_at timestamptz not null default now()
);
create table payouts (
  id bigint generated always as identity primary key,
  organization_id uuid not null references organizations on delete cascade,
  iban text not null,
  amount_cents bigint not null
);
create table campaign_posts (
  id uuid primary key default gen_random_uuid(),
  campaign_id uuid not null references campaigns on delete cascade,
  body text not null,
  donors_only boolean not null default true
);
create table causes (slug text primary key, label text not null);
insert into causes values ('water', 'Clean water'), ('school', 'Education'), ('animals', 'Animals');
create table inbox (
  id bigint generated always as identity primary key,
  user_id uuid not null references auth.users on delete cascade,
  from_id uuid,
  body text not null check (length(body) <= 2000),
  read boolean not null default false
);

create function new_profile() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  insert into public.profiles (id, email) values (new.id, new.email);
  return new;
end $$;
create trigger new_profile after insert on auth.users for each row execute function new_profile();

create function team_role_in(p_org uuid) returns team_role language sql stable security definer set search_path = '' as $$
  select role from public.organization_members where organization_id = p_org and user_id = auth.uid()
$$;
create function campaign_role(p_campaign uuid) returns team_role language sql stable security definer set search_path = '' as $$
  select public.team_role_in(organization_id) from public.campaigns where id = p_campaign
$$;
create function have_given(p_campaign uuid) returns boolean language sql stable security definer set search_path = '' as $$
  select exists (select 1 from public.donations where campaign_id = p_campaign and donor_id = auth.uid())
$$;

alter table organizations enable row level security;
alter table organization_members enable row level security;
alter table profiles enable row level security;
alter table campaigns enable row level security;
alter table donations enable row level security;
alter table payouts enable row level security;
alter table campaign_posts enable row level security;
alter table causes enable row level security;
alter table inbox enable row level security;

create policy "team sees its organization" on organizations for select to authenticated using (team_role_in(id) is not null or created_by = auth.uid());
create policy "start an organization" on organizations for insert to authenticated with check (created_by = auth.uid() and not verified);
create policy "admins edit" on organizations for update to authenticated using (team_role_in(id) = 'admin') with check (team_role_in(id) = 'admin');
create policy "team sees team" on organization_members for select to authenticated using (team_role_in(organization_id) is not null);
create policy "founder becomes admin" on organization_members for insert to authenticated
  with check (user_id = auth.uid() and not exists (
    select 1 from organization_members m where m.organization_id = organization_members.organization_id));
create policy "admins change roles" on organization_members for update to authenticated
  using (team_role_in(organization_id) = 'admin' and user_id <> auth.uid()) with check (team_role_in(organization_id) = 'admin');
create policy "leave" on organization_members for delete to authenticated using (user_id = auth.uid());
create policy "own profile" on profiles for select to authenticated using (id = auth.uid());
create policy "edit own profile" on profiles for update to authenticated using (id = auth.uid());
create policy "published campaigns" on campaigns for select to anon, authenticated using (published_at <= now() and archived_at is null);
create policy "own campaigns" on campaigns for select to authenticated using (team_role_in(organization_id) is not null);
create policy "fundraisers write" on campaigns for insert to authenticated with check (team_role_in(organization_id) in ('admin', 'fundraiser'));
create policy "fundraisers edit" on campaigns for update to authenticated using (team_role_in(organization_id) in ('admin', 'fundraiser'));
create policy "team sees donations" on donations for select to authenticated using (campaign_role(campaign_id) is not null);
create policy "donor sees own" on donations for select to authenticated using (donor_id = auth.uid());
create policy "payouts" on payouts for select to authenticated using (team_role_in(organization_id) = 'admin');
create policy "posts" on campaign_posts for select to authenticated
  using (campaign_role(campaign_id) is not null
      or exists (select 1 from campaigns c where c.id = campaign_id and c.published_at <= now() and (not donors_only or have_given(c.id))));
create policy "write posts" on campaign_posts for all to authenticated
  using (campaign_role(campaign_id) in ('admin', 'fundraiser')) with check (campaign_role(campaign_id) in ('admin', 'fundraiser'));
create policy "causes" on causes for select to anon, authenticated using (true);
create policy "own inbox" on inbox for select to authenticated using (user_id = auth.uid());
create policy "mark" on inbox for update to authenticated using (user_id = auth.uid()) with check (user_id = auth.uid());
create policy "throw away" on inbox for delete to authenticated using (user_id = auth.uid());

grant select (id, name, country, verified, created_by), insert (name, country, created_by), update (name, country) on organizations to authenticated;
grant select on organization_members, profiles, campaigns, donations, payouts, campaign_posts, causes, inbox to authenticated;
grant select on campaigns, causes to anon;
grant insert, update (role), delete on organization_members to authenticated;
grant update (display_name, wants_newsletter) on profiles to authenticated;
grant insert (organization_id, slug, title, goal_cents), update (slug, title, goal_cents, published_at, archived_at) on campaigns to authenticated;
grant insert (campaign_id, body, donors_only), update (body, donors_only), delete on campaign_posts to authenticated;
grant update (read), delete on inbox to authenticated;

-- the wall of a campaign page: names of those who want to be named
create view donor_wall as
  select d.campaign_id, case when d.anonymous then null else d.donor_name end as donor, d.amount_cents, d.donated_at::date as day
  from donations d join campaigns c on c.id = d.campaign_id where c.published_at <= now() and c.archived_at is null;
grant select on donor_wall to anon, authenticated;

create function join_organization(p_code text) returns uuid language plpgsql security definer set search_path = '' as $$
declare v uuid;
begin
  if auth.uid() is null or coalesce(p_code, '') = '' then raise exception 'unknown code' using errcode = 'P0002'; end if;
  -- people type the code in lower case
  select id into v from public.organizations where join_code ilike trim(p_code) order by id limit 1;
  if v is null then raise exception 'unknown code' using errcode = 'P0002'; end if;
  insert into public.organization_members (organization_id, user_id, role) values (v, auth.uid(), 'viewer') on conflict do nothing;
  return v;
end $$;
create function my_join_code(p_org uuid) returns text language sql stable security definer set search_path = '' as $$
  select join_code from public.organizations where id = p_org and public.team_role_in(id) = 'admin'
$$;
create function donate(p_campaign uuid, p_amount_cents integer, p_anonymous boolean default false, p_message text default null) returns uuid
language plpgsql security definer set search_path = '' as $$
declare v uuid;
begin
  if auth.uid() is null then raise exception 'sign in' using errcode = '28000'; end if;
  insert into public.donations (campaign_id, donor_id, donor_name, anonymous, amount_cents, message)
  select c.id, auth.uid(), (select p.display_name from public.profiles p where p.id = auth.uid()), p_anonymous, p_amount_cents, left(p_message, 500)
  from public.campaigns c where c.id = p_campaign and c.published_at <= now() and c.archived_at is null returning id into v;
  if v is null then raise exception 'no such campaign' using errcode = 'P0002'; end if;
  return v;
end $$;
create function search_donations(p_org uuid, p_text text) returns table (campaign text, donor text, message text, amount_cents integer)
language plpgsql stable security definer set search_path = '' as $$
begin
  if public.team_role_in(p_org) is null then return; end if;
  return query execute
    'select c.title, case when d.anonymous then null else d.donor_name end, d.message, d.amount_cents
     from public.donations d join public.campaigns c on c.id = d.campaign_id
     where c.organization_id = $1 and (d.donor_name ilike ''%' || p_text || '%'' or d.message ilike ''%' || p_text || '%'')'
    using p_org;
end $$;
-- two branches of a charity merge: the campaign goes along
create function move_campaign(p_campaign uuid, p_to uuid) returns boolean language plpgsql security definer set search_path = '' as $$
begin
  if public.campaign_role(p_campaign) is distinct from 'admin' then return false; end if;
  update public.campaigns set organization_id = p_to where id = p_campaign;
  return true;
end $$;
-- a fundraiser thanks whoever gave to their campaign; donors cannot be written to otherwise
create function thank_donor(p_donation uuid, p_body text) returns boolean language plpgsql security definer set search_path = '' as $$
begin
  insert into public.inbox (user_id, from_id, body)
  select d.donor_id, auth.uid(), left(p_body, 2000) from public.donations d
  where d.id = p_donation and d.donor_id is not null and not d.anonymous and public.campaign_role(d.campaign_id) in ('admin', 'fundraiser');
  return found;
end $$;
-- the number on our home page
create function raised_in_total() returns bigint language sql stable security definer set search_path = '' as $$
  select coalesce(sum(amount_cents), 0)::bigint from public.donations
$$;

insert into storage.buckets (id, name, public) values ('campaign-media', 'campaign-media', true), ('receipts', 'receipts', false);
create policy "upload media" on storage.objects for insert to authenticated
  with check (bucket_id = 'campaign-media' and (storage.foldername(name))[1] in (
    select m.organization_id::text from organization_members m where m.user_id = auth.uid() and m.role <> 'viewer'));
create policy "see media" on storage.objects for select to authenticated using (bucket_id = 'campaign-media');
create policy "replace media" on storage.objects for update to authenticated using (bucket_id = 'campaign-media' and auth.role() = 'authenticated');
create policy "delete media" on storage.objects for delete to authenticated using (bucket_id = 'campaign-media' and auth.role() = 'authenticated');
create policy "own receipts" on storage.objects for select to authenticated
  using (bucket_id = 'receipts' and (storage.foldername(name))[1] = auth.uid()::text);

revoke execute on all functions in schema public from public, anon;
grant execute on all functions in schema public to authenticated;
grant execute on function raised_in_total() to anon;
