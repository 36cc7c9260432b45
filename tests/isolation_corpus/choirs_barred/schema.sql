-- Choirs. Who signs up is written down three times, and each address stands once in each place.
create table choirs (id uuid primary key default gen_random_uuid(), name text not null);
-- planted: whoever writes a stranger's address into their own profile keeps the stranger from signing up
create table profiles (id uuid primary key references auth.users on delete cascade, email text not null unique, nick text);
-- sound: the sign-up goes on without a row here
create table mailings (id uuid primary key references auth.users on delete cascade, address text not null unique, weekly boolean not null default true);
-- sound: the address is not theirs to change
create table accounts (id uuid primary key references auth.users on delete cascade, address text not null unique, locale text not null default 'en');
create table singers (choir uuid not null references choirs on delete cascade, person uuid not null references auth.users on delete cascade, primary key (choir, person));
create table songs (id uuid primary key default gen_random_uuid(), choir uuid not null references choirs on delete cascade, title text not null);

create function write_down() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  insert into public.profiles (id, email) values (new.id, coalesce(new.email, new.id::text));
  insert into public.mailings (id, address) values (new.id, coalesce(new.email, new.id::text)) on conflict do nothing;
  insert into public.accounts (id, address) values (new.id, coalesce(new.email, new.id::text));
  return new;
end $$;
create trigger write_down after insert on auth.users for each row execute function write_down();
create function sings_in(c uuid) returns boolean language sql stable security definer set search_path = '' as
$$ select exists (select from public.singers s where s.choir = c and s.person = auth.uid()) $$;

do $$ declare t text; begin
  foreach t in array array['choirs', 'profiles', 'mailings', 'accounts', 'singers', 'songs'] loop
    execute format('alter table %I enable row level security', t);
    execute format('grant select on %I to authenticated', t);
  end loop;
  foreach t in array array['profiles', 'mailings', 'accounts'] loop
    execute format('create policy own on %I for select to authenticated using (id = auth.uid())', t);
    execute format('create policy edit on %I for update to authenticated using (id = auth.uid()) with check (id = auth.uid())', t);
  end loop;
end $$;
grant update on profiles, mailings to authenticated;
grant update (locale) on accounts to authenticated;
create policy own on choirs for select to authenticated using (sings_in(id));
create policy own on singers for select to authenticated using (person = auth.uid());
create policy own on songs to authenticated using (sings_in(choir)) with check (sings_in(choir));
grant insert, update, delete on songs to authenticated;
revoke execute on all functions in schema public from public, anon;
grant execute on function sings_in(uuid) to authenticated;
