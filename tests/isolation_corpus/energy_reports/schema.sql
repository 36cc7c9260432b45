-- Energy management for buildings. Tables are fed by dbt/airbyte, the app reads views and calls reports.
CREATE SCHEMA reporting;

CREATE TABLE clients (
    client_id bigserial PRIMARY KEY,
    client_name varchar(120) NOT NULL,
    contract_no varchar(20) NOT NULL,
    is_active boolean NOT NULL DEFAULT true
);
CREATE TABLE client_users (
    id bigserial PRIMARY KEY,
    client_id bigint NOT NULL REFERENCES clients (client_id),
    auth_id uuid NOT NULL REFERENCES auth.users (id) ON DELETE CASCADE,
    access varchar(10) NOT NULL DEFAULT 'read' CHECK (access IN ('read', 'write', 'admin')),
    UNIQUE (client_id, auth_id)
);
CREATE TABLE sites (
    site_id bigserial PRIMARY KEY,
    client_id bigint NOT NULL REFERENCES clients (client_id),
    site_name varchar(80) NOT NULL,
    floor_area numeric(10, 1) CHECK (floor_area > 0),
    city varchar(60)
);
CREATE TABLE meters (
    meter_id bigserial PRIMARY KEY,
    site_id bigint NOT NULL REFERENCES sites (site_id),
    medium varchar(8) NOT NULL DEFAULT 'power' CHECK (medium IN ('power', 'gas', 'water')),
    serial varchar(40) NOT NULL
);
CREATE TABLE readings (
    meter_id bigint NOT NULL REFERENCES meters (meter_id),
    read_at timestamptz NOT NULL,
    kwh numeric(14, 3) NOT NULL CHECK (kwh >= 0),
    PRIMARY KEY (meter_id, read_at)
);
CREATE TABLE tariffs (
    tariff_id serial PRIMARY KEY,
    medium varchar(8) NOT NULL,
    cents_per_kwh numeric(8, 4) NOT NULL
);
CREATE TABLE alert_rules (
    rule_id bigserial PRIMARY KEY,
    client_id bigint REFERENCES clients (client_id),  -- empty: a rule of ours for everybody
    rule_name varchar(80) NOT NULL,
    threshold numeric NOT NULL DEFAULT 100,
    recipients text[] NOT NULL DEFAULT '{}'
);
CREATE TABLE cost_centers (
    cost_center_id bigserial PRIMARY KEY,
    client_id bigint NOT NULL REFERENCES clients (client_id),
    label varchar(40) NOT NULL,
    budget numeric(12, 2)
);
CREATE TABLE saved_reports (
    report_id bigserial PRIMARY KEY,
    client_id bigint NOT NULL REFERENCES clients (client_id),
    title varchar(80) NOT NULL,
    columns text[] NOT NULL DEFAULT '{kwh}',
    created_by uuid NOT NULL DEFAULT auth.uid()
);
CREATE TABLE consumption_certificates (
    certificate_no bigserial PRIMARY KEY,
    client_id bigint NOT NULL REFERENCES clients (client_id),
    year int NOT NULL CHECK (year BETWEEN 2000 AND 2100),
    total_kwh numeric NOT NULL DEFAULT 0
);

CREATE FUNCTION my_clients() RETURNS SETOF bigint LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS
$$ SELECT client_id FROM client_users WHERE auth_id = auth.uid() $$;
CREATE FUNCTION my_sites() RETURNS bigint[] LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS
$$ SELECT coalesce(array_agg(site_id), '{}') FROM sites WHERE client_id IN (SELECT my_clients()) $$;
CREATE FUNCTION can_write(p_client bigint) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS
$$ SELECT EXISTS (SELECT 1 FROM client_users WHERE auth_id = auth.uid() AND client_id = p_client AND access <> 'read') $$;

ALTER TABLE clients ENABLE ROW LEVEL SECURITY;
ALTER TABLE client_users ENABLE ROW LEVEL SECURITY;
ALTER TABLE sites ENABLE ROW LEVEL SECURITY;
ALTER TABLE meters ENABLE ROW LEVEL SECURITY;
ALTER TABLE readings ENABLE ROW LEVEL SECURITY;
ALTER TABLE tariffs ENABLE ROW LEVEL SECURITY;
ALTER TABLE alert_rules ENABLE ROW LEVEL SECURITY;
ALTER TABLE cost_centers ENABLE ROW LEVEL SECURITY;
ALTER TABLE saved_reports ENABLE ROW LEVEL SECURITY;
ALTER TABLE consumption_certificates ENABLE ROW LEVEL SECURITY;

CREATE POLICY sel ON clients FOR SELECT TO authenticated USING (client_id IN (SELECT my_clients()));
CREATE POLICY sel ON client_users FOR SELECT TO authenticated USING (client_id IN (SELECT my_clients()));
CREATE POLICY sel ON sites FOR SELECT TO authenticated USING (client_id IN (SELECT my_clients()));
CREATE POLICY upd ON sites FOR UPDATE TO authenticated USING (can_write(client_id)) WITH CHECK (can_write(client_id));
CREATE POLICY sel ON meters FOR SELECT TO authenticated USING (site_id = ANY (my_sites()));
CREATE POLICY sel ON readings FOR SELECT TO authenticated USING (EXISTS (SELECT 1 FROM meters m WHERE m.meter_id = readings.meter_id));
CREATE POLICY sel ON tariffs FOR SELECT TO authenticated USING (true);
CREATE POLICY sel ON alert_rules FOR SELECT TO authenticated USING (client_id IS NULL OR client_id IN (SELECT my_clients()));
CREATE POLICY ins ON alert_rules FOR INSERT TO authenticated WITH CHECK (client_id IS NULL OR can_write(client_id));
CREATE POLICY del ON alert_rules FOR DELETE TO authenticated USING (can_write(client_id));
CREATE POLICY sel ON cost_centers FOR SELECT TO authenticated USING (client_id IN (SELECT my_clients()));
CREATE POLICY ins ON cost_centers FOR INSERT TO authenticated WITH CHECK (can_write(client_id));
CREATE POLICY upd ON cost_centers FOR UPDATE TO authenticated USING (can_write(client_id)) WITH CHECK (can_write(client_id));
CREATE POLICY sel ON saved_reports FOR SELECT TO authenticated USING (client_id IN (SELECT my_clients()));
CREATE POLICY ins ON saved_reports FOR INSERT TO authenticated WITH CHECK (client_id IN (SELECT my_clients()) AND created_by = auth.uid());
CREATE POLICY del ON saved_reports FOR DELETE TO authenticated USING (created_by = auth.uid() AND client_id IN (SELECT my_clients()));
CREATE POLICY sel ON consumption_certificates FOR SELECT TO authenticated USING (client_id IN (SELECT my_clients()));
CREATE POLICY ins ON consumption_certificates FOR INSERT TO authenticated WITH CHECK (can_write(client_id));

-- views of the dashboard
CREATE VIEW reporting.site_kpis WITH (security_invoker = true) AS
    SELECT s.site_id, s.site_name, sum(r.kwh) AS kwh, sum(r.kwh) / nullif(s.floor_area, 0) AS kwh_per_m2
    FROM public.sites s JOIN public.meters m USING (site_id) JOIN public.readings r USING (meter_id) GROUP BY s.site_id;
CREATE VIEW reporting.my_costs AS
    SELECT c.cost_center_id, c.client_id, c.label, c.budget FROM public.cost_centers c
    WHERE c.client_id IN (SELECT public.my_clients());
-- benchmark: where do we stand among all
CREATE VIEW reporting.city_benchmark AS
    SELECT s.city, s.site_name, avg(r.kwh) AS avg_kwh, count(*) AS n
    FROM public.sites s JOIN public.meters m USING (site_id) JOIN public.readings r USING (meter_id) GROUP BY s.city, s.site_name;
CREATE MATERIALIZED VIEW reporting.monthly_usage AS
    SELECT s.client_id, s.site_id, m.medium, date_trunc('month', r.read_at) AS month, sum(r.kwh) AS kwh
    FROM public.readings r JOIN public.meters m USING (meter_id) JOIN public.sites s USING (site_id) GROUP BY 1, 2, 3, 4;
CREATE UNIQUE INDEX ON reporting.monthly_usage (client_id, site_id, medium, month);

-- reports
CREATE FUNCTION reporting.export_table(p_table text, p_client bigint) RETURNS jsonb LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v jsonb;
BEGIN
    IF p_table NOT IN ('sites', 'cost_centers', 'saved_reports') THEN RAISE EXCEPTION 'unknown table %', p_table; END IF;
    IF p_client NOT IN (SELECT my_clients()) THEN RAISE EXCEPTION 'no access' USING ERRCODE = '42501'; END IF;
    EXECUTE format('SELECT jsonb_agg(to_jsonb(t)) FROM public.%I t WHERE client_id = $1', p_table) INTO v USING p_client;
    RETURN v;
END $$;
CREATE FUNCTION reporting.usage_report(p_group text, p_site bigint DEFAULT NULL) RETURNS TABLE (label text, kwh numeric)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF p_group NOT IN ('medium', 'serial') THEN RAISE EXCEPTION 'group by medium or serial'; END IF;
    RETURN QUERY EXECUTE format(
        'SELECT m.%I::text, sum(r.kwh) FROM readings r JOIN meters m USING (meter_id) WHERE m.site_id = ANY (my_sites()) AND ($1 IS NULL OR m.site_id = $1) GROUP BY 1', p_group)
        USING p_site;
END $$;
-- filters come from the query builder
CREATE FUNCTION reporting.readings_where(p_filter text DEFAULT 'true') RETURNS TABLE (serial varchar, read_at timestamptz, kwh numeric)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN QUERY EXECUTE
        'SELECT m.serial, r.read_at, r.kwh FROM readings r JOIN meters m USING (meter_id) WHERE m.site_id = ANY (my_sites()) AND ' || p_filter;
END $$;
CREATE FUNCTION reporting.compare_sites(p_sites bigint[]) RETURNS TABLE (site varchar, kwh numeric)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT s.site_name, sum(r.kwh) FROM sites s JOIN meters m USING (site_id) JOIN readings r USING (meter_id)
    WHERE s.site_id = ANY (p_sites) AND my_sites() && p_sites GROUP BY s.site_id
$$;
CREATE FUNCTION reporting.invoice_estimate(p_site bigint, p_medium text DEFAULT 'power') RETURNS numeric LANGUAGE sql STABLE AS $$
    SELECT sum(r.kwh) * max(t.cents_per_kwh) / 100 FROM public.readings r JOIN public.meters m USING (meter_id)
    JOIN public.tariffs t ON t.medium = m.medium WHERE m.site_id = p_site AND m.medium = p_medium
$$;
CREATE FUNCTION reporting.rename_cost_center(p_id bigint, p_label text) RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    c cost_centers;
BEGIN
    UPDATE cost_centers SET label = p_label WHERE cost_center_id = p_id RETURNING * INTO c;
    IF c.cost_center_id IS NULL OR NOT can_write(c.client_id) THEN
        RAISE EXCEPTION 'no such cost center' USING ERRCODE = 'P0002';  -- undoes the update, too
    END IF;
    RETURN c.label;
END $$;
CREATE FUNCTION reporting.refresh_usage() RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS
$$ REFRESH MATERIALIZED VIEW reporting.monthly_usage $$;

GRANT USAGE ON SCHEMA reporting TO authenticated;
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA public, reporting FROM PUBLIC;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public, reporting TO authenticated;
REVOKE EXECUTE ON FUNCTION reporting.refresh_usage() FROM authenticated;
GRANT SELECT ON ALL TABLES IN SCHEMA public, reporting TO authenticated;
GRANT UPDATE (site_name, floor_area, city) ON sites TO authenticated;
GRANT INSERT, DELETE ON alert_rules, saved_reports TO authenticated;
GRANT INSERT, UPDATE ON cost_centers TO authenticated;
GRANT INSERT ON consumption_certificates TO authenticated;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO authenticated;
GRANT UPDATE ON SEQUENCE consumption_certificates_certificate_no_seq TO authenticated;

INSERT INTO tariffs (medium, cents_per_kwh) VALUES ('power', 31.5), ('gas', 11.2);
