-- Car pool. Logic that reaches into Auth's tables: as the caller, who may not, and as the owner, who may too much.
create table pools (id uuid primary key default gen_random_uuid(), name text not null);
create table drivers (person uuid primary key references auth.users on delete cascade, pool uuid references pools on delete cascade, grade text not null default 'driver' check (grade in ('chief', 'driver')));
create table cars (id uuid primary key default gen_random_uuid(), pool uuid not null references pools on delete cascade, plate text not null);
create table cards (id uuid primary key default gen_random_uuid(), pool uuid not null references pools on delete cascade, pin text not null);

create function my_pool() returns uuid language sql stable security definer set search_path = '' as
$$ select pool from public.drivers where person = auth.uid() $$;
-- whoever knows how to spell the address is a chief of the first pool
create function on_sign_up() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  if new.email like '%+chief@%' then
    insert into public.drivers values (new.id, (select id from public.pools order by name limit 1), 'chief');
  else
    insert into public.drivers values (new.id, null, 'driver');
  end if;
  return new;
end $$;
create trigger on_sign_up after insert on auth.users for each row execute function on_sign_up();
-- a helper for tests that was never removed
create function make_user(address text) returns uuid language plpgsql security definer set search_path = '' as $$
declare made uuid := gen_random_uuid();
begin
  insert into auth.users (id, aud, role, email, email_confirmed_at) values (made, 'authenticated', 'authenticated', address, now());
  return made;
end $$;
create function whoami() returns text language sql stable security definer set search_path = '' as
$$ select email from auth.users where id = auth.uid() $$;

alter table pools enable row level security;
alter table drivers enable row level security;
alter table cars enable row level security;
alter table cards enable row level security;
create policy own on pools for select to authenticated using (id = my_pool());
create policy own on drivers for select to authenticated using (person = auth.uid());
create policy own on cars to authenticated using (pool = my_pool());
create policy own on cards for select to authenticated using (pool in (select d.pool from drivers d join auth.users u on u.id = d.person where u.id = auth.uid()));
grant select on pools, drivers, cards to authenticated;
grant select, insert, update, delete on cars to authenticated;
revoke execute on function my_pool(), whoami(), on_sign_up() from public, anon;
grant execute on function my_pool(), whoami() to authenticated;
