-- What a proof may use. Created inside the proof's transaction, so it is gone with it.
create schema proof;
grant usage on schema proof to public;

-- The stable id of a made-up person (or of anything else that wants a uuid).
create function proof.id(name text) returns uuid language sql immutable as $$ select md5(name)::uuid $$;

create function proof.sign_up(name text, app jsonb default '{}', meta jsonb default '{}') returns uuid language sql as $$
  insert into auth.users (id, instance_id, aud, role, email, email_confirmed_at, raw_app_meta_data, raw_user_meta_data, created_at)
  values (proof.id(name), proof.id('instance'), 'authenticated', 'authenticated', name || '@example.com', now(),
          '{"provider": "email"}'::jsonb || app, meta, now())
  returning id
$$;

create function proof.claims(name text) returns text language sql security definer as $$
  select jsonb_build_object('iss', 'https://corpus.test/auth/v1', 'sub', id, 'aud', 'authenticated', 'role', 'authenticated',
    'exp', 4102444800, 'iat', 1700000000, 'email', email, 'phone', '', 'app_metadata', raw_app_meta_data,
    'user_metadata', raw_user_meta_data, 'aal', 'aal1', 'session_id', proof.id(name || '-session'), 'is_anonymous', is_anonymous)::text
  from auth.users where id = proof.id(name)
$$;

-- Become a signed-in person, a stranger, or the owner of the database again: for the rest of the transaction.
create function proof.act(name text) returns void language plpgsql as $$
begin
  perform set_config('request.jwt.claims', proof.claims(name), true);
  perform set_config('role', 'authenticated', true);
end $$;
create function proof.anon() returns void language plpgsql as $$
begin
  perform set_config('request.jwt.claims', '{"role": "anon"}', true);
  perform set_config('role', 'anon', true);
end $$;
create function proof.owner() returns void language plpgsql as $$
begin
  perform set_config('request.jwt.claims', '', true);
  perform set_config('role', 'none', true);
end $$;

-- Run a statement as whoever is acting: 'ok <rows>', or all that the client would be told of the error.
create function proof.attempt(statement text) returns text language plpgsql as $$
declare n bigint; m text; d text; h text;
begin
  execute statement;
  get diagnostics n = row_count;
  return 'ok ' || n;
exception when others then
  get stacked diagnostics m = message_text, d = pg_exception_detail, h = pg_exception_hint;
  return sqlstate || ' ' || concat_ws(' | ', m, nullif(d, ''), nullif(h, ''));
end $$;
