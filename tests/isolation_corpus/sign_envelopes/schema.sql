-- e-signatures: envelopes are sent to signers by mail; a link opens an envelope without an account
create extension if not exists pgcrypto with schema extensions;

create table companies (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  brand jsonb not null default '{"color": "#222222"}'
);
create table company_users (
  company_id uuid not null references companies on delete cascade,
  user_id uuid not null references auth.users on delete cascade,
  is_admin boolean not null default false,
  primary key (company_id, user_id)
);
create table envelopes (
  id uuid primary key default gen_random_uuid(),
  company_id uuid not null references companies on delete cascade,
  sender_id uuid default auth.uid() references auth.users on delete set null,
  subject text not null,
  status text not null default 'draft' check (status in ('draft', 'sent', 'completed', 'voided')),
  void_reason text,
  check ((status = 'voided') = (void_reason is not null))
);
create table files (
  id uuid primary key default gen_random_uuid(),
  envelope_id uuid not null references envelopes on delete cascade,
  path text not null,
  sha256 bytea not null check (length(sha256) = 32)
);
create table signers (
  id uuid primary key default gen_random_uuid(),
  envelope_id uuid not null references envelopes on delete cascade,
  email text not null check (email like '%@%'),
  signing_order smallint not null default 1,
  signature text,
  signed_at timestamptz,
  unique (envelope_id, email)
);
create table share_links (
  id uuid primary key default gen_random_uuid(),
  envelope_id uuid not null references envelopes on delete cascade,
  token text not null unique default encode(extensions.gen_random_bytes(24), 'hex'),
  expires_at timestamptz not null default now() + interval '14 days',
  revoked boolean not null default false
);
create table trail (
  id bigint generated always as identity primary key,
  envelope_id uuid not null references envelopes on delete cascade,
  actor_email text not null,
  event text not null,
  at timestamptz not null default now()
);
create table templates (
  id uuid primary key default gen_random_uuid(),
  company_id uuid not null references companies on delete cascade,
  title text not null,
  body text not null
);
create table user_settings (
  user_id uuid primary key references auth.users on delete cascade,
  signature_image text,
  notify boolean not null default true
);

create function in_company(p uuid, p_admin boolean default false) returns boolean
language sql stable security definer set search_path = '' as $$
  select exists (select 1 from public.company_users u where u.company_id = p and u.user_id = auth.uid() and (u.is_admin or not p_admin))
$$;
create function is_signer(p_envelope uuid) returns boolean language sql stable security definer set search_path = '' as $$
  select exists (select 1 from public.signers s where s.envelope_id = p_envelope and lower(s.email) = lower(auth.email()))
$$;
create function envelope_company(p_envelope uuid) returns uuid language sql stable security definer set search_path = '' as $$
  select e.company_id from public.envelopes e where e.id = p_envelope and public.in_company(e.company_id)
$$;

alter table companies enable row level security;
alter table company_users enable row level security;
alter table envelopes enable row level security;
alter table files enable row level security;
alter table signers enable row level security;
alter table share_links enable row level security;
alter table trail enable row level security;
alter table templates enable row level security;
alter table user_settings enable row level security;

create policy "members" on companies for select using (in_company(id));
create policy "admins brand" on companies for update using (in_company(id, true));
create policy "colleagues" on company_users for select using (in_company(company_id));
create policy "admins manage" on company_users for all using (in_company(company_id, true) and user_id <> auth.uid());
create policy "company or signer" on envelopes for select
  using (in_company(company_id) or (status <> 'draft' and is_signer(id)));
create policy "send" on envelopes for insert with check (in_company(company_id) and sender_id = auth.uid());
create policy "edit drafts" on envelopes for update using (in_company(company_id) and status in ('draft', 'sent')) with check (in_company(company_id));
create policy "files of envelopes" on files for select using (exists (select 1 from envelopes e where e.id = envelope_id));
create policy "attach" on files for insert with check (in_company(envelope_company(envelope_id)));
create policy "see signers" on signers for select using (in_company(envelope_company(envelope_id)) or lower(email) = lower(auth.email()));
create policy "add signers" on signers for insert with check (in_company(envelope_company(envelope_id)));
create policy "remove signers" on signers for delete using (in_company(envelope_company(envelope_id)) and signed_at is null);
create policy "sign" on signers for update using (lower(email) = lower(auth.email()) and signed_at is null)
  with check (lower(email) = lower(auth.email()));
create policy "manage links" on share_links for all using (in_company(envelope_company(envelope_id)));
create policy "follow a link" on share_links for select to anon using (expires_at > now() and not revoked);
create policy "read the trail" on trail for select using (in_company(envelope_company(envelope_id)));
create policy "write the trail" on trail for insert with check (actor_email = auth.email());
create policy "company templates" on templates for all using (in_company(company_id));
create policy "mine" on user_settings for all using (user_id = auth.uid());

insert into storage.buckets (id, name) values ('envelopes', 'envelopes');
create policy "envelope files" on storage.objects for select to authenticated
  using (bucket_id = 'envelopes' and (storage.foldername(name))[1] in (select e.id::text from public.envelopes e));
create policy "upload envelope files" on storage.objects for insert to authenticated
  with check (bucket_id = 'envelopes' and (storage.foldername(name))[1] in (
    select e.id::text from public.envelopes e where public.in_company(e.company_id) and e.status = 'draft'));

-- the page behind a link
create function open_link(p_token text default null, p_envelope uuid default null)
returns table (envelope uuid, subject text, file_paths text[]) language sql stable security definer set search_path = '' as $$
  select e.id, e.subject, array(select f.path from public.files f where f.envelope_id = e.id)
  from public.share_links l join public.envelopes e on e.id = l.envelope_id
  where l.token = coalesce(p_token, l.token) and e.id = coalesce(p_envelope, e.id) and l.expires_at > now() and not l.revoked
$$;
create function sign_by_link(p_token text, p_email text, p_signature text) returns boolean
language plpgsql security definer set search_path = '' as $$
declare v uuid;
begin
  select l.envelope_id into v from public.share_links l
  where l.token = p_token and length(p_token) >= 32 and l.expires_at > now() and not l.revoked;
  if v is null then return false; end if;
  update public.signers set signature = p_signature, signed_at = now()
  where envelope_id = v and lower(email) = lower(p_email) and signed_at is null;
  return found;
end $$;
create function void_envelope(p_envelope uuid, p_reason text) returns void language plpgsql security definer set search_path = '' as $$
declare v_sender uuid;
begin
  select sender_id into v_sender from public.envelopes where id = p_envelope;
  if v_sender <> auth.uid() then
    raise exception 'only the sender voids an envelope' using errcode = '42501';
  end if;
  update public.envelopes set status = 'voided', void_reason = coalesce(p_reason, '') where id = p_envelope and status <> 'voided';
end $$;
create function use_template(p_template uuid, p_subject text) returns uuid language plpgsql set search_path = '' as $$
declare v uuid;
begin
  insert into public.envelopes (company_id, subject) select t.company_id, p_subject from public.templates t where t.id = p_template returning id into v;
  return v;
end $$;
create function pending_for_me() returns table (envelope uuid, subject text) language sql stable security definer set search_path = '' as $$
  select e.id, e.subject from public.signers s join public.envelopes e on e.id = s.envelope_id
  where lower(s.email) = lower(auth.email()) and s.signed_at is null and e.status = 'sent'
$$;

grant usage on schema public to anon, authenticated;
grant select on companies, company_users, envelopes, files, signers, share_links, trail, templates, user_settings to authenticated;
grant select on share_links to anon;
grant update (name, brand) on companies to authenticated;
grant insert, update, delete on company_users, templates, user_settings to authenticated;
grant insert, update (subject, status, void_reason) on envelopes to authenticated;
grant insert on files, trail to authenticated;
grant insert, update, delete on signers to authenticated;
grant insert, update (expires_at, revoked), delete on share_links to authenticated;
revoke execute on all functions in schema public from public;
grant execute on all functions in schema public to authenticated;
grant execute on function open_link, sign_by_link, in_company, envelope_company to anon;
