-- Vet practices. Nothing is ever deleted: rows get deleted_at, practices get archived_at, staff get left_on.
CREATE TABLE practices (
    practice_id   BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name          TEXT NOT NULL,
    tax_number    TEXT,
    archived_at   TIMESTAMPTZ,
    archive_note  TEXT,
    CHECK (archived_at IS NOT NULL OR archive_note IS NULL)
);

CREATE TABLE practice_staff (
    staff_id     BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    practice_id  BIGINT NOT NULL REFERENCES practices,
    user_id      UUID NOT NULL REFERENCES auth.users ON DELETE CASCADE,
    job          TEXT NOT NULL CHECK (job IN ('vet', 'nurse', 'desk', 'manager')),
    joined_on    DATE NOT NULL DEFAULT CURRENT_DATE,
    left_on      DATE,
    UNIQUE (practice_id, user_id),
    CHECK (left_on IS NULL OR left_on >= joined_on)
);

CREATE TABLE pet_owners (
    owner_id     BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    practice_id  BIGINT NOT NULL REFERENCES practices,
    full_name    TEXT NOT NULL,
    phone        TEXT,
    deleted_at   TIMESTAMPTZ
);

CREATE TABLE patients (
    patient_id   BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    practice_id  BIGINT NOT NULL REFERENCES practices,
    owner_id     BIGINT NOT NULL REFERENCES pet_owners,
    name         TEXT NOT NULL,
    species      TEXT NOT NULL DEFAULT 'dog' CHECK (species IN ('dog', 'cat', 'other')),
    chip_number  TEXT,
    deleted_at   TIMESTAMPTZ
);

CREATE TABLE visits (
    visit_id     BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    practice_id  BIGINT NOT NULL REFERENCES practices,
    patient_id   BIGINT NOT NULL REFERENCES patients,
    seen_by      BIGINT REFERENCES practice_staff,
    findings     TEXT,
    deleted_at   TIMESTAMPTZ
);

CREATE TABLE prescriptions (
    prescription_id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    visit_id     BIGINT NOT NULL REFERENCES visits ON DELETE CASCADE,
    drug         TEXT NOT NULL,
    dose_mg      NUMERIC(8,2) NOT NULL CHECK (dose_mg > 0),
    deleted_at   TIMESTAMPTZ
);

CREATE TABLE invoices (
    invoice_id   BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    practice_id  BIGINT NOT NULL REFERENCES practices,
    owner_id     BIGINT NOT NULL REFERENCES pet_owners,
    total        NUMERIC(10,2) NOT NULL,
    paid         BOOLEAN NOT NULL DEFAULT FALSE,
    deleted_at   TIMESTAMPTZ
);

CREATE TABLE drug_stock (
    practice_id  BIGINT NOT NULL REFERENCES practices,
    drug         TEXT NOT NULL,
    units        INTEGER NOT NULL DEFAULT 0 CHECK (units >= 0),
    deleted_at   TIMESTAMPTZ,
    PRIMARY KEY (practice_id, drug)
);

CREATE TABLE reminders (
    reminder_id  BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    practice_id  BIGINT NOT NULL REFERENCES practices,
    patient_id   BIGINT NOT NULL REFERENCES patients,
    due          DATE NOT NULL,
    message      TEXT NOT NULL DEFAULT 'Time for a check-up',
    deleted_at   TIMESTAMPTZ
);

CREATE FUNCTION works_in(p_practice BIGINT) RETURNS BOOLEAN LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT EXISTS (
        SELECT 1 FROM practice_staff s JOIN practices p USING (practice_id)
        WHERE s.practice_id = p_practice AND s.user_id = auth.uid()
          AND (s.left_on IS NULL OR s.left_on > CURRENT_DATE)
          AND p.archived_at IS NULL)
$$;
CREATE FUNCTION manages(p_practice BIGINT) RETURNS BOOLEAN LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT EXISTS (
        SELECT 1 FROM practice_staff s
        WHERE s.practice_id = p_practice AND s.user_id = auth.uid() AND s.job = 'manager'
          AND (s.left_on IS NULL OR s.left_on > CURRENT_DATE))
$$;

ALTER TABLE practices ENABLE ROW LEVEL SECURITY;
ALTER TABLE practice_staff ENABLE ROW LEVEL SECURITY;
ALTER TABLE pet_owners ENABLE ROW LEVEL SECURITY;
ALTER TABLE patients ENABLE ROW LEVEL SECURITY;
ALTER TABLE visits ENABLE ROW LEVEL SECURITY;
ALTER TABLE prescriptions ENABLE ROW LEVEL SECURITY;
ALTER TABLE invoices ENABLE ROW LEVEL SECURITY;
ALTER TABLE drug_stock ENABLE ROW LEVEL SECURITY;
ALTER TABLE reminders ENABLE ROW LEVEL SECURITY;

CREATE POLICY practices_read ON practices FOR SELECT TO authenticated USING (works_in(practice_id) OR manages(practice_id));
-- so that a successor finds the practice whose patients they take over
CREATE POLICY practices_archived ON practices FOR SELECT TO authenticated USING (archived_at IS NOT NULL);
CREATE POLICY practices_update ON practices FOR UPDATE TO authenticated USING (manages(practice_id)) WITH CHECK (manages(practice_id));

CREATE POLICY staff_read ON practice_staff FOR SELECT TO authenticated USING (user_id = auth.uid() OR works_in(practice_id));
CREATE POLICY staff_insert ON practice_staff FOR INSERT TO authenticated WITH CHECK (manages(practice_id));
CREATE POLICY staff_update ON practice_staff FOR UPDATE TO authenticated USING (manages(practice_id)) WITH CHECK (manages(practice_id));

CREATE POLICY owners_all ON pet_owners FOR ALL TO authenticated
    USING (works_in(practice_id)) WITH CHECK (works_in(practice_id));

CREATE POLICY patients_read ON patients FOR SELECT TO authenticated USING (works_in(practice_id) AND (deleted_at IS NULL OR manages(practice_id)));
CREATE POLICY patients_insert ON patients FOR INSERT TO authenticated
    WITH CHECK (works_in(practice_id) AND EXISTS (SELECT 1 FROM pet_owners o WHERE o.owner_id = patients.owner_id AND o.practice_id = patients.practice_id));
CREATE POLICY patients_update ON patients FOR UPDATE TO authenticated
    USING (works_in(practice_id))
    WITH CHECK (works_in(practice_id) AND EXISTS (SELECT 1 FROM pet_owners o WHERE o.owner_id = patients.owner_id AND o.practice_id = patients.practice_id));

CREATE POLICY visits_read ON visits FOR SELECT TO authenticated 
    USING (deleted_at IS NULL AND (works_in(practice_id) OR seen_by IN (SELECT s.staff_id FROM practice_staff s WHERE s.user_id = auth.uid())));
CREATE POLICY visits_insert ON visits FOR INSERT TO authenticated
    WITH CHECK (works_in(practice_id) AND EXISTS (SELECT 1 FROM patients p WHERE p.patient_id = visits.patient_id AND p.practice_id = visits.practice_id));
-- lets the recycle bin work: an update may set deleted_at
CREATE POLICY visits_update ON visits FOR UPDATE TO authenticated USING (deleted_at IS NULL AND works_in(practice_id)) WITH CHECK (TRUE);

CREATE POLICY prescriptions_all ON prescriptions FOR ALL TO authenticated
    USING (EXISTS (SELECT 1 FROM visits v WHERE v.visit_id = prescriptions.visit_id AND works_in(v.practice_id)))
    WITH CHECK (EXISTS (SELECT 1 FROM visits v WHERE v.visit_id = prescriptions.visit_id AND works_in(v.practice_id)));

CREATE POLICY invoices_read ON invoices FOR SELECT TO authenticated
    USING (deleted_at IS NULL AND practice_id IN (SELECT s.practice_id FROM practice_staff s WHERE s.user_id = auth.uid()));
CREATE POLICY invoices_insert ON invoices FOR INSERT TO authenticated
    WITH CHECK (works_in(practice_id) AND EXISTS (SELECT 1 FROM pet_owners o WHERE o.owner_id = invoices.owner_id AND o.practice_id = invoices.practice_id));

CREATE POLICY stock_all ON drug_stock FOR ALL TO authenticated USING (works_in(practice_id)) WITH CHECK (works_in(practice_id));

CREATE POLICY reminders_all ON reminders FOR ALL TO authenticated
    USING (works_in(practice_id)) WITH CHECK (works_in(practice_id));

-- the recycle bin
CREATE VIEW recycle_bin AS
    SELECT 'patient' AS kind, patient_id AS id, practice_id, name AS label, deleted_at FROM patients WHERE deleted_at IS NOT NULL
    UNION ALL
    SELECT 'owner', owner_id, practice_id, full_name, deleted_at FROM pet_owners WHERE deleted_at IS NOT NULL;
CREATE VIEW open_invoices WITH (security_invoker = on) AS
    SELECT i.invoice_id, i.total, o.full_name FROM invoices i JOIN pet_owners o USING (owner_id) WHERE NOT i.paid;

CREATE FUNCTION undelete(p_kind TEXT, p_id BIGINT) RETURNS BOOLEAN LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    n BIGINT;
BEGIN
    IF p_kind NOT IN ('patients', 'visits', 'prescriptions', 'invoices') THEN
        RAISE EXCEPTION 'cannot restore %', p_kind;
    END IF;
    EXECUTE format('UPDATE %I SET deleted_at = NULL WHERE %I = $1 AND deleted_at IS NOT NULL', p_kind, rtrim(p_kind, 's') || '_id') USING p_id;
    GET DIAGNOSTICS n = ROW_COUNT;
    RETURN n > 0;
END $$;

CREATE FUNCTION restore_patient(p_patient BIGINT) RETURNS BOOLEAN LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH back AS (UPDATE patients SET deleted_at = NULL WHERE patient_id = p_patient AND manages(practice_id) RETURNING 1)
    SELECT EXISTS (SELECT 1 FROM back)
$$;

-- two records of the same animal become one
CREATE FUNCTION merge_patients(p_keep BIGINT, p_drop BIGINT) RETURNS INTEGER LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_practice BIGINT;
    n INTEGER;
BEGIN
    SELECT practice_id INTO v_practice FROM patients WHERE patient_id = p_keep AND deleted_at IS NULL;
    IF v_practice IS NULL OR NOT works_in(v_practice) THEN
        RAISE EXCEPTION 'no such patient' USING ERRCODE = 'P0002';
    END IF;
    IF p_keep = p_drop THEN RETURN 0; END IF;
    UPDATE visits SET patient_id = p_keep, practice_id = v_practice WHERE patient_id = p_drop;
    GET DIAGNOSTICS n = ROW_COUNT;
    UPDATE patients SET deleted_at = now() WHERE patient_id = p_drop;
    RETURN n;
END $$;

-- pg_cron, nightly
CREATE FUNCTION purge_deleted(p_days INTEGER DEFAULT 90) RETURNS BIGINT LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    n BIGINT;
BEGIN
    DELETE FROM prescriptions WHERE deleted_at < now() - make_interval(days => p_days);
    DELETE FROM reminders WHERE deleted_at < now() - make_interval(days => p_days);
    GET DIAGNOSTICS n = ROW_COUNT;
    RETURN n;
END $$;

CREATE FUNCTION archive_practice(p_practice BIGINT, p_note TEXT DEFAULT NULL) RETURNS VOID LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT manages(p_practice) THEN RAISE EXCEPTION 'managers only' USING ERRCODE = '42501'; END IF;
    UPDATE practices SET archived_at = now(), archive_note = p_note WHERE practice_id = p_practice;
END $$;

CREATE FUNCTION dispense(p_practice BIGINT, p_drug TEXT, p_units INTEGER) RETURNS INTEGER LANGUAGE plpgsql AS $$
DECLARE
    v INTEGER;
BEGIN
    UPDATE drug_stock SET units = units - p_units WHERE practice_id = p_practice AND drug = p_drug RETURNING units INTO v;
    RETURN v;
END $$;

REVOKE ALL ON FUNCTION works_in(BIGINT), manages(BIGINT), undelete(TEXT, BIGINT), restore_patient(BIGINT), merge_patients(BIGINT, BIGINT),
    archive_practice(BIGINT, TEXT), dispense(BIGINT, TEXT, INTEGER) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION works_in(BIGINT), manages(BIGINT), undelete(TEXT, BIGINT), restore_patient(BIGINT), merge_patients(BIGINT, BIGINT),
    archive_practice(BIGINT, TEXT), dispense(BIGINT, TEXT, INTEGER) TO authenticated;
GRANT SELECT, UPDATE (name, tax_number) ON practices TO authenticated;
GRANT SELECT, INSERT ON practice_staff TO authenticated;
GRANT UPDATE (job, left_on) ON practice_staff TO authenticated;
GRANT SELECT, INSERT, UPDATE ON pet_owners, patients, visits, prescriptions, drug_stock, reminders TO authenticated;
GRANT SELECT, INSERT ON invoices TO authenticated;
GRANT SELECT ON recycle_bin, open_invoices TO authenticated;
