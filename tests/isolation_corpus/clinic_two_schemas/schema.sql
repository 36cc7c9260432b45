-- Practice management: `practice` holds who works where, `clinical` the medical record, `public` what the front end reads.
-- Exposed to the API: public, practice, clinical. Never exposed: internal.

CREATE SCHEMA practice;
CREATE SCHEMA clinical;
CREATE SCHEMA internal;
GRANT USAGE ON SCHEMA practice, clinical, internal TO authenticated, service_role;

CREATE TYPE practice.staff_role AS ENUM ('doctor', 'nurse', 'front_desk', 'manager');
CREATE DOMAIN clinical.icd10 AS text CHECK (VALUE ~ '^[A-Z][0-9]{2}(\.[0-9]{1,2})?$');

CREATE TABLE practice.practices (
  practice_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  legal_name  text NOT NULL,
  time_zone   text NOT NULL DEFAULT 'Europe/Paris'
);

CREATE TABLE practice.staff (
  staff_id    uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  practice_id uuid NOT NULL REFERENCES practice.practices ON DELETE CASCADE,
  user_id     uuid NOT NULL REFERENCES auth.users (id) ON DELETE CASCADE,
  role        practice.staff_role NOT NULL,
  active      boolean NOT NULL DEFAULT true,
  UNIQUE (practice_id, user_id)
);

CREATE TABLE clinical.patients (
  patient_id  uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  practice_id uuid NOT NULL REFERENCES practice.practices ON DELETE CASCADE,
  family_name text NOT NULL,
  given_name  text NOT NULL,
  born_on     date NOT NULL CHECK (born_on > '1890-01-01'),
  insurance   jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(insurance) = 'object')
);

CREATE TABLE clinical.records (
  record_id   uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  practice_id uuid NOT NULL REFERENCES practice.practices ON DELETE CASCADE,
  patient_id  uuid NOT NULL REFERENCES clinical.patients ON DELETE CASCADE,
  code        clinical.icd10,
  note        text NOT NULL,
  draft       boolean NOT NULL DEFAULT true,
  written_by  uuid NOT NULL DEFAULT auth.uid(),
  written_at  timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE clinical.vitals (
  patient_id uuid NOT NULL REFERENCES clinical.patients ON DELETE CASCADE,
  taken_at   timestamptz NOT NULL DEFAULT now(),
  systolic   int4range NOT NULL,
  pulse      int CHECK (pulse BETWEEN 20 AND 300),
  remark     text,
  PRIMARY KEY (patient_id, taken_at)
);

CREATE TABLE clinical.appointments (
  appointment_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  practice_id    uuid NOT NULL REFERENCES practice.practices ON DELETE CASCADE,
  patient_id     uuid NOT NULL REFERENCES clinical.patients ON DELETE CASCADE,
  room           int NOT NULL CHECK (room BETWEEN 1 AND 50),
  during         tstzrange NOT NULL CHECK (NOT isempty(during) AND lower(during) IS NOT NULL),
  EXCLUDE USING gist (int4range(room, room, '[]') WITH &&, during WITH &&)
);

CREATE TABLE clinical.access_log (
  entry_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  patient_id uuid NOT NULL REFERENCES clinical.patients ON DELETE CASCADE,
  user_id    uuid NOT NULL DEFAULT auth.uid(),
  at         timestamptz NOT NULL DEFAULT now(),
  reason     text NOT NULL
);

CREATE TABLE public.medication_catalogue (
  atc  text PRIMARY KEY CHECK (atc ~ '^[A-Z][0-9]{2}[A-Z]{2}[0-9]{2}$'),
  name text NOT NULL
);
INSERT INTO public.medication_catalogue VALUES ('N02BE01', 'paracetamol'), ('C09AA05', 'ramipril');

-- who is asking ---------------------------------------------------------------------------------

CREATE FUNCTION internal.my_practices() RETURNS uuid[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS
$$ SELECT coalesce(array_agg(s.practice_id), '{}') FROM practice.staff s WHERE s.user_id = (SELECT auth.uid()) AND s.active $$;

CREATE FUNCTION internal.is_staff(p_practice uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS
$$ SELECT p_practice = ANY (internal.my_practices()) $$;

CREATE FUNCTION internal.is_manager(p_practice uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS
$$ SELECT EXISTS (SELECT FROM practice.staff s WHERE s.practice_id = p_practice AND s.user_id = (SELECT auth.uid()) AND s.active AND s.role = 'manager') $$;

-- row level security ----------------------------------------------------------------------------

ALTER TABLE practice.practices ENABLE ROW LEVEL SECURITY;
ALTER TABLE practice.staff ENABLE ROW LEVEL SECURITY;
ALTER TABLE clinical.patients ENABLE ROW LEVEL SECURITY;
ALTER TABLE clinical.records ENABLE ROW LEVEL SECURITY;
ALTER TABLE clinical.appointments ENABLE ROW LEVEL SECURITY;
ALTER TABLE clinical.access_log ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.medication_catalogue ENABLE ROW LEVEL SECURITY;

CREATE POLICY own ON practice.practices FOR SELECT TO authenticated USING (internal.is_staff(practice_id));
CREATE POLICY own ON practice.staff FOR SELECT TO authenticated USING (internal.is_staff(practice_id));
CREATE POLICY own ON clinical.patients FOR ALL TO authenticated USING (internal.is_staff(practice_id)) WITH CHECK (internal.is_staff(practice_id));
CREATE POLICY own ON clinical.records FOR SELECT TO authenticated USING (internal.is_staff(practice_id));
CREATE POLICY write ON clinical.records FOR INSERT TO authenticated
  WITH CHECK (internal.is_staff(practice_id) AND written_by = auth.uid()
              AND EXISTS (SELECT FROM clinical.patients p WHERE p.patient_id = records.patient_id AND p.practice_id = records.practice_id));
CREATE POLICY own ON clinical.appointments FOR ALL TO authenticated
  USING (internal.is_staff(practice_id))
  WITH CHECK (internal.is_staff(practice_id)
              AND EXISTS (SELECT FROM clinical.patients p WHERE p.patient_id = appointments.patient_id AND p.practice_id = appointments.practice_id));
CREATE POLICY own ON clinical.access_log FOR SELECT TO authenticated
  USING (EXISTS (SELECT FROM clinical.patients p WHERE p.patient_id = access_log.patient_id));
CREATE POLICY append ON clinical.access_log FOR INSERT TO authenticated WITH CHECK (true);
CREATE POLICY everyone ON public.medication_catalogue FOR SELECT TO authenticated USING (true);

-- API -------------------------------------------------------------------------------------------

CREATE FUNCTION practice.open_practice(p_name text) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE v_id uuid;
BEGIN
  IF auth.uid() IS NULL THEN RAISE EXCEPTION USING errcode = '28000', message = 'not signed in'; END IF;
  INSERT INTO practice.practices (legal_name) VALUES (p_name) RETURNING practice_id INTO v_id;
  INSERT INTO practice.staff (practice_id, user_id, role) VALUES (v_id, auth.uid(), 'manager');
  RETURN v_id;
END $$;

CREATE FUNCTION practice.add_staff(p_practice uuid, p_user uuid, p_role practice.staff_role) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE v_id uuid;
BEGIN
  IF NOT EXISTS (SELECT FROM practice.staff s WHERE s.user_id = auth.uid() AND s.role = 'manager' AND s.active) THEN
    RAISE EXCEPTION USING errcode = '42501', message = 'managers only';
  END IF;
  INSERT INTO practice.staff (practice_id, user_id, role) VALUES (p_practice, p_user, p_role) RETURNING staff_id INTO v_id;
  RETURN v_id;
END $$;

CREATE FUNCTION practice.deactivate_staff(p_staff uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
  UPDATE practice.staff s SET active = false WHERE s.staff_id = p_staff AND internal.is_manager(s.practice_id) AND s.user_id <> auth.uid();
  IF NOT FOUND THEN RAISE EXCEPTION USING errcode = 'P0002', message = 'no such colleague'; END IF;
END $$;

-- {"practice": …, "name": …}
CREATE FUNCTION clinical.find_patients(filter jsonb) RETURNS SETOF clinical.patients
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
  SELECT p.* FROM clinical.patients p
  WHERE p.practice_id = (filter ->> 'practice')::uuid
    AND (filter ->> 'name' IS NULL OR p.family_name ILIKE (filter ->> 'name') || '%')
$$;

CREATE FUNCTION clinical.patient_summary(p_patient uuid) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
  SELECT jsonb_build_object('name', p.family_name || ', ' || p.given_name, 'records', (
           SELECT count(*) FROM clinical.records r WHERE r.patient_id = p.patient_id))
  FROM clinical.patients p WHERE p.patient_id = p_patient AND internal.is_staff(p.practice_id)
$$;

CREATE FUNCTION clinical.set_diagnosis(p_record uuid, p_code text, p_note text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE v_practice uuid;
BEGIN
  UPDATE clinical.records SET code = p_code, note = p_note WHERE record_id = p_record RETURNING practice_id INTO v_practice;
  IF v_practice IS NULL OR NOT internal.is_staff(v_practice) THEN
    RAISE EXCEPTION USING errcode = '42501', message = 'no such record';
  END IF;
END $$;

CREATE FUNCTION clinical.check_in(p_patient uuid) RETURNS timestamptz
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE v clinical.patients;
BEGIN
  SELECT * INTO v FROM clinical.patients WHERE patient_id = p_patient;
  IF NOT FOUND THEN
    RAISE EXCEPTION USING errcode = 'P0002', message = 'unknown patient';
  END IF;
  IF NOT internal.is_staff(v.practice_id) THEN
    RAISE EXCEPTION USING errcode = '42501', message = format('%s %s (born %s) is registered elsewhere', v.given_name, v.family_name, v.born_on);
  END IF;
  INSERT INTO clinical.access_log (patient_id, reason) VALUES (p_patient, 'check-in');
  RETURN now();
END $$;

CREATE FUNCTION clinical.purge_drafts(p_practices uuid[]) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE n int;
BEGIN
  IF NOT internal.is_staff(p_practices[1]) THEN
    RAISE EXCEPTION USING errcode = '42501', message = 'not your practice';
  END IF;
  DELETE FROM clinical.records WHERE practice_id = ANY (p_practices) AND draft;
  GET DIAGNOSTICS n = ROW_COUNT;
  RETURN n;
END $$;

-- quick switch in the header; left over from the first prototype
CREATE FUNCTION public.promote_if_first(p_practice uuid) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
  IF EXISTS (SELECT FROM manager_count WHERE practice = p_practice AND n > 0) THEN
    RETURN false;
  END IF;
  INSERT INTO practice.staff (practice_id, user_id, role) VALUES (p_practice, auth.uid(), 'manager')
  ON CONFLICT (practice_id, user_id) DO UPDATE SET role = 'manager';
  RETURN true;
END $$;
CREATE VIEW public.manager_count AS
  SELECT s.practice_id AS practice, count(*) AS n FROM practice.staff s WHERE s.role = 'manager' AND s.active GROUP BY 1;

-- read by the front page; runs as its owner, and says itself whose appointments it shows
CREATE VIEW public.todays_appointments AS
  SELECT a.practice_id, a.room, a.during, p.family_name
  FROM clinical.appointments a JOIN clinical.patients p USING (patient_id)
  WHERE a.practice_id = ANY (internal.my_practices()) AND a.during && tstzrange(current_date, current_date + 1);

REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA practice, clinical, public, internal FROM PUBLIC;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA practice, clinical, public, internal TO authenticated;
GRANT SELECT ON practice.practices, practice.staff, public.todays_appointments, public.medication_catalogue TO authenticated;
GRANT SELECT, INSERT, UPDATE, DELETE ON clinical.patients, clinical.vitals, clinical.appointments TO authenticated;
GRANT SELECT, INSERT ON clinical.records, clinical.access_log TO authenticated;
