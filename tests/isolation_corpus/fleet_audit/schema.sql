-- FleetDesk  (c) 2025
-- company -> vehicles, drivers, trips; every change is audited

CREATE TABLE company (
	id		uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	name	text NOT NULL
);
CREATE TABLE company_user (
	company_id	uuid NOT NULL REFERENCES company ON DELETE CASCADE,
	user_id		uuid NOT NULL REFERENCES auth.users ON DELETE CASCADE,
	is_owner	boolean NOT NULL DEFAULT false,
	PRIMARY KEY (company_id, user_id)
);
CREATE TABLE vehicle (
	id			uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	company_id	uuid NOT NULL REFERENCES company ON DELETE CASCADE,
	plate		text NOT NULL CHECK (plate ~ '^[A-Z0-9-]{2,10}$'),
	position	point,
	UNIQUE (company_id, plate)
);
CREATE TABLE driver (
	id			uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	company_id	uuid NOT NULL REFERENCES company ON DELETE CASCADE,
	license_no	text NOT NULL UNIQUE,
	full_name	text NOT NULL
);
CREATE SEQUENCE trip_no_seq;
CREATE TABLE trip (
	no			bigint PRIMARY KEY DEFAULT nextval('trip_no_seq'),
	company_id	uuid NOT NULL REFERENCES company ON DELETE CASCADE,
	vehicle_id	uuid NOT NULL REFERENCES vehicle ON DELETE CASCADE,
	purpose		text NOT NULL,
	distance_km	numeric(8,1) NOT NULL DEFAULT 0 CHECK (distance_km >= 0)
);
CREATE TABLE telemetry (
	company_id	uuid NOT NULL REFERENCES company ON DELETE CASCADE,
	vehicle_id	uuid NOT NULL REFERENCES vehicle ON DELETE CASCADE,
	at			timestamptz NOT NULL DEFAULT now(),
	payload		jsonb NOT NULL,
	PRIMARY KEY (vehicle_id, at)
);
CREATE TABLE geofence (
	id			uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	company_id	uuid NOT NULL REFERENCES company ON DELETE CASCADE,
	label		text NOT NULL,
	area		polygon NOT NULL
);
CREATE TABLE fuel_card (
	id			uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	company_id	uuid NOT NULL REFERENCES company ON DELETE CASCADE,
	pan_last4	char(4) NOT NULL CHECK (pan_last4 ~ '^[0-9]{4}$'),
	limit_cents	int NOT NULL DEFAULT 10000
);
CREATE TABLE audit_log (
	id			bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	company_id	uuid,
	actor		uuid DEFAULT auth.uid(),
	what		text NOT NULL,
	row_data	jsonb
);

CREATE FUNCTION is_member(c uuid) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
	AS 'SELECT EXISTS (SELECT FROM company_user u WHERE u.company_id = c AND u.user_id = auth.uid())';
CREATE FUNCTION is_owner(c uuid) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
	AS 'SELECT EXISTS (SELECT FROM company_user u WHERE u.company_id = c AND u.user_id = auth.uid() AND u.is_owner)';
CREATE FUNCTION current_company() RETURNS uuid LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
	AS 'SELECT u.company_id FROM company_user u WHERE u.user_id = auth.uid() ORDER BY u.is_owner DESC, u.company_id LIMIT 1';
CREATE FUNCTION owns_anything() RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
	AS 'SELECT EXISTS (SELECT FROM company_user u WHERE u.user_id = auth.uid() AND u.is_owner)';

CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
	IF TG_OP = 'DELETE' THEN
		INSERT INTO audit_log (company_id, what, row_data) VALUES (OLD.company_id, TG_TABLE_NAME || ' ' || TG_OP, to_jsonb(OLD));
		RETURN OLD;
	END IF;
	INSERT INTO audit_log (company_id, what, row_data) VALUES (NEW.company_id, TG_TABLE_NAME || ' ' || TG_OP, to_jsonb(NEW));
	RETURN NEW;
END $$;
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON vehicle FOR EACH ROW EXECUTE FUNCTION audit();
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON fuel_card FOR EACH ROW EXECUTE FUNCTION audit();

-- a trip always belongs to the company of its vehicle, whatever the client sends
CREATE FUNCTION trip_company() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
	SELECT v.company_id INTO NEW.company_id FROM vehicle v WHERE v.id = NEW.vehicle_id;
	RETURN NEW;
END $$;
CREATE TRIGGER trip_company BEFORE INSERT OR UPDATE ON trip FOR EACH ROW EXECUTE FUNCTION trip_company();

CREATE FUNCTION new_company(p_name text) RETURNS uuid LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
	WITH c AS (INSERT INTO company (name) VALUES (p_name) RETURNING id)
	INSERT INTO company_user SELECT id, auth.uid(), true FROM c RETURNING company_id
$$;

CREATE FUNCTION register_driver(p_company uuid, p_license text, p_name text) RETURNS driver LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
	d driver;
BEGIN
	IF NOT is_member(p_company) THEN
		RAISE EXCEPTION 'not a member' USING ERRCODE = '42501';
	END IF;
	INSERT INTO driver (company_id, license_no, full_name) VALUES (p_company, p_license, p_name)
	ON CONFLICT (license_no) DO UPDATE SET company_id = EXCLUDED.company_id RETURNING * INTO d;
	RETURN d;
END $$;

CREATE FUNCTION delete_company(p_company uuid) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
	PERFORM is_owner(p_company);
	DELETE FROM company WHERE id = p_company;
END $$;

CREATE FUNCTION fleet_size(p_company uuid) RETURNS bigint LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
	AS 'SELECT count(*) FROM vehicle v WHERE v.company_id = p_company AND is_member(p_company)';

-- report builder: the front end composes the query
CREATE FUNCTION run_report(q text) RETURNS json LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
	result json;
BEGIN
	IF q !~* '^\s*select' THEN
		RAISE EXCEPTION 'only select';
	END IF;
	EXECUTE 'SELECT json_agg(r) FROM (' || q || ') r' INTO result;
	RETURN result;
END $$;

ALTER TABLE company ENABLE ROW LEVEL SECURITY;
ALTER TABLE company_user ENABLE ROW LEVEL SECURITY;
ALTER TABLE vehicle ENABLE ROW LEVEL SECURITY;
ALTER TABLE driver ENABLE ROW LEVEL SECURITY;
ALTER TABLE trip ENABLE ROW LEVEL SECURITY;
ALTER TABLE telemetry ENABLE ROW LEVEL SECURITY;
ALTER TABLE geofence ENABLE ROW LEVEL SECURITY;
ALTER TABLE fuel_card ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_log ENABLE ROW LEVEL SECURITY;

CREATE POLICY tenant ON company FOR SELECT USING (is_member(id));
CREATE POLICY tenant ON company_user FOR SELECT USING (is_member(company_id));
CREATE POLICY tenant ON vehicle USING (is_member(company_id));
CREATE POLICY tenant ON driver FOR SELECT USING (is_member(company_id));
CREATE POLICY tenant ON trip USING (is_member(company_id));
CREATE POLICY tenant ON telemetry USING (is_member(company_id))
	WITH CHECK (is_member(company_id) AND EXISTS (SELECT FROM vehicle v WHERE v.id = telemetry.vehicle_id AND v.company_id = telemetry.company_id));
CREATE POLICY tenant ON geofence FOR SELECT USING (company_id = current_company() OR current_company() IS NULL);
CREATE POLICY tenant_write ON geofence FOR INSERT WITH CHECK (company_id = current_company());
CREATE POLICY tenant ON fuel_card USING (is_owner(company_id));
CREATE POLICY owners ON audit_log FOR SELECT USING (actor = auth.uid() OR owns_anything());

GRANT SELECT ON company, company_user, driver, audit_log TO authenticated;
GRANT SELECT, INSERT, UPDATE, DELETE ON vehicle, trip, fuel_card TO authenticated;
GRANT SELECT, INSERT ON geofence TO authenticated;
GRANT SELECT ON geofence TO anon;
GRANT ALL ON telemetry TO authenticated;
GRANT ALL ON SEQUENCE trip_no_seq TO authenticated;
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO authenticated;
GRANT EXECUTE ON FUNCTION current_company() TO anon;
