-- PocketLedger. No organisations: every row belongs to a user; budgets can be shared.

CREATE TABLE public.profiles (
  id uuid PRIMARY KEY REFERENCES auth.users ON DELETE CASCADE,
  email text,
  base_currency text NOT NULL DEFAULT 'EUR' CHECK (base_currency ~ '^[A-Z]{3}$'),
  is_admin boolean NOT NULL DEFAULT false
);
CREATE OR REPLACE FUNCTION public.on_signup() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path TO '' AS $function$
BEGIN
  INSERT INTO public.profiles (id, email) VALUES (NEW.id, NEW.email) ON CONFLICT (id) DO NOTHING;
  RETURN NEW;
END;
$function$;
CREATE TRIGGER on_signup AFTER INSERT ON auth.users FOR EACH ROW EXECUTE PROCEDURE public.on_signup();

CREATE TABLE public.bank_accounts (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  user_id uuid NOT NULL DEFAULT auth.uid() REFERENCES auth.users ON DELETE CASCADE,
  label text NOT NULL,
  balance numeric(14,2) NOT NULL DEFAULT 0,
  UNIQUE (user_id, label)
);
CREATE TABLE public.categories (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  user_id uuid REFERENCES auth.users ON DELETE CASCADE, -- NULL: built in
  name text NOT NULL,
  kind text NOT NULL DEFAULT 'expense' CHECK (kind IN ('expense','income'))
);
CREATE TABLE public.transactions (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  user_id uuid NOT NULL DEFAULT auth.uid() REFERENCES auth.users ON DELETE CASCADE,
  account_id uuid NOT NULL REFERENCES public.bank_accounts ON DELETE CASCADE,
  category_id bigint REFERENCES public.categories ON DELETE SET NULL,
  amount numeric(14,2) NOT NULL CHECK (amount <> 0),
  booked_on date NOT NULL DEFAULT current_date,
  memo text
);
CREATE TABLE public.goals (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  user_id uuid NOT NULL DEFAULT auth.uid() REFERENCES auth.users ON DELETE CASCADE,
  title text NOT NULL,
  target numeric(14,2) NOT NULL CHECK (target > 0)
);
CREATE TABLE public.budgets (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  owner_id uuid NOT NULL DEFAULT auth.uid() REFERENCES auth.users ON DELETE CASCADE,
  title text NOT NULL,
  monthly_limit numeric(14,2) NOT NULL CHECK (monthly_limit > 0)
);
CREATE TABLE public.budget_guests (
  budget_id uuid NOT NULL REFERENCES public.budgets ON DELETE CASCADE,
  email text NOT NULL CHECK (email = lower(email)),
  PRIMARY KEY (budget_id, email)
);
CREATE TABLE public.share_links (
  token text PRIMARY KEY DEFAULT replace(gen_random_uuid()::text, '-', ''),
  budget_id uuid NOT NULL REFERENCES public.budgets ON DELETE CASCADE,
  expires_at timestamptz NOT NULL DEFAULT now() + interval '30 days'
);
CREATE TABLE public.exchange_rates (
  base text NOT NULL CHECK (base ~ '^[A-Z]{3}$'),
  quote text NOT NULL CHECK (quote ~ '^[A-Z]{3}$'),
  day date NOT NULL,
  rate numeric(18,8) NOT NULL CHECK (rate > 0),
  PRIMARY KEY (base, quote, day)
);
CREATE TABLE public.support_tickets (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  user_id uuid NOT NULL DEFAULT auth.uid() REFERENCES auth.users ON DELETE CASCADE,
  question text NOT NULL,
  answer text
);

CREATE OR REPLACE FUNCTION public.is_admin() RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path TO '' AS $function$
  SELECT coalesce((SELECT p.is_admin FROM public.profiles p WHERE p.id = auth.uid()), false)
$function$;
CREATE OR REPLACE FUNCTION public.owns_budget(b uuid) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path TO '' AS $function$
  SELECT EXISTS (SELECT 1 FROM public.budgets x WHERE x.id = b AND x.owner_id = auth.uid())
$function$;
CREATE OR REPLACE FUNCTION public.is_guest(b uuid) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path TO '' AS $function$
  SELECT EXISTS (SELECT 1 FROM public.budget_guests g JOIN auth.users u ON lower(u.email) = g.email
                 WHERE g.budget_id = b AND u.id = auth.uid() AND u.email_confirmed_at IS NOT NULL)
$function$;

CREATE OR REPLACE FUNCTION public.apply_transaction() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path TO '' AS $function$
BEGIN
  UPDATE public.bank_accounts SET balance = balance + NEW.amount WHERE id = NEW.account_id;
  RETURN NULL;
END;
$function$;
CREATE TRIGGER apply_transaction AFTER INSERT ON public.transactions FOR EACH ROW EXECUTE FUNCTION public.apply_transaction();

CREATE OR REPLACE FUNCTION public.net_worth(p_user uuid DEFAULT auth.uid()) RETURNS numeric LANGUAGE sql STABLE SECURITY DEFINER SET search_path TO '' AS $function$
  SELECT coalesce(sum(a.balance), 0) FROM public.bank_accounts a WHERE a.user_id = p_user
$function$;
CREATE OR REPLACE FUNCTION public.my_net_worth() RETURNS numeric LANGUAGE sql STABLE SECURITY DEFINER SET search_path TO '' AS $function$
  SELECT coalesce(sum(a.balance), 0) FROM public.bank_accounts a WHERE a.user_id = auth.uid()
$function$;
CREATE OR REPLACE FUNCTION public.merge_categories(p_from bigint, p_to bigint) RETURNS integer LANGUAGE plpgsql SET search_path TO '' AS $function$
DECLARE
  n integer;
BEGIN
  UPDATE public.transactions SET category_id = p_to WHERE category_id = p_from AND user_id = auth.uid();
  GET DIAGNOSTICS n = ROW_COUNT;
  RETURN n;
END;
$function$;
-- wipe my data, asked for by the data protection officer
CREATE OR REPLACE FUNCTION public.forget_me(p_confirm text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path TO '' AS $function$
BEGIN
  IF p_confirm IS DISTINCT FROM 'forget me' THEN
    RAISE EXCEPTION 'type: forget me';
  END IF;
  DELETE FROM public.bank_accounts WHERE user_id = auth.uid();
  DELETE FROM public.goals WHERE user_id = auth.uid();
  DELETE FROM public.budgets WHERE owner_id = auth.uid();
END;
$function$;

ALTER TABLE public.profiles ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.bank_accounts ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.categories ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.transactions ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.goals ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.budgets ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.budget_guests ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.share_links ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.exchange_rates ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.support_tickets ENABLE ROW LEVEL SECURITY;

CREATE POLICY "Enable read for users based on id" ON public.profiles AS PERMISSIVE FOR SELECT TO public USING ((auth.uid() = id));
CREATE POLICY "Enable update for users based on id" ON public.profiles AS PERMISSIVE FOR UPDATE TO public USING ((auth.uid() = id)) WITH CHECK ((auth.uid() = id));
CREATE POLICY "Enable all for users based on user_id" ON public.bank_accounts AS PERMISSIVE FOR ALL TO public USING ((auth.uid() = user_id)) WITH CHECK ((auth.uid() = user_id));
CREATE POLICY "Read own and built in" ON public.categories AS PERMISSIVE FOR SELECT TO authenticated USING (((user_id = auth.uid()) OR (user_id IS NULL)));
CREATE POLICY "Add own" ON public.categories AS PERMISSIVE FOR INSERT TO authenticated WITH CHECK ((user_id = auth.uid()));
CREATE POLICY "Delete own" ON public.categories AS PERMISSIVE FOR DELETE TO authenticated USING (((user_id = auth.uid()) OR (user_id IS NULL)));
CREATE POLICY "Enable all for users based on user_id" ON public.transactions AS PERMISSIVE FOR ALL TO public USING ((auth.uid() = user_id)) WITH CHECK ((auth.uid() = user_id));
CREATE POLICY "Read own goals" ON public.goals AS PERMISSIVE FOR SELECT TO authenticated USING ((auth.uid() = user_id));
CREATE POLICY "Add own goals" ON public.goals AS PERMISSIVE FOR INSERT TO authenticated WITH CHECK ((auth.uid() = user_id));
CREATE POLICY "Update own goals" ON public.goals AS PERMISSIVE FOR UPDATE TO authenticated USING ((auth.uid() = user_id)) WITH CHECK (true);
CREATE POLICY "Owner manages budget" ON public.budgets AS PERMISSIVE FOR ALL TO authenticated USING ((owner_id = auth.uid())) WITH CHECK ((owner_id = auth.uid()));
CREATE POLICY "Guest reads budget" ON public.budgets AS PERMISSIVE FOR SELECT TO authenticated USING (public.is_guest(id));
CREATE POLICY "Owner manages guests" ON public.budget_guests AS PERMISSIVE FOR ALL TO authenticated USING (public.owns_budget(budget_id)) WITH CHECK (public.owns_budget(budget_id));
CREATE POLICY "Owner makes links" ON public.share_links AS PERMISSIVE FOR INSERT TO authenticated WITH CHECK (public.owns_budget(budget_id));
CREATE POLICY "Links can be opened" ON public.share_links AS PERMISSIVE FOR SELECT TO anon, authenticated USING ((expires_at > now()));
CREATE POLICY "Rates are readable" ON public.exchange_rates AS PERMISSIVE FOR SELECT TO anon, authenticated USING (true);
CREATE POLICY "Rates are filled by the app" ON public.exchange_rates AS PERMISSIVE FOR INSERT TO authenticated WITH CHECK (true);
CREATE POLICY "Own questions, or all for admins" ON public.support_tickets AS PERMISSIVE FOR SELECT TO authenticated USING (((user_id = auth.uid()) OR public.is_admin()));
CREATE POLICY "Ask" ON public.support_tickets AS PERMISSIVE FOR INSERT TO authenticated WITH CHECK (((user_id = auth.uid()) AND (answer IS NULL)));
CREATE POLICY "Admins answer" ON public.support_tickets AS PERMISSIVE FOR UPDATE TO authenticated USING (public.is_admin());

CREATE VIEW public.monthly_spend AS
  SELECT t.user_id, date_trunc('month', t.booked_on::timestamp)::date AS month, sum(-t.amount) AS spent
  FROM public.transactions t WHERE t.amount < 0 GROUP BY 1, 2;
CREATE VIEW public.my_accounts WITH (security_invoker = on) AS SELECT id, label, balance FROM public.bank_accounts;

GRANT SELECT, UPDATE ON public.profiles TO authenticated;
GRANT SELECT, INSERT, UPDATE, DELETE ON public.bank_accounts, public.transactions, public.budgets, public.budget_guests TO authenticated;
GRANT SELECT, INSERT, DELETE ON public.categories TO authenticated;
GRANT SELECT, INSERT, UPDATE ON public.goals, public.support_tickets TO authenticated;
GRANT SELECT, INSERT ON public.share_links, public.exchange_rates TO authenticated;
GRANT SELECT ON public.share_links, public.exchange_rates TO anon;
GRANT SELECT ON public.monthly_spend, public.my_accounts TO authenticated;
REVOKE EXECUTE ON FUNCTION public.net_worth(uuid), public.my_net_worth(), public.merge_categories(bigint, bigint), public.forget_me(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public.net_worth(uuid), public.my_net_worth(), public.merge_categories(bigint, bigint), public.forget_me(text) TO authenticated;

INSERT INTO public.categories (name, kind) VALUES ('Rent', 'expense'), ('Food', 'expense'), ('Salary', 'income');
INSERT INTO public.exchange_rates VALUES ('EUR', 'USD', '2026-01-02', 1.08);
