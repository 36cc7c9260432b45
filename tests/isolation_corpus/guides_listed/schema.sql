begin;

-- agencies that list tour guides: for which one somebody works, and as what, is in the token (custom access token hook)

create type public.post as enum ('manager', 'guide');
create type public.listing_state as enum ('asked', 'listed', 'retired');

create table public.agencies (
  id uuid primary key default gen_random_uuid(),
  name text not null
);
-- one row per guide, whoever they work for
create table public.guides (
  id uuid primary key references auth.users (id) on delete cascade,
  full_name text not null,
  phone text not null
);
create table public.listings (
  id uuid primary key default gen_random_uuid(),
  agency_id uuid not null references public.agencies (id) on delete cascade,
  guide_id uuid not null references public.guides (id) on delete cascade,
  post public.post not null default 'guide',
  state public.listing_state not null default 'asked',
  confirmed_at timestamptz,
  unique (agency_id, guide_id)
);
create table public.tours (
  id uuid primary key default gen_random_uuid(),
  agency_id uuid not null references public.agencies (id) on delete cascade,
  title text not null
);
-- what an agency asks a guide to do: a letter, whoever gets it
create table public.offers (
  id uuid primary key default gen_random_uuid(),
  agency_id uuid not null references public.agencies (id) on delete cascade,
  guide_id uuid not null references public.guides (id) on delete cascade,
  wording text not null
);
create table public.licences (
  id uuid primary key default gen_random_uuid(),
  guide_id uuid not null references public.guides (id) on delete cascade,
  serial text not null
);
create table public.diaries (
  id uuid primary key default gen_random_uuid(),
  guide_id uuid not null references public.guides (id) on delete cascade,
  entry text not null
);

create function public.my_agency() returns uuid language sql stable set search_path = '' as
$$ select (auth.jwt() ->> 'agency')::uuid $$;
create function public.my_post() returns text language sql stable set search_path = '' as
$$ select auth.jwt() ->> 'post' $$;
-- listed by the agency, which says so itself
create function public.lists(g uuid) returns boolean language sql stable security definer set search_path = '' as
$$ select exists (select 1 from public.listings l where l.guide_id = g and l.agency_id = public.my_agency() and l.state = 'listed') $$;
-- listed, and the guide agreed
create function public.trusted_by(g uuid) returns boolean language sql stable security definer set search_path = '' as
$$ select exists (select 1 from public.listings l where l.guide_id = g and l.agency_id = public.my_agency() and l.confirmed_at is not null) $$;
-- managers work while they are listed themselves
create function public.manages() returns boolean language sql stable security definer set search_path = '' as
$$ select public.my_post() = 'manager' and exists (select 1 from public.listings l where l.guide_id = (select auth.uid())
  and l.agency_id = public.my_agency() and l.state = 'listed') $$;

create function public.custom_access_token_hook(event jsonb) returns jsonb language plpgsql stable set search_path = '' as $$
declare l public.listings;
begin
  select * into l from public.listings where guide_id = (event ->> 'user_id')::uuid order by confirmed_at nulls last limit 1;
  return jsonb_set(event, '{claims}', (event -> 'claims') || jsonb_build_object('agency', l.agency_id, 'post', l.post));
end $$;

create function public.confirm_listing(agency uuid) returns void language sql security definer set search_path = '' as
$$ update public.listings set confirmed_at = now() where agency_id = agency and guide_id = (select auth.uid()) $$;
-- the number of whoever is listed
create function public.ring_up(g uuid) returns text language plpgsql security definer set search_path = '' as $$
begin
  if not public.lists(g) then
    return null;
  end if;
  return (select phone from public.guides where id = g);
end $$;
create function public.licence_of(g uuid) returns setof text language sql stable security definer set search_path = '' as
$$ select serial from public.licences where guide_id = g and public.trusted_by(g) $$;
-- closes the record of a guide who is listed, everywhere
create function public.strike_off(g uuid) returns boolean language plpgsql security definer set search_path = '' as $$
begin
  if public.my_post() <> 'manager' or not public.lists(g) then
    return false;
  end if;
  delete from public.guides where id = g;
  return found;
end $$;
-- ends the listing alone
create function public.release_guide(g uuid) returns boolean language plpgsql security definer set search_path = '' as $$
begin
  if coalesce(public.my_post(), '') <> 'manager' then
    return false;
  end if;
  update public.listings set state = 'retired' where guide_id = g and agency_id = public.my_agency();
  return found;
end $$;

alter table public.agencies enable row level security;
alter table public.guides enable row level security;
alter table public.listings enable row level security;
alter table public.tours enable row level security;
alter table public.offers enable row level security;
alter table public.licences enable row level security;
alter table public.diaries enable row level security;

create policy agencies_read on public.agencies for select to authenticated using (id = public.my_agency());
create policy listings_read on public.listings for select to authenticated using (agency_id = public.my_agency());
create policy listings_add on public.listings for insert to authenticated
  with check (agency_id = public.my_agency() and public.my_post() = 'manager');
create policy listings_hook on public.listings for select to supabase_auth_admin using (true);
create policy tours_read on public.tours for select to authenticated using (agency_id = public.my_agency());
create policy offers_read on public.offers for select to authenticated
  using (agency_id = public.my_agency() or guide_id = (select auth.uid()));
create policy offers_add on public.offers for insert to authenticated
  with check (agency_id = public.my_agency() and public.my_post() = 'manager');
create policy guides_read on public.guides for select to authenticated using (id = (select auth.uid()) or public.lists(id));
create policy guides_change on public.guides for update to authenticated
  using (id = (select auth.uid()) or (public.manages() and exists (
    select 1 from public.listings l where l.guide_id = guides.id and l.agency_id = public.my_agency() and l.state = 'listed')))
  with check (id = (select auth.uid()) or (public.manages() and exists (
    select 1 from public.listings l where l.guide_id = guides.id and l.agency_id = public.my_agency() and l.state = 'listed')));
create policy guides_remove on public.guides for delete to authenticated using (public.manages() and public.lists(id));
create policy licences_own on public.licences for all to authenticated using (guide_id = (select auth.uid()));
create policy licences_trusted on public.licences for select to authenticated using (public.trusted_by(guide_id));
create policy diaries_own on public.diaries for all to authenticated using (guide_id = (select auth.uid()));

revoke execute on all functions in schema public from public, anon;
grant execute on all functions in schema public to authenticated;
revoke execute on function public.custom_access_token_hook(jsonb) from authenticated;
grant execute on function public.custom_access_token_hook(jsonb) to supabase_auth_admin;
grant select on public.listings to supabase_auth_admin;
grant select on all tables in schema public to authenticated;
-- that they agreed is for guides to say
grant insert (id, agency_id, guide_id, post, state) on public.listings to authenticated;
grant insert on public.offers to authenticated;
grant update (full_name, phone), delete on public.guides to authenticated;
grant insert, update, delete on public.licences, public.diaries to authenticated;

commit;
