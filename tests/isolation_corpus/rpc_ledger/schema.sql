-- Bookkeeping. No client touches a table: everything is a function in `api`, the data is in `books`.
create schema books;
create schema api;
grant usage on schema api to authenticated, anon;

create table books.entities (
  entity_id serial primary key,
  legal_name text not null,
  vat_no text
);
create table books.entity_access (
  entity_id integer not null references books.entities,
  account uuid not null references auth.users (id),
  can_post boolean not null default false,
  can_close boolean not null default false,
  primary key (account, entity_id)
);
create table books.periods (
  entity_id integer not null references books.entities,
  period char(7) not null check (period ~ '^\d{4}-\d{2}$'),
  closed boolean not null default false,
  primary key (entity_id, period)
);
create table books.ledger_accounts (
  entity_id integer not null references books.entities,
  code varchar(10) not null,
  title text not null,
  primary key (entity_id, code)
);
create table books.journal (
  journal_id bigserial primary key,
  entity_id integer not null,
  period char(7) not null,
  memo text not null,
  posted_by uuid not null,
  foreign key (entity_id, period) references books.periods
);
create table books.lines (
  journal_id bigint not null references books.journal on delete cascade,
  line_no smallint not null,
  entity_id integer not null,
  code varchar(10) not null,
  amount numeric(14, 2) not null check (amount <> 0),
  primary key (journal_id, line_no),
  foreign key (entity_id, code) references books.ledger_accounts
);
create table books.attachments (
  attachment_id uuid primary key default gen_random_uuid(),
  journal_id bigint not null references books.journal on delete cascade,
  file_name text not null,
  content bytea not null
);
create table books.bank_tokens (
  entity_id integer primary key references books.entities,
  iban text not null,
  refresh_token text not null
);

-- The guard: every function begins with it.
create function books.need(p_entity integer, p_what text default 'read') returns void
language plpgsql stable security definer set search_path = '' as $$
declare ok boolean;
begin
  select case p_what when 'post' then a.can_post when 'close' then a.can_close else true end into ok
  from books.entity_access a where a.entity_id = p_entity and a.account = auth.uid();
  if ok is not true then
    raise exception 'no such entity' using errcode = 'PT404';
  end if;
end $$;

create function api.my_entities() returns setof books.entities language sql stable security definer set search_path = '' as $$
  select e.* from books.entities e join books.entity_access a using (entity_id) where a.account = auth.uid()
$$;

create function api.open_entity(legal_name text) returns integer language plpgsql security definer set search_path = '' as $$
declare v integer;
begin
  if auth.uid() is null then raise exception 'sign in' using errcode = 'PT401'; end if;
  insert into books.entities (legal_name) values (open_entity.legal_name) returning entity_id into v;
  insert into books.entity_access values (v, auth.uid(), true, true);
  insert into books.periods values (v, to_char(now(), 'YYYY-MM'));
  return v;
end $$;

create function api.post(entity integer, period text, memo text, lines jsonb) returns bigint
language plpgsql security definer set search_path = '' as $$
declare j bigint;
begin
  perform books.need(entity, 'post');
  if not exists (select 1 from books.periods p where p.entity_id = entity and p.period = post.period and not p.closed) then
    raise exception 'the period is closed' using errcode = 'PT409';
  end if;
  insert into books.journal (entity_id, period, memo, posted_by) values (entity, post.period, post.memo, auth.uid()) returning journal_id into j;
  insert into books.lines (journal_id, line_no, entity_id, code, amount)
  select j, row_number() over (), entity, l.code, l.amount from jsonb_to_recordset(lines) as l (code text, amount numeric);
  return j;
end $$;

create function api.journal_lines(journal bigint) returns table (code text, amount numeric)
language plpgsql stable security definer set search_path = '' as $$
begin
  perform books.need((select j.entity_id from books.journal j where j.journal_id = journal));
  return query select l.code::text, l.amount from books.lines l where l.journal_id = journal order by l.line_no;
end $$;

create function api.reverse(entity integer, journal bigint) returns bigint
language plpgsql security definer set search_path = '' as $$
declare j bigint;
begin
  perform books.need(entity, 'post');
  -- takes the other's period and accounts along
  insert into books.journal (entity_id, period, memo, posted_by)
  select o.entity_id, o.period, 'reversal: ' || o.memo, auth.uid() from books.journal o where o.journal_id = journal
  returning journal_id into j;
  insert into books.lines select j, line_no, entity_id, code, -amount from books.lines where journal_id = journal;
  return j;
end $$;

create function api.void(entity integer, journal bigint) returns boolean
language plpgsql security definer set search_path = '' as $$
begin
  perform books.need(entity, 'post');
  delete from books.journal j using books.periods p
  where j.journal_id = journal and j.entity_id = entity and p.entity_id = j.entity_id and p.period = j.period and not p.closed;
  return found;
end $$;

create function api.attachment(attachment uuid) returns bytea language sql stable security definer set search_path = '' as $$
  select a.content from books.attachments a where a.attachment_id = attachment
$$;

create function api.attach(journal bigint, file_name text, content bytea) returns uuid
language plpgsql security definer set search_path = '' as $$
declare v uuid;
begin
  perform books.need((select j.entity_id from books.journal j where j.journal_id = journal), 'post');
  insert into books.attachments (journal_id, file_name, content) values (journal, attach.file_name, attach.content)
  returning attachment_id into v;
  return v;
end $$;

create function api.trial_balance(entity integer, period_from text default '0000-00', period_to text default '9999-99')
returns table (code text, title text, balance numeric) language plpgsql stable security definer set search_path = '' as $$
begin
  perform books.need(entity);
  return query
    select a.code::text, a.title, coalesce(sum(l.amount), 0) from books.ledger_accounts a
    left join books.lines l on l.entity_id = a.entity_id and l.code = a.code
    where a.entity_id = entity group by 1, 2;
end $$;

create function api.compare(entities integer[], account_code text) returns table (legal_name text, balance numeric)
language plpgsql stable security definer set search_path = '' as $$
begin
  if not exists (select 1 from books.entity_access a where a.account = auth.uid() and a.entity_id = any (entities)) then
    raise exception 'no such entity' using errcode = 'PT404';
  end if;
  return query
    select e.legal_name, sum(l.amount) from books.entities e join books.lines l using (entity_id)
    where e.entity_id = any (entities) and l.code = account_code group by 1;
end $$;

create function api.close_period(entity integer, period text) returns void
language plpgsql security definer set search_path = '' as $$
begin
  perform books.need(entity, 'close');
  update books.periods p set closed = true where p.entity_id = entity and p.period = close_period.period;
end $$;

create function api.grant_access(entity integer, account uuid, can_post boolean default false, can_close boolean default false)
returns void language plpgsql security definer set search_path = '' as $$
begin
  perform books.need(entity);  -- anybody who may look
  insert into books.entity_access values (entity, grant_access.account, grant_access.can_post, grant_access.can_close)
  on conflict on constraint entity_access_pkey do update
    set can_post = excluded.can_post, can_close = excluded.can_close;
end $$;

create function api.revoke_access(entity integer, account uuid) returns void
language plpgsql security definer set search_path = '' as $$
begin
  perform books.need(entity, 'close');
  delete from books.entity_access a where a.entity_id = entity and a.account = revoke_access.account;
end $$;

create function api.save_bank(entity integer, iban text, refresh_token text) returns void
language plpgsql security definer set search_path = '' as $$
begin
  perform books.need(entity, 'post');
  insert into books.bank_tokens values (entity, iban, refresh_token)
  on conflict (entity_id) do update set iban = excluded.iban, refresh_token = excluded.refresh_token;
end $$;

create view api.banks as select entity_id, iban from books.bank_tokens b
where exists (select 1 from books.entity_access a where a.entity_id = b.entity_id and a.account = auth.uid());
create view api.vat_register as select legal_name, vat_no from books.entities where vat_no is not null;

grant select on api.banks, api.vat_register to authenticated;
revoke execute on all functions in schema api, books from public;
grant execute on all functions in schema api to authenticated;
