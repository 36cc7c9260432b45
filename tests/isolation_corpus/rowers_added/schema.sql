begin;

-- rowing clubs: nobody writes memberships, stewards add people by their address, or invite them

create table public.clubs (
  id uuid primary key default gen_random_uuid(),
  name text not null
);
create table public.crews (
  club_id uuid not null references public.clubs (id) on delete cascade,
  rower_id uuid not null references auth.users (id) on delete cascade,
  rank text not null default 'rower' check (rank in ('steward', 'rower')),
  accepted boolean not null default false,
  primary key (club_id, rower_id)
);
create table public.rowers (
  id uuid primary key references auth.users (id) on delete cascade,
  full_name text not null,
  phone text not null
);
-- of whoever accepted to row for the club
create table public.health_forms (
  id uuid primary key default gen_random_uuid(),
  rower_id uuid not null references auth.users (id) on delete cascade,
  remarks text not null
);
create table public.boats (
  id uuid primary key default gen_random_uuid(),
  club_id uuid not null references public.clubs (id) on delete cascade,
  name text not null
);
create table public.invitations (
  id uuid primary key default gen_random_uuid(),
  club_id uuid not null references public.clubs (id) on delete cascade,
  address text not null
);

create function public.rows_for(c uuid) returns boolean language sql stable security definer set search_path = '' as
$$ select exists (select 1 from public.crews m where m.club_id = c and m.rower_id = (select auth.uid())) $$;
create function public.is_steward(c uuid) returns boolean language sql stable security definer set search_path = '' as
$$ select exists (select 1 from public.crews m where m.club_id = c and m.rower_id = (select auth.uid()) and m.rank = 'steward') $$;
create function public.rows_with_me(r uuid) returns boolean language sql stable security definer set search_path = '' as
$$ select exists (select 1 from public.crews m where m.rower_id = r and public.rows_for(m.club_id)) $$;
create function public.accepted_with_me(r uuid) returns boolean language sql stable security definer set search_path = '' as
$$ select exists (select 1 from public.crews m where m.rower_id = r and m.accepted and public.rows_for(m.club_id)) $$;

-- whoever has that address is in the crew from now on
create function public.add_rower(club uuid, address text) returns boolean language plpgsql security definer set search_path = '' as $$
declare r uuid;
begin
  if not public.is_steward(club) then
    return false;
  end if;
  select u.id into r from auth.users u where u.email = address;
  if r is not null then
    insert into public.crews (club_id, rower_id) values (club, r) on conflict do nothing;
  end if;
  return true;
end $$;
-- asks them first
create function public.invite_rower(club uuid, address text) returns boolean language plpgsql security definer set search_path = '' as $$
begin
  if not public.is_steward(club) then
    return false;
  end if;
  insert into public.invitations (club_id, address) values (club, address);
  return true;
end $$;
create function public.take_invitation(invitation uuid) returns boolean language plpgsql security definer set search_path = '' as $$
declare i public.invitations;
begin
  delete from public.invitations v where v.id = invitation and v.address = (select auth.email()) returning * into i;
  if i.id is null then
    return false;
  end if;
  insert into public.crews (club_id, rower_id, accepted) values (i.club_id, (select auth.uid()), true)
  on conflict (club_id, rower_id) do update set accepted = true;
  return true;
end $$;

alter table public.clubs enable row level security;
alter table public.crews enable row level security;
alter table public.rowers enable row level security;
alter table public.health_forms enable row level security;
alter table public.boats enable row level security;
alter table public.invitations enable row level security;

create policy clubs_read on public.clubs for select to authenticated using (public.rows_for(id));
create policy crews_read on public.crews for select to authenticated using (public.rows_for(club_id));
create policy boats_read on public.boats for select to authenticated using (public.rows_for(club_id));
create policy invitations_read on public.invitations for select to authenticated
  using (public.is_steward(club_id) or address = (select auth.email()));
create policy rowers_read on public.rowers for select to authenticated using (id = (select auth.uid()) or public.rows_with_me(id));
create policy rowers_own on public.rowers for update to authenticated using (id = (select auth.uid()));
create policy forms_own on public.health_forms for all to authenticated using (rower_id = (select auth.uid()));
create policy forms_read on public.health_forms for select to authenticated using (public.accepted_with_me(rower_id));

revoke execute on all functions in schema public from public, anon;
grant execute on all functions in schema public to authenticated;
grant select on all tables in schema public to authenticated;
grant update (full_name, phone) on public.rowers to authenticated;
grant insert, update, delete on public.health_forms to authenticated;

commit;
