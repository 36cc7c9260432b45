-- Made with an app builder, project from 2025 (everything in public is granted to anon and authenticated).

CREATE TYPE public.app_role AS ENUM ('admin', 'manager', 'employee');

CREATE TABLE public.companies (
  id UUID NOT NULL DEFAULT gen_random_uuid() PRIMARY KEY,
  name TEXT NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now()
);

CREATE TABLE public.teams (
  id UUID NOT NULL DEFAULT gen_random_uuid() PRIMARY KEY,
  company_id UUID NOT NULL REFERENCES public.companies(id) ON DELETE CASCADE,
  name TEXT NOT NULL
);

CREATE TABLE public.profiles (
  id UUID NOT NULL PRIMARY KEY REFERENCES auth.users(id) ON DELETE CASCADE,
  company_id UUID REFERENCES public.companies(id) ON DELETE SET NULL,
  role public.app_role NOT NULL DEFAULT 'employee',
  full_name TEXT,
  email TEXT NOT NULL,
  avatar_url TEXT,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now()
);

CREATE TABLE public.team_members (
  id UUID NOT NULL DEFAULT gen_random_uuid() PRIMARY KEY,
  team_id UUID NOT NULL REFERENCES public.teams(id) ON DELETE CASCADE,
  user_id UUID NOT NULL REFERENCES public.profiles(id) ON DELETE CASCADE,
  title TEXT,
  UNIQUE (team_id, user_id)
);

CREATE TABLE public.team_goals (
  id UUID NOT NULL DEFAULT gen_random_uuid() PRIMARY KEY,
  team_id UUID NOT NULL REFERENCES public.teams(id) ON DELETE CASCADE,
  goal TEXT NOT NULL,
  progress INTEGER NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 100)
);

CREATE TABLE public.payslips (
  id UUID NOT NULL DEFAULT gen_random_uuid() PRIMARY KEY,
  company_id UUID NOT NULL REFERENCES public.companies(id) ON DELETE CASCADE,
  employee_id UUID NOT NULL REFERENCES public.profiles(id) ON DELETE CASCADE,
  month DATE NOT NULL,
  gross NUMERIC(10,2) NOT NULL,
  net NUMERIC(10,2) NOT NULL,
  CHECK (net <= gross)
);

CREATE TABLE public.expenses (
  id UUID NOT NULL DEFAULT gen_random_uuid() PRIMARY KEY,
  company_id UUID NOT NULL REFERENCES public.companies(id) ON DELETE CASCADE,
  employee_id UUID NOT NULL REFERENCES public.profiles(id) ON DELETE CASCADE,
  amount NUMERIC(10,2) NOT NULL CHECK (amount > 0),
  description TEXT NOT NULL,
  status TEXT NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'approved', 'rejected')),
  created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now()
);

CREATE TABLE public.notifications (
  id UUID NOT NULL DEFAULT gen_random_uuid() PRIMARY KEY,
  user_id UUID NOT NULL REFERENCES public.profiles(id) ON DELETE CASCADE,
  title TEXT NOT NULL,
  link TEXT,
  is_read BOOLEAN NOT NULL DEFAULT false
);

CREATE TABLE public.announcements (
  id UUID NOT NULL DEFAULT gen_random_uuid() PRIMARY KEY,
  company_id UUID REFERENCES public.companies(id) ON DELETE CASCADE, -- null = for everybody, written by us
  title TEXT NOT NULL,
  body TEXT NOT NULL
);

CREATE TABLE public.documents (
  id UUID NOT NULL DEFAULT gen_random_uuid() PRIMARY KEY,
  company_id UUID NOT NULL REFERENCES public.companies(id) ON DELETE CASCADE,
  title TEXT NOT NULL,
  content TEXT,
  share_token UUID UNIQUE,
  deleted_at TIMESTAMP WITH TIME ZONE
);

CREATE TABLE public.activity_log (
  id UUID NOT NULL DEFAULT gen_random_uuid() PRIMARY KEY,
  company_id UUID REFERENCES public.companies(id) ON DELETE CASCADE,
  user_id UUID,
  action TEXT NOT NULL,
  details JSONB DEFAULT '{}'::jsonb
);

CREATE TABLE public.app_settings (
  company_id UUID NOT NULL PRIMARY KEY REFERENCES public.companies(id) ON DELETE CASCADE,
  smtp_password TEXT,
  theme TEXT NOT NULL DEFAULT 'light'
);

CREATE TABLE public.time_off (
  id UUID NOT NULL DEFAULT gen_random_uuid() PRIMARY KEY,
  employee_id UUID NOT NULL REFERENCES public.profiles(id) ON DELETE CASCADE,
  reviewer_id UUID REFERENCES public.profiles(id) ON DELETE SET NULL,
  starts DATE NOT NULL,
  ends DATE NOT NULL,
  reason TEXT,
  CONSTRAINT sane CHECK (ends >= starts)
);

-- Functions
CREATE OR REPLACE FUNCTION public.get_my_company() RETURNS UUID LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT company_id FROM public.profiles WHERE id = auth.uid()
$$;
CREATE OR REPLACE FUNCTION public.has_role(_user_id UUID, _role public.app_role) RETURNS BOOLEAN
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT EXISTS (SELECT 1 FROM public.profiles WHERE id = _user_id AND role = _role)
$$;
REVOKE EXECUTE ON FUNCTION public.has_role(UUID, public.app_role) FROM PUBLIC, anon;

CREATE OR REPLACE FUNCTION public.handle_new_user() RETURNS TRIGGER LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
  INSERT INTO public.profiles (id, email, full_name, company_id, role)
  VALUES (NEW.id, NEW.email, NEW.raw_user_meta_data ->> 'full_name', (NEW.raw_user_meta_data ->> 'company_id')::uuid,
          COALESCE((NEW.raw_user_meta_data ->> 'role')::public.app_role, 'employee'));
  RETURN NEW;
END;
$$;
CREATE TRIGGER on_auth_user_created AFTER INSERT ON auth.users FOR EACH ROW EXECUTE FUNCTION public.handle_new_user();

CREATE OR REPLACE FUNCTION public.keep_role() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.role IS DISTINCT FROM OLD.role AND current_user IN ('authenticated', 'anon') THEN
    RAISE EXCEPTION 'You cannot change your role';
  END IF;
  RETURN NEW;
END;
$$;
CREATE TRIGGER keep_role BEFORE UPDATE ON public.profiles FOR EACH ROW EXECUTE FUNCTION public.keep_role();

CREATE OR REPLACE FUNCTION public.notify_expense() RETURNS TRIGGER LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
  INSERT INTO public.notifications (user_id, title)
  SELECT p.id, 'New expense: ' || NEW.description FROM public.profiles p
  WHERE p.company_id = NEW.company_id AND p.role = 'admin';
  RETURN NEW;
END;
$$;
CREATE TRIGGER notify_expense AFTER INSERT ON public.expenses FOR EACH ROW EXECUTE FUNCTION public.notify_expense();

-- RLS
ALTER TABLE public.companies ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.teams ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.profiles ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.team_members ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.team_goals ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.payslips ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.expenses ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.notifications ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.announcements ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.documents ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.activity_log ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.time_off ENABLE ROW LEVEL SECURITY;

CREATE POLICY "Users can view their company" ON public.companies FOR SELECT USING (id = get_my_company());
CREATE POLICY "Users can view company teams" ON public.teams FOR SELECT USING (company_id = get_my_company());
CREATE POLICY "Admins manage teams" ON public.teams FOR ALL
  USING (company_id = get_my_company() AND has_role(auth.uid(), 'admin'));
CREATE POLICY "Users can view colleagues" ON public.profiles FOR SELECT
  USING (id = auth.uid() OR company_id = get_my_company());
CREATE POLICY "Users can update own profile" ON public.profiles FOR UPDATE USING (auth.uid() = id);
CREATE POLICY "View team members" ON public.team_members FOR SELECT
  USING (team_id IN (SELECT id FROM teams WHERE company_id = get_my_company()));
CREATE POLICY "View team goals" ON public.team_goals FOR SELECT
  USING (team_id IN (SELECT team_id FROM profiles WHERE id = auth.uid()));
CREATE POLICY "Admins edit team goals" ON public.team_goals FOR UPDATE
  USING (team_id IN (SELECT t.id FROM teams t WHERE t.company_id = get_my_company()) AND has_role(auth.uid(), 'admin'));
CREATE POLICY "Own payslips" ON public.payslips FOR SELECT USING (employee_id = auth.uid());
CREATE POLICY "Admins see payslips" ON public.payslips FOR SELECT
  USING (company_id = get_my_company() AND has_role(auth.uid(), 'admin'));
CREATE POLICY "Admins delete payslips" ON public.payslips FOR DELETE USING (has_role(auth.uid(), 'admin'));
CREATE POLICY "Company expenses" ON public.expenses FOR SELECT USING (company_id = get_my_company());
CREATE POLICY "Create own expenses" ON public.expenses FOR INSERT
  WITH CHECK (company_id = get_my_company() AND employee_id = auth.uid());
CREATE POLICY "Own notifications" ON public.notifications FOR SELECT USING (user_id = auth.uid());
CREATE POLICY "Mark own notifications" ON public.notifications FOR UPDATE USING (user_id = auth.uid());
CREATE POLICY "System can insert notifications" ON public.notifications FOR INSERT WITH CHECK (true);
CREATE POLICY "Read announcements" ON public.announcements FOR SELECT TO authenticated
  USING (company_id IS NULL OR company_id = get_my_company());
CREATE POLICY "Admins announce" ON public.announcements FOR INSERT TO authenticated
  WITH CHECK (company_id = get_my_company() AND has_role(auth.uid(), 'admin'));
CREATE POLICY "Company documents" ON public.documents FOR SELECT USING (company_id = get_my_company() AND deleted_at IS NULL);
CREATE POLICY "Company writes documents" ON public.documents FOR INSERT WITH CHECK (company_id = get_my_company());
CREATE POLICY "Service role full access" ON public.activity_log FOR ALL USING (true) WITH CHECK (true);
CREATE POLICY "Own time off" ON public.time_off FOR ALL
  USING (employee_id = auth.uid()) WITH CHECK (employee_id = auth.uid() AND reviewer_id IS NULL);

-- Views
CREATE VIEW public.employee_directory AS
  SELECT id, full_name, email, role FROM public.profiles WHERE company_id = public.get_my_company();
CREATE VIEW public.expense_summary AS
  SELECT company_id, status, count(*) AS n, sum(amount) AS total FROM public.expenses GROUP BY company_id, status;

-- RPC
CREATE OR REPLACE FUNCTION public.set_expense_status(_expense_id UUID, _status TEXT) RETURNS public.expenses
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE e public.expenses;
BEGIN
  IF NOT has_role(auth.uid(), 'admin') THEN
    RAISE EXCEPTION 'Only admins can review expenses';
  END IF;
  UPDATE expenses SET status = _status WHERE id = _expense_id RETURNING * INTO e;
  RETURN e;
END;
$$;
CREATE OR REPLACE FUNCTION public.delete_expense(_expense_id UUID) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
  IF NOT has_role(auth.uid(), 'admin') THEN
    RAISE EXCEPTION 'Only admins can delete expenses';
  END IF;
  DELETE FROM expenses WHERE id = _expense_id AND company_id = get_my_company();
END;
$$;
CREATE OR REPLACE FUNCTION public.search_colleagues(q TEXT) RETURNS TABLE (id UUID, full_name TEXT)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT p.id, p.full_name FROM profiles p WHERE p.company_id = get_my_company() AND p.full_name ILIKE '%' || q || '%'
$$;
CREATE OR REPLACE FUNCTION public.get_shared_document(_token UUID) RETURNS TABLE (title TEXT, content TEXT)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT title, content FROM documents WHERE share_token = _token AND deleted_at IS NULL
$$;
