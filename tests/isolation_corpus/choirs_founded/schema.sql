-- Choirs of a region. A singer's own row comes before everything else: whoever signs up has one, districts and choirs
-- name the singer who founded them, and a choir lies in a district.
create table singers (
  id uuid primary key references auth.users on delete cascade,
  handle text not null unique check (handle ~ '^[a-z][a-z0-9_]{2,23}$'),
  phone text check (phone ~ '^\+[1-9][0-9]{6,14}$'),
  choir_id uuid
);
create table districts (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  head_id uuid not null references singers
);
create table choirs (
  id uuid primary key default gen_random_uuid(),
  district_id uuid not null references districts on delete cascade,
  name text not null check (char_length(name) between 2 and 60),
  founder_id uuid not null references singers,
  treasurer_id uuid references singers
);
alter table singers add foreign key (choir_id) references choirs on delete set null;
create table choir_singers (
  choir_id uuid not null references choirs on delete cascade,
  singer_id uuid not null references singers on delete cascade,
  part text not null check (part in ('conductor', 'singer')),
  primary key (choir_id, singer_id)
);
create table rehearsals (
  id uuid primary key default gen_random_uuid(),
  choir_id uuid not null references choirs on delete cascade,
  notes text not null,
  called_by uuid not null references singers
);
create table fees (
  id uuid primary key default gen_random_uuid(),
  choir_id uuid not null references choirs on delete cascade,
  singer_id uuid not null references singers on delete cascade,
  remark text not null
);

create function on_sign_up() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  insert into public.singers (id, handle) values (new.id, 's_' || substr(replace(new.id::text, '-', ''), 1, 20));
  return new;
end $$;
create trigger on_sign_up after insert on auth.users for each row execute function on_sign_up();

create function sings_in(choir uuid) returns boolean
language sql stable security definer set search_path = '' as $$
  select exists (select from public.choir_singers c where c.choir_id = choir and c.singer_id = auth.uid())
$$;
create function conducts(choir uuid) returns boolean
language sql stable security definer set search_path = '' as $$
  select exists (select from public.choir_singers c
    where c.choir_id = choir and c.singer_id = auth.uid() and c.part = 'conductor')
$$;
create function rename_choir(choir uuid, new_name text) returns void
language plpgsql security definer set search_path = '' as $$
begin
  update public.choirs set name = new_name where id = choir;
end $$;
create function rename_own(choir uuid, new_name text) returns void
language plpgsql security definer set search_path = '' as $$
begin
  update public.choirs set name = new_name where id = choir and founder_id = auth.uid();
end $$;

alter table singers enable row level security;
alter table districts enable row level security;
alter table choirs enable row level security;
alter table choir_singers enable row level security;
alter table rehearsals enable row level security;
alter table fees enable row level security;
create policy self on singers for select to authenticated using (id = (select auth.uid()));
create policy head on districts for select to authenticated
  using (head_id = (select auth.uid()) or exists (select from choirs c where c.district_id = districts.id));
create policy inside on choirs for select to authenticated using (sings_in(id) or treasurer_id = (select auth.uid()));
create policy inside on choir_singers for select to authenticated using (sings_in(choir_id));
create policy enrol on choir_singers for insert to authenticated with check (conducts(choir_id));
create policy inside on rehearsals for select to authenticated using (sings_in(choir_id));
create policy call on rehearsals for insert to authenticated with check (called_by = (select auth.uid()));
create policy anybody on fees for select to authenticated using (true);
create policy conductor on fees for update to authenticated using (conducts(choir_id)) with check (conducts(choir_id));

grant select on singers, districts, choirs, choir_singers, rehearsals, fees to authenticated;
grant insert on choir_singers, rehearsals to authenticated;
grant update (remark) on fees to authenticated;
revoke execute on all functions in schema public from public, anon;
grant execute on function sings_in(uuid), conducts(uuid), rename_choir(uuid, text), rename_own(uuid, text) to authenticated;
