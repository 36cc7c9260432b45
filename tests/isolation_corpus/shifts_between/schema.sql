-- Builders who lend each other hands: rows that hang on two firms' things, and what each of them gets to see of it.
create table firms (id uuid primary key default gen_random_uuid(), name text not null);
create table hands (firm uuid not null references firms on delete cascade, person uuid not null references auth.users on delete cascade, primary key (firm, person));
create table jobs (id uuid primary key default gen_random_uuid(), firm uuid not null references firms on delete cascade, title text not null);
create table shifts (id uuid primary key default gen_random_uuid(), firm uuid not null references firms on delete cascade, title text not null);
create table orders (id uuid primary key default gen_random_uuid(), firm uuid not null references firms on delete cascade, title text not null);

-- sound: seen and written by whose shift it is; whose job it is never sees it
create table shift_links (shift uuid not null references shifts on delete cascade, job uuid not null references jobs on delete cascade, primary key (shift, job));
-- planted: whose job it is sees it, too
create table shift_plans (shift uuid not null references shifts on delete cascade, job uuid not null references jobs on delete cascade, primary key (shift, job));
-- planted: not seen, but counted
create table shift_tallies (shift uuid not null references shifts on delete cascade, job uuid not null references jobs on delete cascade, primary key (shift, job));
-- planted: not seen, but a job has only one
create table shift_leads (shift uuid not null references shifts on delete cascade, job uuid not null unique references jobs on delete cascade, primary key (shift, job));
-- sound: one's own order is passed on to another firm, who sees it by design; it stays one's own
create table referrals (id uuid primary key default gen_random_uuid(), "order" uuid not null references orders on delete cascade, referred_to uuid references firms, note text not null default '');

create function in_firm(f uuid) returns boolean language sql stable security definer set search_path = '' as
$$ select exists (select from public.hands h where h.firm = f and h.person = auth.uid()) $$;
create function my_firms() returns setof uuid language sql stable security definer set search_path = '' as
$$ select h.firm from public.hands h where h.person = auth.uid() $$;
create function order_visible(o uuid) returns boolean language sql stable security definer set search_path = '' as
$$ select exists (select from public.orders x where x.id = o and (public.in_firm(x.firm) or exists (select from public.referrals r where r."order" = o and public.in_firm(r.referred_to)))) $$;
create function hands_on(j uuid) returns bigint language sql stable security definer set search_path = '' as
$$ select count(*) from public.shift_tallies t join public.jobs j2 on j2.id = t.job where t.job = j and public.in_firm(j2.firm) $$;

do $$ declare t text; begin
  foreach t in array array['firms', 'hands', 'jobs', 'shifts', 'orders', 'shift_links', 'shift_plans', 'shift_tallies', 'shift_leads', 'referrals'] loop
    execute format('alter table %I enable row level security', t);
    execute format('grant select on %I to authenticated', t);
  end loop;
  foreach t in array array['jobs', 'shifts'] loop
    execute format('create policy own on %I to authenticated using (in_firm(firm)) with check (in_firm(firm))', t);
    execute format('grant insert, update, delete on %I to authenticated', t);
  end loop;
  foreach t in array array['shift_links', 'shift_plans', 'shift_tallies', 'shift_leads'] loop
    execute format('create policy own on %I to authenticated using (exists (select from shifts s where s.id = shift and in_firm(s.firm)))', t);
    execute format('grant insert, delete on %I to authenticated', t);
  end loop;
end $$;
create policy own on firms for select to authenticated using (in_firm(id));
create policy own on hands for select to authenticated using (person = auth.uid());
create policy planned on shift_plans for select to authenticated using (exists (select from jobs j where j.id = job and in_firm(j.firm)));
create policy seen on orders for select to authenticated using (order_visible(id));
create policy added on orders for insert to authenticated with check (in_firm(firm));
create policy seen on referrals for select to authenticated using (order_visible("order"));
create policy added on referrals for insert to authenticated with check ("order" in (select o.id from orders o where in_firm(o.firm)));
create policy changed on referrals for update to authenticated using ("order" in (select o.id from orders o where in_firm(o.firm))) with check ("order" in (select o.id from orders o where in_firm(o.firm)));
grant insert on orders to authenticated;
grant insert, update on referrals to authenticated;
revoke execute on all functions in schema public from public, anon;
grant execute on all functions in schema public to authenticated;
