-- Newsletter tool, vibe-coded over a weekend. "Add RLS to everything" was the last prompt.
create extension if not exists vector with schema extensions;
create table public.teams (id uuid primary key default gen_random_uuid(), name text not null, handle text not null unique, custom_domain text unique, created_at timestamptz default now());
create table public.profiles (id uuid primary key references auth.users (id) on delete cascade, email text, full_name text, current_team_id uuid references public.teams (id), is_admin boolean default false, stripe_customer_id text);
create table public.team_members (team_id uuid references public.teams (id) on delete cascade, user_id uuid references auth.users (id) on delete cascade, role text default 'member' check (role in ('owner', 'admin', 'member')), primary key (team_id, user_id));
create table public.subscribers (id uuid primary key default gen_random_uuid(), team_id uuid references public.teams (id) on delete cascade, email text not null, status text default 'active', custom_fields jsonb default '{}', unsubscribe_token uuid default gen_random_uuid(), unique (team_id, email));
create table public.segments (id uuid primary key default gen_random_uuid(), team_id uuid not null references public.teams (id) on delete cascade, name text not null, rules jsonb default '{}');
create table public.segment_subscribers (segment_id uuid references public.segments (id) on delete cascade, subscriber_id uuid references public.subscribers (id) on delete cascade, primary key (segment_id, subscriber_id));
create table public.newsletters (id uuid primary key default gen_random_uuid(), team_id uuid not null references public.teams (id) on delete cascade, author_id uuid references auth.users (id), subject text not null, html text, status text default 'draft' check (status in ('draft', 'scheduled', 'sent')), published_at timestamptz);
create table public.newsletter_comments (id uuid primary key default gen_random_uuid(), newsletter_id uuid not null references public.newsletters (id) on delete cascade, user_id uuid default auth.uid(), body text not null);
create table public.sends (id bigserial primary key, newsletter_id uuid references public.newsletters (id) on delete cascade, subscriber_id uuid references public.subscribers (id) on delete cascade, opened_at timestamptz, clicked_at timestamptz);
create table public.webhook_endpoints (id uuid primary key default gen_random_uuid(), team_id uuid references public.teams (id) on delete cascade, url text not null, signing_secret text default md5(random()::text));
create table public.webhook_deliveries (id bigserial primary key, endpoint_id uuid references public.webhook_endpoints (id) on delete cascade, payload jsonb, response_code int);
create table public.ai_drafts (id uuid primary key default gen_random_uuid(), user_id uuid not null default auth.uid(), prompt text, output text, embedding extensions.vector(4));
create table public.team_invites (id uuid primary key default gen_random_uuid(), team_id uuid references public.teams (id) on delete cascade, email text not null, role text default 'member', accepted boolean default false);
create table public.email_templates (id uuid primary key default gen_random_uuid(), team_id uuid references public.teams (id) on delete cascade, name text not null, html text not null, is_system boolean default false);

alter table public.teams enable row level security; alter table public.profiles enable row level security; alter table public.team_members enable row level security;
alter table public.subscribers enable row level security; alter table public.segments enable row level security; alter table public.segment_subscribers enable row level security;
alter table public.newsletters enable row level security; alter table public.newsletter_comments enable row level security; alter table public.sends enable row level security;
alter table public.webhook_endpoints enable row level security; alter table public.webhook_deliveries enable row level security; alter table public.ai_drafts enable row level security;
alter table public.team_invites enable row level security; alter table public.email_templates enable row level security;

create function public.is_team_member(_team_id uuid) returns boolean language sql security definer stable set search_path = public as
$$ select exists (select 1 from team_members where team_id = _team_id and user_id = auth.uid()) $$;
create function public.is_team_admin(_team_id uuid, _user_id uuid default auth.uid()) returns boolean language sql security definer stable set search_path = public as
$$ select exists (select 1 from team_members where team_id = _team_id and user_id = _user_id and role in ('owner', 'admin')) $$;
create function public.handle_new_user() returns trigger language plpgsql security definer set search_path = public as $$
begin insert into profiles (id, email, full_name) values (new.id, new.email, new.raw_user_meta_data ->> 'full_name'); return new; end $$;
create trigger on_auth_user_created after insert on auth.users for each row execute function public.handle_new_user();

create policy "Members can view their teams" on teams for select to authenticated using (is_team_member(id));
create policy "Authenticated users can create teams" on teams for insert to authenticated with check (true);
create policy "Admins can update teams" on teams for update to authenticated using (is_team_admin(id));
create policy "Users can view own profile" on profiles for select to authenticated using (auth.uid() = id);
create policy "Users can update own profile" on profiles for update to authenticated using (auth.uid() = id);
create policy "Members can view members" on team_members for select to authenticated using (is_team_member(team_id));
create policy "First member becomes owner" on team_members for insert to authenticated with check (user_id = auth.uid() and (role = 'owner' or is_team_admin(team_id)));
create policy "Admins manage members" on team_members for delete to authenticated using (is_team_admin(team_id));
-- current_team: the switcher writes profiles.current_team_id
create policy "Team subscribers" on subscribers for all to authenticated using (team_id = (select current_team_id from profiles where id = auth.uid()));
create policy "Public can subscribe" on subscribers for insert to anon with check (status = 'active');
create policy "Segments" on segments for all to authenticated using (is_team_member(team_id)) with check (is_team_member(team_id));
create policy "Segment members" on segment_subscribers for all to authenticated using (exists (select 1 from segments s where s.id = segment_id and is_team_member(s.team_id)));
create policy "Read published" on newsletters for select using (status = 'sent' and published_at is not null);
create policy "Team newsletters" on newsletters for all to authenticated using (is_team_member(team_id));
create policy "Comments are visible" on newsletter_comments for select to authenticated using (exists (select 1 from newsletters n where n.id = newsletter_id));
create policy "Comment" on newsletter_comments for insert to authenticated with check (user_id = auth.uid() and exists (select 1 from newsletters n where n.id = newsletter_id));
create policy "Own comments" on newsletter_comments for delete to authenticated using (user_id = auth.uid());
create policy "Sends" on sends for select to authenticated using (exists (select 1 from newsletters n where n.id = newsletter_id and is_team_member(n.team_id)));
create policy "Endpoints" on webhook_endpoints for all to authenticated using (is_team_admin(team_id));
create policy "Deliveries" on webhook_deliveries for select to authenticated using (exists (select 1 from webhook_endpoints e where e.id = endpoint_id) or auth.role() = 'authenticated');
create policy "Own drafts" on ai_drafts for all to authenticated using (user_id = auth.uid()) with check (true);
create policy "Invites to me" on team_invites for select to authenticated using (email = auth.jwt() ->> 'email' or is_team_admin(team_id));
create policy "Invites by admins" on team_invites for insert to authenticated with check (is_team_admin(team_id));
create policy "Accept" on team_invites for update to authenticated using (email = auth.jwt() ->> 'email');
create policy "System templates" on email_templates for select to authenticated using (is_system or is_team_member(team_id));
create policy "Team templates" on email_templates for insert to authenticated with check (is_team_member(team_id));
create policy "Edit templates" on email_templates for update to authenticated using (is_team_member(team_id)) with check (is_team_member(team_id));

create function public.accept_invite() returns trigger language plpgsql security definer set search_path = public as $$
begin
  if new.accepted and not old.accepted then
    insert into team_members (team_id, user_id, role) values (new.team_id, auth.uid(), new.role) on conflict (team_id, user_id) do update set role = excluded.role;
  end if;
  return new;
end $$;
create trigger on_invite_accepted after update on team_invites for each row execute function public.accept_invite();

create function public.track_open(_send_id bigint) returns void language sql security definer set search_path = public as $$ update sends set opened_at = now() where id = _send_id $$;
create function public.unsubscribe(_token uuid) returns boolean language plpgsql security definer set search_path = public as $$
begin update subscribers set status = 'unsubscribed' where unsubscribe_token = _token; return found; end $$;
create function public.match_drafts(query_embedding extensions.vector, match_count int default 5, filter jsonb default '{}') returns table (id uuid, prompt text, similarity float8)
language sql stable security definer set search_path = public, extensions as $$
  select d.id, d.prompt, 1 - (d.embedding <=> query_embedding) from ai_drafts d where d.embedding is not null and (filter = '{}' or d.user_id = (filter ->> 'user_id')::uuid) order by 3 desc limit match_count $$;
create function public.my_drafts(query_embedding extensions.vector, match_count int default 5) returns table (id uuid, prompt text) language sql stable set search_path = public, extensions as $$
  select d.id, d.prompt from ai_drafts d where d.embedding is not null order by d.embedding <=> query_embedding limit match_count $$;
create function public.export_subscribers(_team_id uuid, _format text default 'csv') returns text language plpgsql security definer set search_path = public as $$
begin
  if not is_team_member(_team_id) then return ''; end if;
  if _format = 'json' then return (select coalesce(json_agg(s.email)::text, '[]') from subscribers s where s.team_id = _team_id); end if;
  return (select coalesce(string_agg(s.email, ','), '') from subscribers s where s.team_id = _team_id);
end $$;
create function public.segment_emails(_segment_id uuid) returns text[] language plpgsql security definer set search_path = public as $$
begin
  if not exists (select 1 from segments where id = _segment_id and is_team_member(team_id)) then raise exception 'Segment not found'; end if;
  return array(select s.email from segment_subscribers x join subscribers s on s.id = x.subscriber_id where x.segment_id = _segment_id);
end $$;
create function public.import_subscribers(_team_id uuid, _rows json) returns int language plpgsql security definer set search_path = public as $$
declare _n int;
begin
  if not is_team_admin(_team_id) and not exists (select 1 from profiles where id = auth.uid() and is_admin) then raise exception 'Not authorized'; end if;
  insert into subscribers (team_id, email) select _team_id, r.email from json_to_recordset(_rows) as r (email text) on conflict do nothing;
  get diagnostics _n = row_count;
  return _n;
end $$;
create function public.get_team_by_domain(_domain text) returns json language sql stable security definer set search_path = public as $$
  select to_json(t) from (select t.name, t.handle, (select json_agg(json_build_object('email', p.email)) from team_members m join profiles p on p.id = m.user_id where m.team_id = t.id) as staff from teams t where t.custom_domain = _domain) t $$;
create function public.retry_delivery(_id bigint) returns jsonb language plpgsql security definer set search_path = public as $$
declare d webhook_deliveries;
begin
  select w.* into d from webhook_deliveries w join webhook_endpoints e on e.id = w.endpoint_id where w.id = _id and is_team_admin(e.team_id);
  if d.id is null then return null; end if;
  update webhook_deliveries set response_code = null where id = _id;
  return d.payload;
end $$;
