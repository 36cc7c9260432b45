begin;

-- what each role may do is data, as in the platform's guide to roles; a seed that is no migration fills it

create type public.staff_role as enum ('director', 'nurse', 'porter');
create type public.staff_right as enum ('record.read', 'record.correct', 'record.purge', 'rota.write');

create table public.wards (
  ward_no serial primary key,
  title text not null
);
create table public.staff (
  id uuid primary key references auth.users (id) on delete cascade,
  ward_no integer references public.wards (ward_no) on delete cascade,
  role public.staff_role not null default 'porter'
);
create table public.role_rights (
  role public.staff_role not null,
  "right" public.staff_right not null,
  primary key (role, "right")
);
create table public.records (
  id bigint generated always as identity primary key,
  ward_no integer not null references public.wards (ward_no) on delete cascade,
  note text not null
);
create table public.rotas (
  id bigint generated always as identity primary key,
  ward_no integer not null references public.wards (ward_no) on delete cascade,
  shift text not null
);

create function public.my_ward() returns integer language sql stable security definer set search_path = '' as
$$ select ward_no from public.staff where id = (select auth.uid()) $$;

create function public.authorize(wanted public.staff_right) returns boolean
language sql stable security definer set search_path = '' as
$$
  select exists (
    select 1 from public.staff s join public.role_rights r on r.role = s.role
    where s.id = (select auth.uid()) and r."right" = wanted)
$$;

alter table public.wards enable row level security;
alter table public.staff enable row level security;
alter table public.role_rights enable row level security;
alter table public.records enable row level security;
alter table public.rotas enable row level security;

create policy wards_own on public.wards for select to authenticated using (ward_no = public.my_ward());
create policy staff_own on public.staff for select to authenticated using (ward_no = public.my_ward());
create policy records_read on public.records for select to authenticated
  using (ward_no = public.my_ward() and public.authorize('record.read'));
-- whose ward it is nobody asks here
create policy records_correct on public.records for update to authenticated using (public.authorize('record.correct'));
create policy records_purge on public.records for delete to authenticated using (public.authorize('record.purge'));
create policy rotas_all on public.rotas for all to authenticated
  using (ward_no = public.my_ward() and public.authorize('rota.write'));

create function public.purge_record(p_id bigint) returns void
language plpgsql security definer set search_path = '' as
$$
begin
  if not public.authorize('record.purge') then
    raise exception 'not allowed' using errcode = '42501';
  end if;
  delete from public.records where id = p_id;
end
$$;
create function public.correct_record(p_id bigint, p_note text) returns void
language plpgsql security definer set search_path = '' as
$$
begin
  if not public.authorize('record.correct') then
    raise exception 'not allowed' using errcode = '42501';
  end if;
  update public.records set note = p_note where id = p_id and ward_no = public.my_ward();
end
$$;
revoke execute on all functions in schema public from public, anon;
grant execute on all functions in schema public to authenticated;

grant select on public.wards, public.staff to authenticated;
grant select, update, delete on public.records to authenticated;
grant select, insert, update, delete on public.rotas to authenticated;

commit;
