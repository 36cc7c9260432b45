-- An intranet for companies. Whoever signs in with a company's address belongs to it: there is no list of members.
create table companies (
  id uuid primary key default gen_random_uuid(),
  domain text not null unique check (domain = lower(domain) and domain ~ '^[a-z0-9.-]+\.[a-z]{2,}$'),
  display_name text not null
);
create table editors (
  company_id uuid not null references companies on delete cascade,
  email text not null,
  primary key (company_id, email)
);
create table pages (
  id uuid primary key default gen_random_uuid(),
  company_id uuid not null references companies on delete cascade,
  title text not null,
  body text not null default '',
  edited_by text not null default auth.email()
);
create table page_comments (
  id bigint generated always as identity primary key,
  page_id uuid not null references pages on delete cascade,
  email text not null default auth.email(),
  words text not null
);
create table lunch_votes (
  company_id uuid not null references companies on delete cascade,
  day date not null,
  email text not null default auth.email(),
  dish text not null,
  primary key (company_id, day, email)
);
create table suppliers (
  id uuid primary key default gen_random_uuid(),
  company_id uuid not null references companies on delete cascade,
  name text not null,
  iban text not null
);
create table visitors (
  id uuid primary key default gen_random_uuid(),
  company_id uuid not null references companies on delete cascade,
  full_name text not null,
  host_email text not null
);

create function my_domain() returns text language sql stable as $$
  select lower(split_part(auth.jwt() ->> 'email', '@', 2))
$$;
create function my_company() returns uuid language sql stable security definer set search_path = public as $$
  select id from companies where domain = my_domain()
$$;
create function edits(p_company uuid) returns boolean language sql stable security definer set search_path = public as $$
  select exists (select 1 from editors e where e.company_id = p_company and e.email = auth.email())
$$;

alter table companies enable row level security;
alter table editors enable row level security;
alter table pages enable row level security;
alter table page_comments enable row level security;
alter table lunch_votes enable row level security;
alter table suppliers enable row level security;
alter table visitors enable row level security;

create policy c on companies for select to authenticated using (domain = my_domain());
create policy e on editors for select to authenticated using (company_id = my_company());
create policy e_add on editors for insert to authenticated with check (edits(company_id) and split_part(email, '@', 2) = my_domain());
create policy p_read on pages for select to authenticated using (company_id = my_company());
create policy p_write on pages for update to authenticated using (company_id = my_company() and edits(company_id)) with check (edits(company_id));
create policy p_add on pages for insert to authenticated with check (company_id = my_company() and edits(company_id));
create policy pc on page_comments for select to authenticated using (exists (select 1 from pages p where p.id = page_id));
create policy pc_add on page_comments for insert to authenticated
  with check (email = auth.email() and exists (select 1 from pages p where p.id = page_id));
create policy l on lunch_votes for select to authenticated using (company_id = my_company());
create policy l_add on lunch_votes for insert to authenticated with check (email = auth.email());
create policy s on suppliers for select to authenticated using (my_company() is not null);
create policy v on visitors for all to authenticated using (company_id = my_company()) with check (company_id = my_company());

grant select on companies, editors, pages, page_comments, lunch_votes, suppliers to authenticated;
grant insert on editors, pages, page_comments, lunch_votes to authenticated;
grant update (title, body) on pages to authenticated;
grant select, insert, update, delete on visitors to authenticated;

create function page_text(p_page uuid) returns text language sql stable security definer set search_path = public as $$
  select body from pages where id = p_page
$$;
create function page_title(p_page uuid) returns text language sql stable security definer set search_path = public as $$
  select title from pages where id = p_page and company_id = my_company()
$$;
revoke execute on all functions in schema public from public;
grant execute on all functions in schema public to authenticated;
