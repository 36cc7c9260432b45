-- A low-code backend: customers define their own collections, everything they store is a document.
CREATE TABLE public.accounts (
  id bigint GENERATED ALWAYS AS IDENTITY (START WITH 5000) PRIMARY KEY,
  company text NOT NULL,
  owner uuid NOT NULL REFERENCES auth.users
);
CREATE TABLE public.seats (
  account_id bigint NOT NULL REFERENCES public.accounts ON DELETE CASCADE,
  user_id uuid NOT NULL REFERENCES auth.users ON DELETE CASCADE,
  scopes text[] NOT NULL DEFAULT '{read}',
  PRIMARY KEY (account_id, user_id)
);
CREATE TABLE public.collections (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  account_id bigint NOT NULL REFERENCES public.accounts ON DELETE CASCADE,
  name text NOT NULL,
  json_schema jsonb NOT NULL DEFAULT '{}',
  UNIQUE (account_id, name)
);
CREATE TABLE public.documents (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  collection_id uuid NOT NULL REFERENCES public.collections ON DELETE CASCADE,
  doc jsonb NOT NULL CHECK (jsonb_typeof(doc) = 'object'),
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE public.document_history (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  document_id uuid NOT NULL,          -- no key: history outlives the document
  old_doc jsonb NOT NULL
);
CREATE TABLE public.events (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  envelope jsonb NOT NULL CHECK (envelope ? 'account_id')
);
CREATE TABLE public.automations (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  account_id bigint NOT NULL REFERENCES public.accounts ON DELETE CASCADE,
  watch_collection uuid NOT NULL REFERENCES public.collections ON DELETE CASCADE,
  webhook text NOT NULL
);
CREATE TABLE public.api_tokens (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  account_id bigint NOT NULL REFERENCES public.accounts ON DELETE CASCADE,
  created_by uuid NOT NULL DEFAULT auth.uid(),
  token_hash text NOT NULL
);
CREATE TABLE public.webhook_deliveries (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  automation_id uuid NOT NULL REFERENCES public.automations ON DELETE CASCADE,
  body jsonb NOT NULL
);

CREATE FUNCTION public.my_accounts() RETURNS SETOF bigint LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT account_id FROM seats WHERE user_id = auth.uid()
$$;
CREATE FUNCTION public.may(p_account bigint, p_scope text) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT EXISTS (SELECT 1 FROM seats WHERE account_id = p_account AND user_id = auth.uid() AND p_scope = ANY (scopes))
$$;

ALTER TABLE public.accounts ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.seats ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.collections ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.documents ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.document_history ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.events ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.automations ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.api_tokens ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.webhook_deliveries ENABLE ROW LEVEL SECURITY;

CREATE POLICY r ON public.accounts FOR SELECT TO authenticated USING (id IN (SELECT my_accounts()));
CREATE POLICY r ON public.seats FOR SELECT TO authenticated USING (account_id IN (SELECT my_accounts()));
CREATE POLICY w ON public.seats FOR ALL TO authenticated USING (may(account_id, 'admin')) WITH CHECK (may(account_id, 'admin'));
CREATE POLICY rw ON public.collections FOR ALL TO authenticated USING (account_id IN (SELECT my_accounts())) WITH CHECK (may(account_id, 'write'));
CREATE POLICY r ON public.documents FOR SELECT TO authenticated
  USING (EXISTS (SELECT 1 FROM collections c WHERE c.id = collection_id AND c.account_id IN (SELECT my_accounts())));
CREATE POLICY i ON public.documents FOR INSERT TO authenticated
  WITH CHECK (EXISTS (SELECT 1 FROM collections c WHERE c.id = collection_id AND may(c.account_id, 'write')));
CREATE POLICY u ON public.documents FOR UPDATE TO authenticated
  USING (EXISTS (SELECT 1 FROM collections c WHERE c.id = collection_id AND may(c.account_id, 'write')));
CREATE POLICY r ON public.document_history FOR SELECT TO authenticated
  USING (NOT EXISTS (SELECT 1 FROM documents d WHERE d.id = document_id AND d.collection_id IS NULL));
CREATE POLICY r ON public.events FOR SELECT TO authenticated
  USING ((envelope ->> 'account_id')::bigint IN (SELECT my_accounts()));
CREATE POLICY i ON public.events FOR INSERT TO authenticated WITH CHECK (envelope ->> 'actor' = auth.uid()::text);
CREATE POLICY rw ON public.automations FOR ALL TO authenticated
  USING (may(account_id, 'admin')) WITH CHECK (may(account_id, 'admin'));
CREATE POLICY r ON public.api_tokens FOR SELECT TO authenticated USING (created_by = auth.uid() OR may(account_id, 'admin'));
CREATE POLICY i ON public.api_tokens FOR INSERT TO authenticated WITH CHECK (created_by = auth.uid());
CREATE POLICY r ON public.webhook_deliveries FOR SELECT TO authenticated
  USING (EXISTS (SELECT 1 FROM automations a WHERE a.id = automation_id AND may(a.account_id, 'admin')));

CREATE FUNCTION public.keep_history() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
  INSERT INTO document_history (document_id, old_doc) VALUES (OLD.id, OLD.doc);
  RETURN NEW;
END $$;
CREATE TRIGGER keep_history AFTER UPDATE ON public.documents FOR EACH ROW EXECUTE FUNCTION public.keep_history();
CREATE FUNCTION public.deliver() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
  INSERT INTO webhook_deliveries (automation_id, body) SELECT a.id, NEW.doc FROM automations a WHERE a.watch_collection = NEW.collection_id;
  RETURN NEW;
END $$;
CREATE TRIGGER deliver AFTER INSERT OR UPDATE ON public.documents FOR EACH ROW EXECUTE FUNCTION public.deliver();

CREATE FUNCTION public.query(p_collection uuid, p_where jsonb DEFAULT '{}', p_limit int DEFAULT 50) RETURNS SETOF jsonb
LANGUAGE sql STABLE AS $$
  SELECT doc FROM public.documents WHERE collection_id = p_collection AND doc @> p_where LIMIT p_limit
$$;
CREATE FUNCTION public.patch(p_document uuid, p_patch jsonb) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE a bigint; d jsonb;
BEGIN
  -- the account is taken from what the client sends
  a := (p_patch ->> 'account_id')::bigint;
  IF a IS NULL OR NOT may(a, 'write') THEN
    RAISE EXCEPTION 'not allowed' USING ERRCODE = '42501';
  END IF;
  UPDATE documents SET doc = doc || (p_patch - 'account_id'), updated_at = now() WHERE id = p_document RETURNING doc INTO d;
  RETURN d;
END $$;
CREATE FUNCTION public.remove(p_document uuid) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
  DELETE FROM documents d USING collections c
  WHERE d.id = p_document AND c.id = d.collection_id AND may(c.account_id, 'write');
  RETURN FOUND;
END $$;
CREATE FUNCTION public.create_account(p_company text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE v bigint;
BEGIN
  INSERT INTO accounts (company, owner) VALUES (p_company, auth.uid()) RETURNING id INTO v;
  INSERT INTO seats VALUES (v, auth.uid(), '{read,write,admin}');
  RETURN v;
END $$;
CREATE FUNCTION public.whoami(p_token text) RETURNS bigint LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT account_id FROM api_tokens WHERE token_hash = encode(sha256(convert_to(p_token, 'UTF8')), 'hex')
$$;
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO authenticated;
GRANT EXECUTE ON FUNCTION public.whoami(text) TO anon;

GRANT SELECT ON ALL TABLES IN SCHEMA public TO authenticated;
GRANT INSERT, UPDATE, DELETE ON public.seats, public.collections, public.automations TO authenticated;
GRANT INSERT, UPDATE ON public.documents TO authenticated;
GRANT INSERT ON public.events, public.api_tokens TO authenticated;
