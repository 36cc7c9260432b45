-- Bakeries. Policies ask whether one is a manager, and never of which bakery.
create table bakeries (id uuid primary key default gen_random_uuid(), name text not null);
create table bakers (bakery uuid not null references bakeries on delete cascade, person uuid not null references auth.users on delete cascade, role text not null default 'baker' check (role in ('manager', 'baker')), primary key (bakery, person));
create table doughs (id uuid primary key default gen_random_uuid(), bakery uuid not null references bakeries on delete cascade, formula text not null);
create table orders (id uuid primary key default gen_random_uuid(), bakery uuid not null references bakeries on delete cascade, customer text not null);
create function is_manager() returns boolean language sql stable security definer set search_path = '' as
$$ select exists (select from public.bakers where person = auth.uid() and role = 'manager') $$;
create function works_in(b uuid) returns boolean language sql stable security definer set search_path = '' as
$$ select exists (select from public.bakers where person = auth.uid() and bakery = b) $$;
alter table bakeries enable row level security;
alter table bakers enable row level security;
alter table doughs enable row level security;
alter table orders enable row level security;
create policy see on bakeries for select to authenticated using (works_in(id) or is_manager());
create policy see on bakers for select to authenticated using (person = auth.uid() or is_manager());
create policy bake on doughs to authenticated using (works_in(bakery) or is_manager()) with check (works_in(bakery));
create policy sell on orders to authenticated using (works_in(bakery) or is_manager()) with check (works_in(bakery));
grant select on bakeries, bakers to authenticated;
grant select, insert, update, delete on doughs, orders to authenticated;
revoke execute on all functions in schema public from public, anon;
grant execute on all functions in schema public to authenticated;
