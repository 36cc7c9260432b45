-- Allotment gardens. Each association numbers its own members, plots and receipts from 1. Who applies is interviewed, then
-- approved; the states and the ways between them are data.
create type membership_state as enum ('applied', 'interviewed', 'approved', 'suspended', 'left');
create type office as enum ('none', 'treasurer', 'chair');

create table associations (
  id integer generated always as identity primary key,
  name text not null,
  village text,
  listed boolean not null default false,        -- shown to those who look for a garden
  rules jsonb not null default '{"fee": 40}'
);
create table counters (
  association_id integer not null references associations on delete cascade,
  kind text not null check (kind in ('member', 'plot', 'receipt')),
  last_no integer not null default 0,
  primary key (association_id, kind)
);
create table transitions (
  from_state membership_state not null,
  to_state membership_state not null,
  primary key (from_state, to_state)
);
insert into transitions values ('applied', 'interviewed'), ('interviewed', 'approved'), ('approved', 'suspended'),
  ('suspended', 'approved'), ('applied', 'left'), ('approved', 'left');
create table memberships (
  association_id integer not null references associations on delete cascade,
  member_no integer not null,
  user_id uuid not null default auth.uid() references auth.users on delete cascade,
  state membership_state not null default 'applied',
  office office not null default 'none',
  phone text,
  primary key (association_id, member_no),
  unique (association_id, user_id)
);
create table plots (
  association_id integer not null references associations on delete cascade,
  plot_no integer not null,
  holder_no integer not null,
  square_metres numeric(7, 1) not null check (square_metres > 0),
  gate_code text,
  primary key (association_id, plot_no),
  foreign key (association_id, holder_no) references memberships
);
create table payments (
  id bigint generated always as identity primary key,
  association_id integer not null,
  member_no integer not null,
  receipt_no integer not null,
  cents integer not null,
  refunded boolean not null default false,
  unique (association_id, receipt_no),
  foreign key (association_id, member_no) references memberships on delete cascade
);
create table minutes (
  association_id integer not null references associations on delete cascade,
  held_on date not null,
  body text not null,
  approved boolean not null default false,
  primary key (association_id, held_on)
);
create table work_days (
  id bigint generated always as identity primary key,
  association_id integer not null references associations on delete cascade,
  day date not null,
  task text not null
);
create table work_day_helpers (
  work_day_id bigint not null references work_days on delete cascade,
  user_id uuid not null default auth.uid() references auth.users on delete cascade,
  hours numeric(4, 1) check (hours between 0 and 12),
  primary key (work_day_id, user_id)
);

create function is_member(p_association integer) returns boolean language sql stable security definer set search_path = '' as $$
  select exists (select 1 from public.memberships m
    where m.association_id = p_association and m.user_id = auth.uid() and m.state = 'approved')
$$;
create function holds_office(p_association integer, variadic p_offices office[] default '{treasurer,chair}') returns boolean
language sql stable security definer set search_path = '' as $$
  select exists (select 1 from public.memberships m
    where m.association_id = p_association and m.user_id = auth.uid() and m.state = 'approved' and m.office = any (p_offices))
$$;
create function take_number(p_association integer, p_kind text) returns integer language sql security definer set search_path = '' as $$
  insert into public.counters as c values (p_association, p_kind, 1)
  on conflict (association_id, kind) do update set last_no = c.last_no + 1 returning last_no
$$;
create function number_member() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  new.member_no := public.take_number(new.association_id, 'member');
  return new;
end $$;
create trigger number_member before insert on memberships for each row execute function number_member();
create function walk_states() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  if new.state <> old.state and not exists (
    select 1 from public.transitions t where t.from_state = old.state and t.to_state = new.state) then
    raise exception 'a membership does not go from % to %', old.state, new.state using errcode = '23514';
  end if;
  return new;
end $$;
create trigger walk_states before update on memberships for each row execute function walk_states();

alter table associations enable row level security;
alter table counters enable row level security;
alter table transitions enable row level security;
alter table memberships enable row level security;
alter table plots enable row level security;
alter table payments enable row level security;
alter table minutes enable row level security;
alter table work_days enable row level security;
alter table work_day_helpers enable row level security;

create policy directory on associations for select to authenticated using (listed or is_member(id));
create policy chair on associations for update to authenticated using (holds_office(id, 'chair')) with check (holds_office(id, 'chair'));
create policy everybody on transitions for select to authenticated using (true);
create policy seen on memberships for select to authenticated using (user_id = auth.uid() or is_member(association_id));
create policy apply on memberships for insert to authenticated with check (user_id = auth.uid() and state = 'applied' and office = 'none');
create policy own on memberships for update to authenticated using (user_id = auth.uid()) with check (user_id = auth.uid());
create policy officers on memberships for update to authenticated
  using (holds_office(association_id, 'chair')) with check (holds_office(association_id, 'chair'));
create policy members on plots for select to authenticated using (is_member(association_id));
create policy own_or_treasurer on payments for select to authenticated using (
  holds_office(association_id, 'treasurer')
  or is_member(association_id) and exists (select 1 from memberships m
    where m.association_id = payments.association_id and m.member_no = payments.member_no and m.user_id = auth.uid()));
create policy members on minutes for select to authenticated using (is_member(association_id) and (approved or holds_office(association_id)));
create policy chair on minutes for all to authenticated
  using (holds_office(association_id, 'chair')) with check (holds_office(association_id, 'chair'));
create policy members on work_days for select to authenticated using (is_member(association_id));
create policy officers on work_days for insert to authenticated with check (holds_office(association_id));
create policy members on work_day_helpers for select to authenticated using (exists (select 1 from work_days d where d.id = work_day_id));
create policy help on work_day_helpers for insert to authenticated
  with check (user_id = auth.uid() and exists (select 1 from work_days d where d.id = work_day_id));
create policy stay_away on work_day_helpers for delete to authenticated using (user_id = auth.uid());

create view plot_holders with (security_barrier) as
  select p.association_id, p.plot_no, p.square_metres, m.phone, p.gate_code
  from plots p join memberships m on m.association_id = p.association_id and m.member_no = p.holder_no
  where p.association_id in (select n.association_id from memberships n where n.user_id = auth.uid());
create view my_receipts with (security_invoker) as
  select y.association_id, y.receipt_no, y.cents, y.refunded from payments y
  join memberships m using (association_id, member_no) where m.user_id = auth.uid();

-- rpc
create function record_payment(p_association integer, p_member_no integer, p_cents integer) returns integer
language plpgsql security definer set search_path = '' as $$
declare v integer;
begin
  if not public.holds_office(p_association, 'treasurer') then raise exception 'not the treasurer' using errcode = '42501'; end if;
  insert into public.payments (association_id, member_no, receipt_no, cents)
  select m.association_id, m.member_no, public.take_number(m.association_id, 'receipt'), p_cents
  from public.memberships m where m.association_id = p_association and m.member_no = p_member_no returning receipt_no into v;
  return v;
end $$;
create function refund_payment(p_association integer, p_payment bigint) returns boolean language plpgsql security definer set search_path = '' as $$
begin
  if not public.holds_office(p_association, 'treasurer') then raise exception 'not the treasurer' using errcode = '42501'; end if;
  update public.payments set refunded = true where id = p_payment and not refunded;
  return found;
end $$;
create function hand_over_plot(p_association integer, p_plot integer, p_to integer) returns void language plpgsql security definer set search_path = '' as $$
declare v public.plots;
begin
  update public.plots p
  set holder_no = (select m.member_no from public.memberships m
                   where m.association_id = p.association_id and m.member_no = p_to and m.state = 'approved')
  where p.association_id = p_association and p.plot_no = p_plot returning * into v;
  if v.plot_no is null or not public.holds_office(v.association_id, 'chair') then
    raise exception 'no such plot' using errcode = 'P0002';
  end if;
end $$;
create function add_plot(p_association integer, p_holder integer, p_metres numeric) returns integer language plpgsql security definer set search_path = '' as $$
declare v integer;
begin
  if not public.holds_office(p_association, 'chair') then raise exception 'not the chair' using errcode = '42501'; end if;
  insert into public.plots values (p_association, public.take_number(p_association, 'plot'), p_holder, p_metres) returning plot_no into v;
  return v;
end $$;
create function found_association(p_name text) returns integer language plpgsql security definer set search_path = '' as $$
declare v integer;
begin
  if auth.uid() is null then raise exception 'sign in' using errcode = '28000'; end if;
  insert into public.associations (name) values (p_name) returning id into v;
  insert into public.memberships (association_id, user_id, state, office) values (v, auth.uid(), 'approved', 'chair');
  return v;
end $$;

grant usage on schema public to authenticated;
grant select on associations, transitions, memberships, plots, payments, minutes, work_days, work_day_helpers, plot_holders, my_receipts to authenticated;
grant update (name, village, listed, rules) on associations to authenticated;
grant insert (association_id, phone), update (state, phone) on memberships to authenticated;
grant insert, update, delete on minutes to authenticated;
grant insert on work_days to authenticated;
grant insert, delete on work_day_helpers to authenticated;
revoke execute on all functions in schema public from public, anon;
grant execute on all functions in schema public to authenticated;
