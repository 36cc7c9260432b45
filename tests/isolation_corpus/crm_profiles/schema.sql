-- ============================================================
-- SALESPILOT CRM - SUPABASE SETUP
-- Run this whole file in the SQL editor
-- ============================================================

-- ------------------------------------------------------------
-- 1. TABLES
-- ------------------------------------------------------------
CREATE TABLE IF NOT EXISTS companies (
    id            UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    name          VARCHAR(120) NOT NULL,
    plan          VARCHAR(20) NOT NULL DEFAULT 'free' CHECK (plan IN ('free', 'pro', 'enterprise')),
    billing_email VARCHAR(255),
    created_at    TIMESTAMPTZ DEFAULT NOW()
);

CREATE TABLE IF NOT EXISTS profiles (
    id         UUID PRIMARY KEY REFERENCES auth.users(id) ON DELETE CASCADE,
    company_id UUID REFERENCES companies(id) ON DELETE SET NULL,
    full_name  VARCHAR(200),
    role       VARCHAR(20) NOT NULL DEFAULT 'rep' CHECK (role IN ('admin', 'manager', 'rep')),
    avatar_url TEXT,
    created_at TIMESTAMPTZ DEFAULT NOW()
);

CREATE TABLE IF NOT EXISTS contacts (
    id         UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    company_id UUID NOT NULL REFERENCES companies(id) ON DELETE CASCADE,
    created_by UUID DEFAULT auth.uid() REFERENCES profiles(id) ON DELETE SET NULL,
    first_name VARCHAR(100) NOT NULL,
    last_name  VARCHAR(100),
    email      VARCHAR(255),
    phone      VARCHAR(40),
    score      INTEGER DEFAULT 0 CHECK (score BETWEEN 0 AND 100)
);

CREATE TABLE IF NOT EXISTS deals (
    id         UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    company_id UUID NOT NULL REFERENCES companies(id) ON DELETE CASCADE,
    owner_id   UUID REFERENCES profiles(id) ON DELETE SET NULL,
    contact_id UUID REFERENCES contacts(id) ON DELETE SET NULL,
    title      VARCHAR(200) NOT NULL,
    stage      VARCHAR(20) NOT NULL DEFAULT 'lead' CHECK (stage IN ('lead', 'qualified', 'proposal', 'won', 'lost')),
    amount     NUMERIC(12, 2) NOT NULL DEFAULT 0 CHECK (amount >= 0),
    closed_at  TIMESTAMPTZ,
    CHECK ((stage IN ('won', 'lost')) = (closed_at IS NOT NULL))
);

CREATE TABLE IF NOT EXISTS deal_notes (
    id         UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    deal_id    UUID NOT NULL REFERENCES deals(id) ON DELETE CASCADE,
    body       TEXT NOT NULL,
    created_at TIMESTAMPTZ DEFAULT NOW()
);

CREATE TABLE IF NOT EXISTS tasks (
    id          UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    company_id  UUID NOT NULL REFERENCES companies(id) ON DELETE CASCADE,
    assigned_to UUID REFERENCES profiles(id) ON DELETE SET NULL,
    title       VARCHAR(200) NOT NULL,
    due_date    DATE,
    done        BOOLEAN DEFAULT FALSE
);

CREATE TABLE IF NOT EXISTS tags (
    id         UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    company_id UUID NOT NULL REFERENCES companies(id) ON DELETE CASCADE,
    label      VARCHAR(50) NOT NULL,
    color      VARCHAR(7) NOT NULL DEFAULT '#888888' CHECK (color ~ '^#[0-9a-f]{6}$'),
    UNIQUE (company_id, label)
);

CREATE TABLE IF NOT EXISTS contact_tags (
    contact_id UUID NOT NULL REFERENCES contacts(id) ON DELETE CASCADE,
    tag_id     UUID NOT NULL REFERENCES tags(id),
    PRIMARY KEY (contact_id, tag_id)
);

CREATE TABLE IF NOT EXISTS import_jobs (
    id         UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    company_id UUID NOT NULL REFERENCES companies(id) ON DELETE CASCADE,
    file_name  VARCHAR(255) NOT NULL,
    rows       JSONB NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(rows) = 'array'),
    status     VARCHAR(20) NOT NULL DEFAULT 'queued' CHECK (status IN ('queued', 'running', 'done', 'failed'))
);

CREATE TABLE IF NOT EXISTS industries (
    code  CHAR(4) PRIMARY KEY,
    label TEXT NOT NULL
);

-- ------------------------------------------------------------
-- 2. FUNCTIONS
-- ------------------------------------------------------------
CREATE OR REPLACE FUNCTION get_my_company()
RETURNS UUID AS $$
    SELECT company_id FROM public.profiles WHERE id = auth.uid();
$$ LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public;

CREATE OR REPLACE FUNCTION get_my_role()
RETURNS VARCHAR AS $$
    SELECT role FROM public.profiles WHERE id = auth.uid();
$$ LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public;

-- a profile for every new user
CREATE OR REPLACE FUNCTION handle_new_user()
RETURNS TRIGGER AS $$
BEGIN
    INSERT INTO public.profiles (id, full_name, company_id, role)
    VALUES (
        NEW.id,
        NEW.raw_user_meta_data->>'full_name',
        (NEW.raw_user_meta_data->>'company_id')::UUID,
        COALESCE(NEW.raw_user_meta_data->>'role', 'rep')
    );
    RETURN NEW;
END;
$$ LANGUAGE plpgsql SECURITY DEFINER SET search_path = public;

DROP TRIGGER IF EXISTS on_auth_user_created ON auth.users;
CREATE TRIGGER on_auth_user_created
    AFTER INSERT ON auth.users
    FOR EACH ROW EXECUTE FUNCTION handle_new_user();

-- first login without a company: make one
CREATE OR REPLACE FUNCTION create_company(p_name TEXT)
RETURNS UUID AS $$
DECLARE
    v_id UUID;
BEGIN
    IF auth.uid() IS NULL OR EXISTS (SELECT 1 FROM profiles WHERE id = auth.uid() AND company_id IS NOT NULL) THEN
        RAISE EXCEPTION 'You already belong to a company';
    END IF;
    INSERT INTO companies (name) VALUES (p_name) RETURNING id INTO v_id;
    UPDATE profiles SET company_id = v_id, role = 'admin' WHERE id = auth.uid();
    RETURN v_id;
END;
$$ LANGUAGE plpgsql SECURITY DEFINER SET search_path = public;

CREATE OR REPLACE FUNCTION search_contacts(p_company UUID, p_query TEXT)
RETURNS SETOF contacts AS $$
    SELECT * FROM contacts
    WHERE company_id = p_company
      AND (first_name ILIKE '%' || p_query || '%' OR last_name ILIKE '%' || p_query || '%' OR email ILIKE '%' || p_query || '%')
    ORDER BY score DESC
    LIMIT 50;
$$ LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public;

CREATE OR REPLACE FUNCTION company_stats()
RETURNS TABLE (contacts BIGINT, open_deals BIGINT, won NUMERIC) AS $$
    SELECT
        (SELECT COUNT(*) FROM contacts c WHERE c.company_id = get_my_company()),
        (SELECT COUNT(*) FROM deals d WHERE d.company_id = get_my_company() AND d.closed_at IS NULL),
        (SELECT COALESCE(SUM(amount), 0) FROM deals d WHERE d.company_id = get_my_company() AND d.stage = 'won');
$$ LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public;

-- when a rep leaves, an admin hands the deals over
CREATE OR REPLACE FUNCTION transfer_deals(p_from UUID, p_to UUID)
RETURNS INTEGER AS $$
DECLARE
    n INTEGER;
BEGIN
    IF get_my_role() IS DISTINCT FROM 'admin' THEN
        RAISE EXCEPTION 'Only admins can transfer deals';
    END IF;
    UPDATE deals SET owner_id = p_to WHERE owner_id = p_from;
    GET DIAGNOSTICS n = ROW_COUNT;
    RETURN n;
END;
$$ LANGUAGE plpgsql SECURITY DEFINER SET search_path = public;

-- ------------------------------------------------------------
-- 3. VIEWS
-- ------------------------------------------------------------
CREATE OR REPLACE VIEW deal_pipeline AS
SELECT d.company_id, d.stage, d.title, d.amount, p.full_name AS owner
FROM deals d LEFT JOIN profiles p ON p.id = d.owner_id
WHERE d.closed_at IS NULL;

CREATE OR REPLACE VIEW my_open_tasks WITH (security_invoker = true) AS
SELECT id, title, due_date FROM tasks WHERE assigned_to = auth.uid() AND NOT done;

-- ------------------------------------------------------------
-- 4. ROW LEVEL SECURITY
-- ------------------------------------------------------------
ALTER TABLE companies ENABLE ROW LEVEL SECURITY;
ALTER TABLE profiles ENABLE ROW LEVEL SECURITY;
ALTER TABLE contacts ENABLE ROW LEVEL SECURITY;
ALTER TABLE deals ENABLE ROW LEVEL SECURITY;
ALTER TABLE deal_notes ENABLE ROW LEVEL SECURITY;
ALTER TABLE tasks ENABLE ROW LEVEL SECURITY;
ALTER TABLE tags ENABLE ROW LEVEL SECURITY;
ALTER TABLE contact_tags ENABLE ROW LEVEL SECURITY;
ALTER TABLE import_jobs ENABLE ROW LEVEL SECURITY;
ALTER TABLE industries ENABLE ROW LEVEL SECURITY;

DROP POLICY IF EXISTS "Users can view own company" ON companies;
CREATE POLICY "Users can view own company" ON companies FOR SELECT USING (id = get_my_company());
DROP POLICY IF EXISTS "Admins can update own company" ON companies;
CREATE POLICY "Admins can update own company" ON companies FOR UPDATE USING (id = get_my_company() AND get_my_role() = 'admin');

DROP POLICY IF EXISTS "Users can view colleagues" ON profiles;
CREATE POLICY "Users can view colleagues" ON profiles FOR SELECT USING (id = auth.uid() OR company_id = get_my_company());
DROP POLICY IF EXISTS "Users can update own profile" ON profiles;
CREATE POLICY "Users can update own profile" ON profiles FOR UPDATE USING (auth.uid() = id);

CREATE POLICY "Company contacts are visible" ON contacts FOR SELECT USING (company_id = get_my_company());
CREATE POLICY "Users can add contacts" ON contacts FOR INSERT WITH CHECK (auth.uid() = created_by);
CREATE POLICY "Company contacts can be edited" ON contacts FOR UPDATE USING (company_id = get_my_company());
CREATE POLICY "Company contacts can be removed" ON contacts FOR DELETE USING (company_id = get_my_company() AND get_my_role() IN ('admin', 'manager'));

-- no WITH CHECK: USING applies to the new row as well
CREATE POLICY "Company deals" ON deals FOR ALL USING (
    company_id = get_my_company()
    AND (contact_id IS NULL OR EXISTS (SELECT 1 FROM contacts c WHERE c.id = deals.contact_id AND c.company_id = deals.company_id))
);

CREATE POLICY "Deal notes follow the deal" ON deal_notes FOR ALL USING (
    EXISTS (SELECT 1 FROM deals d WHERE d.id = deal_notes.deal_id AND d.company_id = get_my_company())
);

CREATE POLICY "Company tasks" ON tasks FOR ALL USING (
    EXISTS (SELECT 1 FROM profiles p WHERE p.id = auth.uid() AND p.company_id = company_id)
);

CREATE POLICY "Company tags" ON tags FOR ALL USING (company_id = get_my_company()) WITH CHECK (company_id = get_my_company());

CREATE POLICY "Tag own contacts" ON contact_tags FOR ALL USING (
    EXISTS (SELECT 1 FROM contacts c WHERE c.id = contact_tags.contact_id AND c.company_id = get_my_company())
);

CREATE POLICY "Authenticated users can manage imports" ON import_jobs FOR ALL USING (auth.role() = 'authenticated');

CREATE POLICY "Anyone can read industries" ON industries FOR SELECT USING (TRUE);

-- ------------------------------------------------------------
-- 5. GRANTS
-- ------------------------------------------------------------
GRANT USAGE ON SCHEMA public TO anon, authenticated;
GRANT SELECT, INSERT, UPDATE, DELETE ON contacts, deals, deal_notes, tasks, tags, contact_tags, import_jobs TO authenticated;
GRANT SELECT, UPDATE (full_name, avatar_url, role, company_id) ON profiles TO authenticated;
GRANT SELECT, UPDATE (name, billing_email) ON companies TO authenticated;
GRANT SELECT ON industries TO anon, authenticated;
GRANT SELECT ON deal_pipeline, my_open_tasks TO authenticated;
REVOKE EXECUTE ON FUNCTION search_contacts(UUID, TEXT), transfer_deals(UUID, UUID), create_company(TEXT) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION search_contacts(UUID, TEXT), transfer_deals(UUID, UUID), create_company(TEXT) TO authenticated;

-- ------------------------------------------------------------
-- 6. SEED
-- ------------------------------------------------------------
INSERT INTO industries (code, label) VALUES ('SOFT', 'Software'), ('RETL', 'Retail'), ('HLTH', 'Healthcare') ON CONFLICT DO NOTHING;
