-- Choirs. Profiles carry an e-mail that their owners may edit; invitations are found by it. Nobody signs in anonymously.
create table people (id uuid primary key references auth.users on delete cascade, email text not null, nick text);
create table choirs (id uuid primary key default gen_random_uuid(), name text not null);
create table singers (id uuid primary key default gen_random_uuid(), choir uuid not null references choirs on delete cascade, person uuid not null references people on delete cascade, role text not null default 'singer' check (role in ('conductor', 'singer')), unique (choir, person));
create table invitations (id uuid primary key default gen_random_uuid(), choir uuid not null references choirs on delete cascade, email text not null, code text not null default md5(random()::text));
create table letters (id uuid primary key default gen_random_uuid(), choir uuid not null references choirs on delete cascade, recipient text not null, body text not null);

create function on_sign_up() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  insert into public.people (id, email, nick) values (new.id, new.email, new.raw_user_meta_data ->> 'nick');
  return new;
end $$;
create trigger on_sign_up after insert on auth.users for each row execute function on_sign_up();
create function conducts(c uuid) returns boolean language sql stable security definer set search_path = '' as
$$ select exists (select from public.singers where choir = c and person = auth.uid() and role = 'conductor') $$;
create function sings_in(c uuid) returns boolean language sql stable security definer set search_path = '' as
$$ select exists (select from public.singers where choir = c and person = auth.uid()) $$;

alter table people enable row level security;
alter table choirs enable row level security;
alter table singers enable row level security;
alter table invitations enable row level security;
alter table letters enable row level security;
create policy own on people for select to authenticated using (id = auth.uid());
create policy edit on people for update to authenticated using (id = auth.uid());
create policy own on choirs for select to authenticated using (sings_in(id));
create policy own on singers for select to authenticated using (sings_in(choir));
create policy conductor on invitations to authenticated using (conducts(choir));
create policy invited on invitations for select to authenticated using (email = (select p.email from people p where p.id = auth.uid()));
-- sound: the token's e-mail is the one that Auth has verified
create policy addressed on letters for select to authenticated using (sings_in(choir) or recipient = auth.email());
grant select on people, choirs, singers, letters to authenticated;
grant update (email, nick) on people to authenticated;
grant select, insert, update, delete on invitations to authenticated;
revoke execute on all functions in schema public from public, anon;
grant execute on all functions in schema public to authenticated;
