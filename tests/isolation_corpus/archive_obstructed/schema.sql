-- Film archives. Nothing of theirs can be changed from outside, and yet some of it can be held fast.
create table archives (id uuid primary key default gen_random_uuid(), name text not null);
create table staff_members (archive uuid not null references archives on delete cascade, person uuid not null references auth.users on delete cascade, role text not null check (role in ('keeper', 'clerk')), primary key (archive, person));
create table people (id uuid primary key references auth.users on delete cascade, nick text not null);
create table vaults (id uuid primary key default gen_random_uuid(), archive uuid not null references archives on delete cascade, name text not null, unique (archive, id));
create table reels (id uuid primary key default gen_random_uuid(), archive uuid not null references archives on delete cascade, title text not null, unique (archive, id));
create table shelves (id uuid primary key default gen_random_uuid(), archive uuid not null references archives on delete cascade, name text not null, unique (archive, id));
create table catalogues (id uuid primary key default gen_random_uuid(), archive uuid not null references archives on delete cascade, title text not null);

-- planted: holds another archive's vault fast
create table loans (id uuid primary key default gen_random_uuid(), archive uuid not null references archives on delete cascade, vault uuid not null references vaults on delete restrict, note text not null);
-- planted: a reel's place on a shelf can be taken under another archive's name
create table placements (id uuid primary key default gen_random_uuid(), archive uuid not null references archives on delete cascade, reel uuid not null references reels on delete cascade, shelf uuid not null references shelves on delete cascade, unique (reel, shelf));
-- planted: whoever is named here cannot delete their account
create table entries (id uuid primary key default gen_random_uuid(), archive uuid not null references archives on delete cascade, written_by uuid not null default auth.uid() references people on delete set null, body text not null);

-- sound: the key says whose vault it is
create table checks (id uuid primary key default gen_random_uuid(), archive uuid not null references archives on delete cascade, vault uuid not null, note text not null, foreign key (archive, vault) references vaults (archive, id) on delete restrict);
-- sound: goes with the vault
create table alarms (id uuid primary key default gen_random_uuid(), archive uuid not null references archives on delete cascade, vault uuid not null references vaults on delete cascade, note text not null);
-- sound: each archive has its own pairs
create table prints (id uuid primary key default gen_random_uuid(), archive uuid not null references archives on delete cascade, reel uuid not null references reels on delete cascade, shelf uuid not null references shelves on delete cascade, unique (archive, reel, shelf));
-- sound: the policy looks whose reel it is
create table repairs (id uuid primary key default gen_random_uuid(), archive uuid not null references archives on delete cascade, reel uuid not null unique references reels on delete restrict, note text not null);
-- sound: everybody may quote a catalogue, for everybody reads them
create table quotes (id uuid primary key default gen_random_uuid(), archive uuid not null references archives on delete cascade, catalogue uuid not null references catalogues on delete restrict, body text not null);
-- sound: may be without its author, or goes with them
create table remarks (id uuid primary key default gen_random_uuid(), archive uuid not null references archives on delete cascade, written_by uuid default auth.uid() references people on delete set null, edited_by uuid not null default auth.uid() references people on delete cascade, body text not null);

create function works_at(a uuid) returns boolean language sql stable security definer set search_path = '' as
$$ select exists (select from public.staff_members where archive = a and person = auth.uid()) $$;
do $$ declare t text; begin
  foreach t in array array['archives', 'staff_members', 'people', 'vaults', 'reels', 'shelves', 'catalogues', 'loans', 'placements', 'entries', 'checks', 'alarms', 'prints', 'repairs', 'quotes', 'remarks'] loop
    execute format('alter table %I enable row level security', t);
  end loop;
  foreach t in array array['vaults', 'reels', 'shelves', 'catalogues', 'loans', 'placements', 'entries', 'checks', 'alarms', 'prints', 'quotes', 'remarks'] loop
    execute format('create policy own on %I to authenticated using (works_at(archive)) with check (works_at(archive))', t);
    execute format('grant select, insert, update, delete on %I to authenticated', t);
  end loop;
end $$;
create policy own on archives for select to authenticated using (works_at(id));
create policy own on staff_members for select to authenticated using (works_at(archive));
create policy own on people for select to authenticated using (id = auth.uid());
create policy readers on catalogues for select to authenticated using (true);
create policy own on repairs to authenticated using (works_at(archive)) with check (works_at(archive) and exists (select from reels r where r.id = reel and r.archive = repairs.archive));
grant select on archives, staff_members, people to authenticated;
grant select, insert, update, delete on repairs to authenticated;
revoke execute on all functions in schema public from public, anon;
grant execute on all functions in schema public to authenticated;
