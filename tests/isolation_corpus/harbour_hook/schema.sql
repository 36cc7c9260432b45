begin;

-- marinas; the token tells where somebody works, and forms that a client has begun are completed by the database

create type public.crew_rank as enum ('harbourmaster', 'deckhand');

create table public.marinas (
  id uuid primary key default gen_random_uuid(),
  title text not null
);
create table public.crew (
  marina_id uuid not null references public.marinas (id) on delete cascade,
  person uuid not null references auth.users (id) on delete cascade,
  rank public.crew_rank not null,
  primary key (marina_id, person)
);
create table public.boats (
  id uuid primary key default gen_random_uuid(),
  marina_id uuid not null references public.marinas (id) on delete cascade,
  hull text not null,
  skipper_phone text not null
);

create function public.works_at(marina uuid) returns boolean language sql stable security definer set search_path = '' as
$$ select exists (select 1 from public.crew where marina_id = marina and person = (select auth.uid())) $$;

-- Revoked from public only: what the platform grants to its client roles by name stays.
create function public.token_hook(event jsonb) returns jsonb
language plpgsql stable security definer set search_path = '' as
$$
declare
  claims jsonb;
  place uuid;
  as_what public.crew_rank;
begin
  select marina_id, rank into place, as_what from public.crew where person = (event ->> 'user_id')::uuid limit 1;
  claims := event -> 'claims';
  claims := jsonb_set(claims, '{app_metadata,marina}', coalesce(to_jsonb(place), 'null'));
  claims := jsonb_set(claims, '{app_metadata,rank}', coalesce(to_jsonb(as_what), 'null'));
  return jsonb_set(event, '{claims}', claims);
end
$$;
-- The same for whoever asks, about themselves alone.
create function public.own_token(event jsonb) returns jsonb
language plpgsql stable security definer set search_path = '' as
$$
begin
  if (event ->> 'user_id')::uuid is distinct from (select auth.uid()) then
    return event;
  end if;
  return public.token_hook(event);
end
$$;

create function public.complete_form(form jsonb) returns jsonb
language plpgsql stable security definer set search_path = '' as
$$
declare
  answers jsonb := form -> 'answers';
begin
  select jsonb_set(answers, '{skipper,phone}', to_jsonb(b.skipper_phone)) into answers
  from public.boats b where b.id = (form #>> '{boat,id}')::uuid;
  return jsonb_set(form, '{answers}', answers);
end
$$;
create function public.complete_own_form(form jsonb) returns jsonb
language plpgsql stable security definer set search_path = '' as
$$
declare
  answers jsonb := form -> 'answers';
begin
  select jsonb_set(answers, '{skipper,phone}', to_jsonb(b.skipper_phone)) into answers
  from public.boats b where b.id = (form #>> '{boat,id}')::uuid and public.works_at(b.marina_id);
  return jsonb_set(form, '{answers}', answers);
end
$$;

alter table public.marinas enable row level security;
alter table public.crew enable row level security;
alter table public.boats enable row level security;

create policy marinas_own on public.marinas for select to authenticated using (public.works_at(id));
create policy crew_own on public.crew for select to authenticated using (public.works_at(marina_id));
create policy boats_own on public.boats for all to authenticated using (public.works_at(marina_id));

revoke execute on all functions in schema public from public, anon;
grant execute on function public.works_at(uuid), public.own_token(jsonb), public.complete_form(jsonb),
  public.complete_own_form(jsonb) to authenticated;
grant execute on function public.token_hook(jsonb) to supabase_auth_admin, anon, authenticated;

grant select on public.marinas, public.crew to authenticated;
grant select, insert, update, delete on public.boats to authenticated;

commit;
