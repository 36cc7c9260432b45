-- Veterinary practices. The client names the practice it works for in a header; sometimes nobody asks whether it may.
create table practices (id uuid primary key default gen_random_uuid(), name text not null);
create table vets (practice_id uuid not null references practices on delete cascade, person uuid not null references auth.users on delete cascade, primary key (practice_id, person));
create table animals (id uuid primary key default gen_random_uuid(), practice_id uuid not null references practices on delete cascade, name text not null);
create table findings (id uuid primary key default gen_random_uuid(), practice_id uuid not null references practices on delete cascade, body text not null);
create table invoices (id uuid primary key default gen_random_uuid(), practice_id uuid not null references practices on delete cascade, total numeric not null);

create function works_at(p uuid) returns boolean language sql stable security definer set search_path = '' as
$$ select exists (select from public.vets where practice_id = p and person = auth.uid()) $$;
create function chosen_practice() returns uuid language sql stable set search_path = '' as
$$ select nullif(nullif(current_setting('request.headers', true), '')::json ->> 'x-practice-id', '')::uuid $$;
create function enter_practice(p uuid) returns void language sql set search_path = '' as
$$ select set_config('app.practice', p::text, false) $$;

alter table practices enable row level security;
alter table vets enable row level security;
alter table animals enable row level security;
alter table findings enable row level security;
alter table invoices enable row level security;
create policy own on practices for select to authenticated using (works_at(id));
create policy own on vets for select to authenticated using (person = auth.uid());
-- sound: the header chooses among one's own
create policy chosen on animals to authenticated using (practice_id = chosen_practice() and works_at(practice_id));
create policy chosen on findings to authenticated using (practice_id = chosen_practice());
create policy entered on invoices for select to authenticated using (works_at(practice_id) or practice_id = nullif(current_setting('app.practice', true), '')::uuid);
grant select on practices, vets, invoices to authenticated;
grant select, insert, update, delete on animals, findings to authenticated;
revoke execute on all functions in schema public from public, anon;
grant execute on all functions in schema public to authenticated;
