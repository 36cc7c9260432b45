-- No foreign keys, and a membership that is called after what it joins: `brand_id` is a brand's, not a `user_brands`'s.
create table brands (id uuid primary key default gen_random_uuid(), name text not null);
create table user_brands (id uuid primary key default gen_random_uuid(), user_id uuid not null, brand_id uuid not null, role text default 'member');
create table assets (id uuid primary key default gen_random_uuid(), brand_id uuid not null, body text);
-- planted
create table drafts (id uuid primary key default gen_random_uuid(), brand_id uuid not null, body text);
alter table brands enable row level security;
alter table user_brands enable row level security;
alter table assets enable row level security;
alter table drafts enable row level security;
create policy own on user_brands for select to authenticated using (user_id = auth.uid());
create policy own on brands for select to authenticated using (exists (select from user_brands u where u.brand_id = brands.id and u.user_id = auth.uid()));
create policy own on assets to authenticated using (brand_id in (select u.brand_id from user_brands u where u.user_id = auth.uid()));
create policy own on drafts to authenticated using (true);
grant select on brands, user_brands to authenticated;
grant select, insert, update, delete on assets, drafts to authenticated;
