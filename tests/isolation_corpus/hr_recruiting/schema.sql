-- People & Hiring
-- generated with an assistant, reviewed by Tom

CREATE TABLE companies (
    id UUID DEFAULT gen_random_uuid() PRIMARY KEY,
    name TEXT NOT NULL,
    email_domain TEXT CHECK (email_domain = lower(email_domain))
);

CREATE TABLE company_members (
    company_id UUID NOT NULL REFERENCES companies(id) ON DELETE CASCADE,
    user_id UUID NOT NULL REFERENCES auth.users(id) ON DELETE CASCADE,
    role TEXT NOT NULL DEFAULT 'employee' CHECK (role IN ('employee', 'recruiter', 'hr')),
    PRIMARY KEY (company_id, user_id)
);

CREATE TABLE employees (
    id UUID DEFAULT gen_random_uuid() PRIMARY KEY,
    company_id UUID NOT NULL REFERENCES companies(id) ON DELETE CASCADE,
    user_id UUID REFERENCES auth.users(id) ON DELETE SET NULL,
    manager_id UUID REFERENCES employees(id) DEFERRABLE INITIALLY DEFERRED,
    full_name TEXT NOT NULL,
    started_on DATE NOT NULL DEFAULT CURRENT_DATE
);

CREATE TABLE payslips (
    id UUID DEFAULT gen_random_uuid() PRIMARY KEY,
    company_id UUID NOT NULL REFERENCES companies(id) ON DELETE CASCADE,
    user_id UUID NOT NULL REFERENCES auth.users(id) ON DELETE CASCADE,
    month DATE NOT NULL CHECK (extract(day FROM month) = 1),
    gross NUMERIC(10,2) NOT NULL
);

CREATE TABLE job_posts (
    id UUID DEFAULT gen_random_uuid() PRIMARY KEY,
    company_id UUID NOT NULL REFERENCES companies(id) ON DELETE CASCADE,
    title TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT 'draft' CHECK (status IN ('draft', 'open', 'closed')),
    salary_range INT4RANGE CHECK (NOT isempty(salary_range))
);

CREATE TABLE applications (
    id UUID DEFAULT gen_random_uuid() PRIMARY KEY,
    job_id UUID NOT NULL REFERENCES job_posts(id) ON DELETE CASCADE,
    applicant_id UUID NOT NULL DEFAULT auth.uid() REFERENCES auth.users(id) ON DELETE CASCADE,
    cover_letter TEXT NOT NULL,
    stage TEXT NOT NULL DEFAULT 'applied' CHECK (stage IN ('applied', 'interview', 'offer', 'hired', 'rejected')),
    UNIQUE (job_id, applicant_id)
);

CREATE TABLE interview_notes (
    id UUID DEFAULT gen_random_uuid() PRIMARY KEY,
    application_id UUID NOT NULL REFERENCES applications(id) ON DELETE CASCADE,
    author_id UUID NOT NULL DEFAULT auth.uid() REFERENCES auth.users(id),
    verdict TEXT NOT NULL
);

CREATE TABLE offers (
    id UUID DEFAULT gen_random_uuid() PRIMARY KEY,
    company_id UUID NOT NULL REFERENCES companies(id) ON DELETE CASCADE,
    application_id UUID NOT NULL UNIQUE REFERENCES applications(id) ON DELETE CASCADE,
    salary NUMERIC(10,2) NOT NULL CHECK (salary > 0)
);

CREATE TABLE feedback (
    id UUID DEFAULT gen_random_uuid() PRIMARY KEY,
    author_id UUID NOT NULL DEFAULT auth.uid() REFERENCES auth.users(id) ON DELETE CASCADE,
    subject_id UUID NOT NULL REFERENCES auth.users(id) ON DELETE CASCADE,
    body TEXT NOT NULL
);

CREATE TABLE skills (
    id INT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    label TEXT NOT NULL UNIQUE
);

-- ---------- helpers ----------
CREATE FUNCTION in_company(cid UUID) RETURNS BOOLEAN AS $$
    SELECT EXISTS (SELECT 1 FROM public.company_members m WHERE m.company_id = cid AND m.user_id = auth.uid());
$$ LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '';

CREATE FUNCTION has_company_role(cid UUID, VARIADIC roles TEXT[]) RETURNS BOOLEAN AS $$
    SELECT EXISTS (SELECT 1 FROM public.company_members m WHERE m.company_id = cid AND m.user_id = auth.uid() AND m.role = ANY (roles));
$$ LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '';

CREATE FUNCTION job_company(jid UUID) RETURNS UUID AS $$
    SELECT j.company_id FROM public.job_posts j WHERE j.id = jid AND (j.status = 'open' OR public.in_company(j.company_id));
$$ LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '';

-- ---------- api ----------
CREATE FUNCTION start_company(p_name TEXT) RETURNS UUID AS $$
DECLARE cid UUID;
BEGIN
    INSERT INTO public.companies (name) VALUES (p_name) RETURNING id INTO cid;
    INSERT INTO public.company_members VALUES (cid, auth.uid(), 'hr');
    RETURN cid;
END;
$$ LANGUAGE plpgsql SECURITY DEFINER SET search_path = '';

-- colleagues with an address of the company may join by themselves
CREATE FUNCTION join_by_domain(p_company UUID) RETURNS BOOLEAN AS $$
DECLARE d TEXT;
BEGIN
    SELECT c.email_domain INTO d FROM public.companies c WHERE c.id = p_company;
    IF d IS NULL OR split_part(coalesce(auth.jwt() -> 'user_metadata' ->> 'email', auth.jwt() ->> 'email'), '@', 2) <> d THEN
        RETURN false;
    END IF;
    INSERT INTO public.company_members (company_id, user_id) VALUES (p_company, auth.uid()) ON CONFLICT DO NOTHING;
    RETURN true;
END;
$$ LANGUAGE plpgsql SECURITY DEFINER SET search_path = '';

CREATE FUNCTION hire(p_application UUID) RETURNS BOOLEAN AS $$
BEGIN
    UPDATE public.applications a SET stage = 'hired'
    FROM public.job_posts j WHERE a.id = p_application AND j.id = a.job_id AND public.has_company_role(j.company_id, 'hr');
    RETURN FOUND;
END;
$$ LANGUAGE plpgsql SECURITY DEFINER SET search_path = '';

CREATE FUNCTION offer_letter(p_application UUID) RETURNS TEXT AS $$
DECLARE o public.offers;
BEGIN
    SELECT * INTO o FROM public.offers x WHERE x.application_id = p_application;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no offer has been made' USING ERRCODE = 'P0002';
    END IF;
    IF NOT public.has_company_role(o.company_id, 'hr', 'recruiter') THEN
        RAISE EXCEPTION 'the offer is confidential' USING ERRCODE = '42501';
    END IF;
    RETURN format('We offer you %s.', o.salary);
END;
$$ LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = '';

CREATE FUNCTION headcount() RETURNS TABLE (company TEXT, people BIGINT) AS $$
    SELECT c.name, count(e.id) FROM public.companies c LEFT JOIN public.employees e ON e.company_id = c.id GROUP BY c.id;
$$ LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '';

CREATE FUNCTION my_headcount() RETURNS BIGINT AS $$
    SELECT count(*) FROM public.employees e WHERE public.in_company(e.company_id);
$$ LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '';

-- ---------- rls ----------
ALTER TABLE companies ENABLE ROW LEVEL SECURITY;
ALTER TABLE company_members ENABLE ROW LEVEL SECURITY;
ALTER TABLE employees ENABLE ROW LEVEL SECURITY;
ALTER TABLE payslips ENABLE ROW LEVEL SECURITY;
ALTER TABLE job_posts ENABLE ROW LEVEL SECURITY;
ALTER TABLE applications ENABLE ROW LEVEL SECURITY;
ALTER TABLE interview_notes ENABLE ROW LEVEL SECURITY;
ALTER TABLE offers ENABLE ROW LEVEL SECURITY;
ALTER TABLE feedback ENABLE ROW LEVEL SECURITY;
ALTER TABLE skills ENABLE ROW LEVEL SECURITY;

CREATE POLICY "see own company" ON companies FOR SELECT TO authenticated USING (in_company(id));
CREATE POLICY "hr edits company" ON companies FOR UPDATE TO authenticated USING (has_company_role(id, 'hr')) WITH CHECK (has_company_role(id, 'hr'));

CREATE POLICY "see colleagues" ON company_members FOR SELECT TO authenticated USING (in_company(company_id));
CREATE POLICY "hr removes" ON company_members FOR DELETE TO authenticated USING (has_company_role(company_id, 'hr'));

CREATE POLICY "employees see their company" ON employees FOR SELECT TO authenticated USING (
    company_id IN (SELECT e.company_id FROM employees e WHERE e.user_id = auth.uid())
);
CREATE POLICY "hr manages employees" ON employees FOR INSERT TO authenticated WITH CHECK (has_company_role(company_id, 'hr'));

-- payslips are private: nobody but the payroll job
-- TODO employees should be able to see their own

CREATE POLICY "open jobs" ON job_posts FOR SELECT TO anon, authenticated USING (status = 'open');
CREATE POLICY "company jobs" ON job_posts FOR ALL TO authenticated
    USING (has_company_role(company_id, 'hr', 'recruiter')) WITH CHECK (has_company_role(company_id, 'hr', 'recruiter'));

CREATE POLICY "apply" ON applications FOR INSERT TO authenticated
    WITH CHECK (applicant_id = auth.uid() AND stage = 'applied' AND EXISTS (SELECT 1 FROM job_posts j WHERE j.id = job_id AND j.status = 'open'));
CREATE POLICY "applicant and company read" ON applications FOR SELECT TO authenticated
    USING (applicant_id = auth.uid() OR has_company_role(job_company(job_id), 'hr', 'recruiter'));
CREATE POLICY "applicant and company update" ON applications FOR UPDATE TO authenticated
    USING (applicant_id = auth.uid() OR has_company_role(job_company(job_id), 'hr', 'recruiter'));

CREATE POLICY "notes with application" ON interview_notes FOR SELECT TO authenticated
    USING (EXISTS (SELECT 1 FROM applications a WHERE a.id = interview_notes.application_id));
CREATE POLICY "interviewers write" ON interview_notes FOR INSERT TO authenticated
    WITH CHECK (author_id = auth.uid() AND EXISTS (
        SELECT 1 FROM applications a WHERE a.id = interview_notes.application_id AND has_company_role(job_company(a.job_id), 'hr', 'recruiter')));

CREATE POLICY "hr makes offers" ON offers FOR ALL TO authenticated
    USING (has_company_role(company_id, 'hr'))
    WITH CHECK (has_company_role(company_id, 'hr') AND EXISTS (
        SELECT 1 FROM applications a JOIN job_posts j ON j.id = a.job_id WHERE a.id = offers.application_id AND j.company_id = offers.company_id));

CREATE POLICY "feedback about me or by me" ON feedback FOR SELECT TO authenticated USING (subject_id = auth.uid() OR author_id = auth.uid());
CREATE POLICY "give feedback" ON feedback FOR INSERT TO authenticated WITH CHECK (author_id = auth.uid());

CREATE POLICY "skills are for all" ON skills FOR SELECT TO authenticated USING (true);

GRANT SELECT, UPDATE (name, email_domain) ON companies TO authenticated;
GRANT SELECT, DELETE ON company_members TO authenticated;
GRANT SELECT, INSERT ON employees, interview_notes, feedback TO authenticated;
GRANT SELECT ON payslips, skills TO authenticated;
GRANT SELECT ON job_posts TO anon;
GRANT SELECT, INSERT, UPDATE, DELETE ON job_posts, offers TO authenticated;
GRANT SELECT, INSERT, UPDATE ON applications TO authenticated;
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO authenticated;

INSERT INTO skills (label) VALUES ('SQL'), ('Patience');
