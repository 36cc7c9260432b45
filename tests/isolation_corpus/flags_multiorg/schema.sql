-- Feature flags as a service. Who belongs where is in the token alone: app_metadata.orgs = {"<org id>": "admin" | "viewer"}.
create schema if not exists private;
grant usage on schema private to authenticated;

create or replace function private.my_orgs() returns uuid[] language sql stable as $$
  select coalesce(array(select jsonb_object_keys(coalesce(auth.jwt() -> 'app_metadata' -> 'orgs', '{}'))::uuid), '{}')
$$;
create or replace function private.has_role(org uuid, wanted text) returns boolean language sql stable as $$
  select coalesce(auth.jwt() -> 'app_metadata' -> 'orgs' ->> org::text = wanted, false)
$$;

CREATE TABLE public.orgs (
  id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
  name TEXT NOT NULL,
  plan TEXT NOT NULL DEFAULT 'free' CHECK (plan IN ('free', 'team', 'enterprise')),
  settings JSONB NOT NULL DEFAULT '{}'::jsonb CHECK (jsonb_typeof(settings) = 'object')
);
CREATE TABLE public.projects (
  id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
  org_id UUID NOT NULL REFERENCES public.orgs (id) ON DELETE CASCADE,
  key TEXT NOT NULL CHECK (key ~ '^[a-z0-9-]+$'),
  tags TEXT[] NOT NULL DEFAULT '{}',
  UNIQUE (org_id, key)
);
CREATE TABLE public.environments (
  id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
  project_id UUID NOT NULL REFERENCES public.projects (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  UNIQUE (project_id, name)
);
CREATE TABLE public.flags (
  id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
  project_id UUID NOT NULL REFERENCES public.projects (id) ON DELETE CASCADE,
  key TEXT NOT NULL,
  payload JSONB NOT NULL DEFAULT '{}',
  enabled BOOLEAN NOT NULL DEFAULT FALSE,
  archived_at TIMESTAMPTZ,
  UNIQUE (project_id, key)
);
CREATE TABLE public.flag_rules (
  id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
  flag_id UUID NOT NULL REFERENCES public.flags (id) ON DELETE CASCADE,
  environment_id UUID REFERENCES public.environments (id) ON DELETE CASCADE,
  position INTEGER NOT NULL DEFAULT 0,
  condition JSONB NOT NULL
);
CREATE TABLE public.segments (
  id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
  org_id UUID NOT NULL REFERENCES public.orgs (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  emails TEXT[] NOT NULL DEFAULT '{}'
);
CREATE TABLE public.sdk_keys (
  id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
  project_id UUID NOT NULL REFERENCES public.projects (id) ON DELETE CASCADE,
  label TEXT NOT NULL,
  secret TEXT NOT NULL DEFAULT encode(extensions.gen_random_bytes(24), 'hex'),
  last4 TEXT GENERATED ALWAYS AS ("right"(secret, 4)) STORED
);
CREATE TABLE public.broadcasts (
  id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  topic TEXT NOT NULL CHECK (topic LIKE 'org:%'),
  event TEXT NOT NULL,
  payload JSONB
);
CREATE TABLE public.presence (
  topic TEXT NOT NULL CHECK (topic LIKE 'org:%'),
  user_id UUID NOT NULL DEFAULT auth.uid(),
  state JSONB NOT NULL DEFAULT '{}',
  PRIMARY KEY (topic, user_id)
);
CREATE TABLE public.evaluations (
  org_id UUID NOT NULL REFERENCES public.orgs (id) ON DELETE CASCADE,
  flag_key TEXT NOT NULL,
  result JSONB,
  at TIMESTAMPTZ NOT NULL DEFAULT now()
) PARTITION BY HASH (org_id);
CREATE TABLE public.evaluations_0 PARTITION OF public.evaluations FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE public.evaluations_1 PARTITION OF public.evaluations FOR VALUES WITH (MODULUS 2, REMAINDER 1);

ALTER TABLE public.orgs ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.projects ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.environments ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.flags ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.flag_rules ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.segments ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.sdk_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.broadcasts ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.presence ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.evaluations ENABLE ROW LEVEL SECURITY;

CREATE POLICY "members see their orgs" ON public.orgs FOR SELECT TO authenticated USING (id = ANY (private.my_orgs()));
CREATE POLICY "admins change their orgs" ON public.orgs FOR UPDATE TO authenticated
  USING (private.has_role(id, 'admin')) WITH CHECK (private.has_role(id, 'admin'));
CREATE POLICY "projects" ON public.projects FOR ALL TO authenticated
  USING (org_id = ANY (private.my_orgs())) WITH CHECK (org_id = ANY (private.my_orgs()));
CREATE POLICY "environments" ON public.environments FOR ALL TO authenticated
  USING (project_id IN (SELECT id FROM public.projects WHERE org_id = ANY (private.my_orgs())));
CREATE POLICY "flags" ON public.flags FOR ALL TO authenticated
  USING (project_id IN (SELECT id FROM public.projects WHERE org_id = ANY (private.my_orgs())));
-- one hop more, by the environment, which may be missing
CREATE POLICY "rules" ON public.flag_rules FOR ALL TO authenticated
  USING (environment_id IS NULL OR EXISTS (SELECT 1 FROM public.environments e WHERE e.id = environment_id));
CREATE POLICY "segments" ON public.segments FOR ALL TO authenticated
  USING ((auth.jwt() -> 'user_metadata' -> 'orgs') ? org_id::text OR org_id = ANY (private.my_orgs()))
  WITH CHECK (org_id = ANY (private.my_orgs()));
CREATE POLICY "keys are seen by admins" ON public.sdk_keys FOR SELECT TO authenticated
  USING (EXISTS (SELECT 1 FROM public.projects p WHERE p.id = project_id AND private.has_role(p.org_id, 'admin')));
CREATE POLICY "keys are made by admins" ON public.sdk_keys FOR INSERT TO authenticated
  WITH CHECK (EXISTS (SELECT 1 FROM public.projects p WHERE p.id = project_id AND private.has_role(p.org_id, 'admin')));
CREATE POLICY "broadcast receive" ON public.broadcasts FOR SELECT TO authenticated USING (topic LIKE 'org:%');
CREATE POLICY "broadcast send" ON public.broadcasts FOR INSERT TO authenticated
  WITH CHECK (split_part(topic, ':', 2) = ANY (private.my_orgs()::text[]));
CREATE POLICY "presence" ON public.presence FOR SELECT TO authenticated
  USING (split_part(topic, ':', 2) = ANY (private.my_orgs()::text[]));
CREATE POLICY "presence of myself" ON public.presence FOR INSERT TO authenticated
  WITH CHECK (user_id = auth.uid() AND split_part(topic, ':', 2) = ANY (private.my_orgs()::text[]));
CREATE POLICY "evaluations" ON public.evaluations FOR SELECT TO authenticated USING (org_id = ANY (private.my_orgs()));

GRANT SELECT, INSERT, UPDATE, DELETE ON public.projects, public.environments, public.flags, public.flag_rules, public.segments TO authenticated;
GRANT SELECT, UPDATE ON public.orgs TO authenticated;
GRANT SELECT (id, project_id, label, last4), INSERT (project_id, label) ON public.sdk_keys TO authenticated;
GRANT SELECT, INSERT ON public.broadcasts, public.presence TO authenticated;
GRANT SELECT ON public.evaluations TO authenticated;

INSERT INTO storage.buckets (id, name, public) VALUES ('exports', 'exports', false), ('uploads', 'uploads', false);
CREATE POLICY "exports are the org's" ON storage.objects FOR SELECT TO authenticated
  USING (bucket_id = 'exports' AND (storage.foldername(name))[1] = ANY (private.my_orgs()::text[]));
CREATE POLICY "exports are written by admins" ON storage.objects FOR INSERT TO authenticated
  WITH CHECK (bucket_id = 'exports' AND private.has_role(((storage.foldername(name))[1])::uuid, 'admin'));
CREATE POLICY "uploads are seen" ON storage.objects FOR SELECT TO authenticated
  USING (bucket_id = 'uploads' AND (storage.foldername(name))[1] = ANY (private.my_orgs()::text[]));
CREATE POLICY "uploads by anyone signed in" ON storage.objects FOR INSERT TO authenticated WITH CHECK (bucket_id = 'uploads');

-- Functions ---------------------------------------------------------------------------------------------------------
CREATE FUNCTION public.evaluate_flag(p_key text, p_context jsonb DEFAULT '{}') RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT payload FROM flags
  WHERE key = p_key AND (p_context ->> 'project_id' IS NULL OR project_id = (p_context ->> 'project_id')::uuid) LIMIT 1
$$;

CREATE FUNCTION public.archive_flags(p_ids uuid[]) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE n integer;
BEGIN
  IF NOT EXISTS (SELECT 1 FROM flags f JOIN projects p ON p.id = f.project_id
                 WHERE f.id = p_ids[1] AND p.org_id = ANY (private.my_orgs())) THEN
    RAISE EXCEPTION 'not allowed';
  END IF;
  UPDATE flags SET archived_at = now() WHERE id = ANY (p_ids);
  GET DIAGNOSTICS n = ROW_COUNT;
  RETURN n;
END $$;

CREATE FUNCTION public.restore_flags(p_ids uuid[]) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE n integer;
BEGIN
  UPDATE flags f SET archived_at = NULL FROM projects p
  WHERE f.id = ANY (p_ids) AND p.id = f.project_id AND p.org_id = ANY (private.my_orgs());
  GET DIAGNOSTICS n = ROW_COUNT;
  RETURN n;
END $$;

CREATE FUNCTION public.import_rules(p_rules jsonb) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE n integer;
BEGIN
  INSERT INTO flag_rules (flag_id, position, condition)
  SELECT (r ->> 'flag_id')::uuid, coalesce((r ->> 'position')::int, 0), coalesce(r -> 'condition', '{}')
  FROM jsonb_array_elements(p_rules) r;
  GET DIAGNOSTICS n = ROW_COUNT;
  RETURN n;
END $$;

CREATE FUNCTION public.import_segments(p_org uuid, p_segments jsonb) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE n integer;
BEGIN
  IF NOT private.has_role(p_org, 'admin') THEN
    RAISE EXCEPTION 'admins only' USING ERRCODE = '42501';
  END IF;
  INSERT INTO segments (org_id, name) SELECT p_org, coalesce(s ->> 'name', '?') FROM jsonb_array_elements(p_segments) s;
  GET DIAGNOSTICS n = ROW_COUNT;
  RETURN n;
END $$;

CREATE FUNCTION public.save_segment(p_segment public.segments) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE v uuid;
BEGIN
  IF NOT private.has_role(p_segment.org_id, 'admin') THEN
    RAISE EXCEPTION 'admins only' USING ERRCODE = '42501';
  END IF;
  INSERT INTO segments SELECT p_segment.*
  ON CONFLICT (id) DO UPDATE SET name = excluded.name, emails = excluded.emails
  RETURNING id INTO v;
  RETURN v;
END $$;

CREATE FUNCTION public.toggle(VARIADIC p_flags uuid[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
  UPDATE flags SET enabled = NOT enabled WHERE id = ANY (p_flags)
$$;

CREATE FUNCTION public.report(p_table text, p_org uuid) RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public AS $$
DECLARE n bigint;
BEGIN
  IF p_table NOT IN ('projects', 'segments', 'evaluations') THEN
    RAISE EXCEPTION 'unknown report %', p_table;
  END IF;
  EXECUTE format('SELECT count(*) FROM %I WHERE org_id = $1', p_table) INTO n USING p_org;
  RETURN n;
END $$;

CREATE FUNCTION public.flag_history(p_flag uuid) RETURNS SETOF jsonb LANGUAGE sql STABLE AS $$
  SELECT to_jsonb(f) FROM public.flags f WHERE f.id = p_flag
$$;

CREATE FUNCTION public.export_cursor(p_org uuid) RETURNS refcursor
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE c refcursor := 'export';
BEGIN
  IF NOT p_org = ANY (private.my_orgs()) THEN
    RAISE EXCEPTION 'not yours' USING ERRCODE = '42501';
  END IF;
  OPEN c FOR SELECT * FROM segments WHERE org_id = p_org;
  RETURN c;
END $$;

CREATE FUNCTION public.set_setting(p_org uuid, p_key text, p_value jsonb DEFAULT 'null') RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
  IF private.has_role(p_org, 'admin') IS NOT TRUE THEN
    RAISE EXCEPTION 'admins only' USING ERRCODE = '42501';
  END IF;
  UPDATE orgs SET settings = settings || jsonb_build_object(p_key, p_value) WHERE id = p_org;
END $$;

REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA public FROM public;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO authenticated;
