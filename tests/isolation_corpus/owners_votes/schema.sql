-- Owners' associations: units, owners, motions, votes by oneself or by proxy
create type ballot as enum ('yes', 'no', 'abstain');
create table associations (
  id uuid primary key default gen_random_uuid(),
  street text not null,
  manager_id uuid references auth.users on delete set null,
  archived boolean not null default false
);
create table units (
  id uuid primary key default gen_random_uuid(),
  association_id uuid not null references associations on delete cascade,
  door text not null,
  share integer not null default 100 check (share > 0),
  unique (association_id, door)
);
create table owners (
  unit_id uuid not null references units on delete cascade,
  user_id uuid not null references auth.users on delete cascade,
  since date not null default current_date,
  until date,
  primary key (unit_id, user_id)
);
create table motions (
  id uuid primary key default gen_random_uuid(),
  association_id uuid not null references associations on delete cascade,
  title text not null,
  opens timestamptz not null default now() - interval '1 hour',
  closes timestamptz not null default now() + interval '7 days',
  result jsonb
);
create table votes (
  motion_id uuid not null references motions on delete cascade,
  unit_id uuid not null references units on delete cascade,
  vote ballot not null,
  cast_by uuid not null default auth.uid() references auth.users,
  primary key (motion_id, unit_id)
);
create table proxies (
  id uuid primary key default gen_random_uuid(),
  unit_id uuid not null references units on delete cascade,
  motion_id uuid references motions on delete cascade,      -- null: for all motions
  holder uuid not null references auth.users on delete cascade,
  given_by uuid not null default auth.uid() references auth.users on delete cascade,
  revoked boolean not null default false
);
create table minutes (
  id uuid primary key default gen_random_uuid(),
  association_id uuid not null references associations on delete cascade,
  held_on date not null default current_date,
  text text not null,
  visible_to text not null default 'owners' check (visible_to in ('manager', 'owners', 'everyone'))
);
create function manages(p uuid) returns boolean language sql stable security definer set search_path = '' as $$
  select exists (select 1 from public.associations a where a.id = p and a.manager_id = auth.uid() and not a.archived)
$$;
create function owns_in(p uuid) returns boolean language sql stable security definer set search_path = '' as $$
  select exists (select 1 from public.owners o join public.units u on u.id = o.unit_id
    where u.association_id = p and o.user_id = auth.uid() and (o.until is null or o.until >= current_date))
$$;
create function votes_for(p_unit uuid, p_motion uuid) returns boolean language sql stable security definer set search_path = '' as $$
  select exists (select 1 from public.owners o where o.unit_id = p_unit and o.user_id = auth.uid() and o.until is null)
      or exists (select 1 from public.proxies x where x.unit_id = p_unit and x.holder = auth.uid() and not x.revoked and coalesce(x.motion_id, p_motion) = p_motion)
$$;
alter table associations enable row level security;
alter table units enable row level security;
alter table owners enable row level security;
alter table motions enable row level security;
alter table votes enable row level security;
alter table proxies enable row level security;
alter table minutes enable row level security;
create policy r on associations for select to authenticated using (manager_id = auth.uid() or owns_in(id));
create policy i on associations for insert to authenticated with check (manager_id = auth.uid());
create policy u on associations for update to authenticated using (manager_id = auth.uid());
create policy r on units for select to authenticated using (manages(association_id) or owns_in(association_id));
create policy w on units for all to authenticated using (manages(association_id)) with check (manages(association_id));
create policy r on owners for select to authenticated using (user_id = auth.uid() or exists (select 1 from units u where u.id = unit_id and manages(u.association_id)));
create policy w on owners for all to authenticated using (exists (select 1 from units u where u.id = unit_id and manages(u.association_id)));
create policy r on motions for select to authenticated using (manages(association_id) or owns_in(association_id));
create policy w on motions for all to authenticated using (manages(association_id)) with check (manages(association_id));
create policy r on votes for select to authenticated using (cast_by = auth.uid());
create policy i on votes for insert to authenticated with check (cast_by = auth.uid() and votes_for(unit_id, motion_id)
  and exists (select 1 from motions m where m.id = motion_id and now() between m.opens and m.closes));
create policy r on proxies for select to authenticated using (holder = auth.uid() or given_by = auth.uid());
create policy i on proxies for insert to authenticated with check (given_by = auth.uid() and holder <> auth.uid());
create policy u on proxies for update to authenticated using (given_by = auth.uid()) with check (given_by = auth.uid());
create policy r on minutes for select to authenticated using (
  visible_to = 'everyone' or manages(association_id) or visible_to = 'owners' and owns_in(association_id));
create policy w on minutes for insert to authenticated with check (manages(association_id));

create function tally(p_motion uuid) returns table (vote ballot, shares bigint) language sql stable security definer set search_path = '' as $$
  select v.vote, sum(u.share) from public.votes v join public.units u on u.id = v.unit_id where v.motion_id = p_motion group by v.vote
$$;
create function close_motion(p_motion uuid) returns jsonb language plpgsql security definer set search_path = '' as $$
declare m public.motions;
begin
  select * into m from public.motions where id = p_motion;
  if not found or (m.closes > now() and not public.manages(m.association_id)) then return null; end if;
  update public.motions set closes = least(closes, now()),
    result = (select jsonb_object_agg(t.vote, t.shares) from public.tally(p_motion) t) where id = p_motion returning result into m.result;
  return m.result;
end $$;
-- "unit;mail" a line, from the manager's spreadsheet
create function import_owners(p_association uuid, p_lines text) returns integer language plpgsql security definer set search_path = '' as $$
declare n integer;
begin
  if not public.manages(p_association) then raise exception 'not the manager' using errcode = '42501'; end if;
  insert into public.owners (unit_id, user_id)
  select u.id, a.id from regexp_split_to_table(p_lines, E'\n') line
  join public.units u on u.door = split_part(line, ';', 1) or u.id::text = split_part(line, ';', 1)
  join auth.users a on lower(a.email) = lower(split_part(line, ';', 2))
  on conflict do nothing;
  get diagnostics n = row_count;
  return n;
end $$;
create function hand_over(p_association uuid, p_to uuid) returns boolean language sql security definer set search_path = '' as $$
  update public.associations set manager_id = p_to where id = p_association and (manager_id = auth.uid() or manager_id is null) returning true
$$;
create function revoke_proxy(p_proxy uuid) returns boolean language sql security definer set search_path = '' as $$
  update public.proxies set revoked = true where id = p_proxy and (given_by = auth.uid() or holder = auth.uid()) returning true
$$;
grant usage on schema public to authenticated;
grant select on all tables in schema public to authenticated;
grant insert (street, manager_id), update (street, archived) on associations to authenticated;
grant insert, update (door, share), delete on units to authenticated;
grant insert, update (until), delete on owners to authenticated;
grant insert (association_id, title, opens, closes), update (title, closes), delete on motions to authenticated;
grant insert on votes, minutes to authenticated;
grant insert (unit_id, motion_id, holder), update (revoked) on proxies to authenticated;
revoke execute on all functions in schema public from public;
grant execute on all functions in schema public to authenticated;
