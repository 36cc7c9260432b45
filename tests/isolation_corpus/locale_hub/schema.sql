-- LocaleHub: strings and their translations; agencies ("accounts") and outside translators who are assigned to projects
create type member_role as enum ('owner', 'manager', 'linguist');
create type tr_status as enum ('draft', 'reviewed', 'approved');

create table accounts (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  settings jsonb not null default '{"machine_translation": false}',
  deleted_at timestamptz
);
create table account_members (
  account_id uuid not null references accounts on delete cascade,
  user_id uuid not null references auth.users on delete cascade,
  role member_role not null default 'linguist',
  primary key (account_id, user_id)
);
create table locales (code text primary key check (code ~ '^[a-z]{2}(-[A-Z]{2})?$'), english_name text not null);
insert into locales values ('de', 'German'), ('pt-BR', 'Brazilian Portuguese'), ('ja', 'Japanese');
create table projects (
  id uuid primary key default gen_random_uuid(),
  account_id uuid not null references accounts on delete cascade,
  name text not null,
  source_locale text not null default 'de' references locales,
  is_public boolean not null default false
);
create table strings (
  id uuid primary key default gen_random_uuid(),
  project_id uuid not null references projects on delete cascade,
  key text not null check (key ~ '^[a-z0-9_.]+$'),
  source_text text not null,
  words integer generated always as (array_length(regexp_split_to_array(trim(source_text), '\s+'), 1)) stored,
  unique (project_id, key)
);
create table translations (
  id uuid primary key default gen_random_uuid(),
  string_id uuid not null references strings on delete cascade,
  locale text not null references locales,
  body text not null,
  status tr_status not null default 'draft',
  translator_id uuid default auth.uid() references auth.users on delete set null,
  version integer not null default 1,
  unique (string_id, locale)
);
create table translation_history (
  id bigint generated always as identity primary key,
  translation_id uuid not null references translations on delete cascade,
  version integer not null,
  body text not null,
  changed_by uuid
);
-- who works for a project from outside; no locale means all of them
create table assignments (
  id uuid primary key default gen_random_uuid(),
  project_id uuid not null references projects on delete cascade,
  user_id uuid not null references auth.users on delete cascade,
  locale text references locales,
  accepted_at timestamptz,
  revoked_at timestamptz
);
create table glossaries (
  id uuid primary key default gen_random_uuid(),
  account_id uuid references accounts on delete cascade,   -- null: ours, for everybody
  title text not null
);
create table glossary_terms (
  id uuid primary key default gen_random_uuid(),
  glossary_id uuid not null references glossaries on delete cascade,
  term text not null,
  note text
);
create table api_tokens (
  id uuid primary key default gen_random_uuid(),
  account_id uuid not null references accounts on delete cascade,
  label text not null,
  token_hash bytea not null,
  last_four text not null check (length(last_four) = 4)
);

create function role_in(p_account uuid) returns member_role language sql stable security definer set search_path = public as $$
  select role from account_members m join accounts a on a.id = m.account_id
  where m.account_id = p_account and m.user_id = auth.uid() and a.deleted_at is null
$$;
create function account_of_project(p uuid) returns uuid language sql stable security definer set search_path = public as $$
  select account_id from projects where id = p and role_in(account_id) is not null
$$;
create function manages(p_account uuid) returns boolean language sql stable set search_path = public as $$
  select coalesce(role_in(p_account) in ('owner', 'manager'), false)
$$;
create function can_translate(p_string uuid, p_locale text) returns boolean language sql stable security definer set search_path = public as $$
  select exists (
    select 1 from assignments a join strings s on s.project_id = a.project_id
    where s.id = p_string and a.user_id = auth.uid() and a.revoked_at is null and a.locale = p_locale or a.locale is null)
$$;
create function is_assigned(p_project uuid) returns boolean language sql stable security definer set search_path = public as $$
  select exists (select 1 from assignments a where a.project_id = p_project and a.user_id = auth.uid() and a.revoked_at is null)
$$;

alter table accounts enable row level security;
alter table account_members enable row level security;
alter table locales enable row level security;
alter table projects enable row level security;
alter table strings enable row level security;
alter table translations enable row level security;
alter table translation_history enable row level security;
alter table assignments enable row level security;
alter table glossaries enable row level security;
alter table glossary_terms enable row level security;
alter table api_tokens enable row level security;

create policy p on accounts for select to authenticated using (role_in(id) is not null);
create policy u on accounts for update to authenticated using (role_in(id) = 'owner');
create policy p on account_members for select to authenticated using (role_in(account_id) is not null);
create policy w on account_members for insert to authenticated with check (role_in(account_id) = 'owner');
create policy d on account_members for delete to authenticated using (role_in(account_id) = 'owner' and user_id <> auth.uid());
create policy p on locales for select using (true);
create policy p on projects for select to authenticated using (is_public or role_in(account_id) is not null or is_assigned(id));
create policy w on projects for insert to authenticated with check (manages(account_id));
create policy u on projects for update to authenticated using (manages(account_id));
create policy p on strings for select to authenticated
  using (exists (select 1 from projects p where p.id = project_id and (role_in(p.account_id) is not null or is_assigned(p.id))));
create policy w on strings for all to authenticated
  using (manages(account_of_project(project_id))) with check (manages(account_of_project(project_id)));
create policy p on translations for select to authenticated using (
  exists (select 1 from strings s where s.id = string_id and account_of_project(s.project_id) is not null) or can_translate(string_id, locale));
create policy w on translations for insert to authenticated with check (
  translator_id = auth.uid() and exists (select 1 from strings s where s.id = string_id and role_in(account_of_project(s.project_id)) is not null));
create policy u on translations for update to authenticated using (
  exists (select 1 from strings s where s.id = string_id and role_in(account_of_project(s.project_id)) is not null));
create policy p on translation_history for select to authenticated using (
  exists (select 1 from translations t join strings s on s.id = t.string_id
          where t.id = translation_id and account_of_project(s.project_id) is not null));
create policy p on assignments for select to authenticated using (user_id = auth.uid() or manages(account_of_project(project_id)));
create policy w on assignments for insert to authenticated with check (manages(account_of_project(project_id)));
create policy u on assignments for update to authenticated using (user_id = auth.uid() and revoked_at is null);
create policy p on glossaries for select to authenticated using (account_id is null or role_in(account_id) is not null);
create policy w on glossaries for all to authenticated using (manages(account_id)) with check (manages(account_id));
create policy p on glossary_terms for all to authenticated
  using (exists (select 1 from glossaries g where g.id = glossary_id));
create policy p on api_tokens for select to authenticated using (manages(account_id));
create policy d on api_tokens for delete to authenticated using (manages(account_id));

create function keep_history() returns trigger language plpgsql security definer set search_path = public as $$
begin
  if new.body is distinct from old.body then
    insert into translation_history (translation_id, version, body, changed_by) values (old.id, old.version, old.body, auth.uid());
    new.version := old.version + 1;
  end if;
  new.string_id := old.string_id;
  return new;
end $$;
create trigger keep_history before update on translations for each row execute function keep_history();

create view project_progress with (security_barrier) as
  select p.id as project_id, p.name, t.locale, count(*) filter (where t.status = 'approved') as approved, sum(s.words) as words
  from projects p join strings s on s.project_id = p.id left join translations t on t.string_id = s.id
  where role_in(p.account_id) is not null group by 1, 2, 3;
create view leaderboard as
  select u.email, t.locale, sum(s.words) as words, max(p.name) as latest_project
  from translations t join strings s on s.id = t.string_id join projects p on p.id = s.project_id
  join auth.users u on u.id = t.translator_id group by 1, 2;

-- the CLI pushes a file: [{"id": …, "key": "home.title", "text": "…"}]
create function push_strings(p_project uuid, p_strings jsonb) returns integer language plpgsql security definer set search_path = public as $$
declare n integer;
begin
  if not manages(account_of_project(p_project)) then raise exception 'forbidden' using errcode = '42501'; end if;
  insert into strings (id, project_id, key, source_text)
  select coalesce((e ->> 'id')::uuid, gen_random_uuid()), p_project, e ->> 'key', e ->> 'text' from jsonb_array_elements(p_strings) e
  on conflict (id) do update set source_text = excluded.source_text;
  get diagnostics n = row_count;
  return n;
end $$;
create function restore_version(p_translation uuid, p_version integer) returns boolean language plpgsql security definer set search_path = public as $$
begin
  if not exists (select 1 from account_members m where m.user_id = auth.uid() and m.role in ('owner', 'manager')) then
    return false;
  end if;
  update translations t set body = h.body from translation_history h
  where t.id = p_translation and h.translation_id = t.id and h.version = p_version;
  return found;
end $$;
create function create_token(p_account uuid, p_label text) returns text language plpgsql security definer set search_path = public as $$
declare v text := replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', '');
begin
  if not manages(p_account) then raise exception 'forbidden' using errcode = '42501'; end if;
  insert into api_tokens (account_id, label, token_hash, last_four) values (p_account, p_label, sha256(v::bytea), right(v, 4));
  return v;
end $$;

grant usage on schema public to anon, authenticated;
grant select on locales to anon, authenticated;
grant select on accounts, account_members, projects, strings, translations, translation_history, assignments, glossaries,
  glossary_terms, project_progress, leaderboard to authenticated;
grant select (id, account_id, label, last_four), delete on api_tokens to authenticated;
grant update (name, settings) on accounts to authenticated;
grant insert, delete on account_members to authenticated;
grant insert, update (name, is_public) on projects to authenticated;
grant insert, update, delete on strings, glossaries, glossary_terms to authenticated;
grant insert, update (body, status) on translations to authenticated;
grant insert, update (accepted_at) on assignments to authenticated;
revoke execute on all functions in schema public from public;
grant execute on all functions in schema public to authenticated;
