-- drizzle-kit output, then policies by hand. Claims are written by an auth hook into app_metadata, as the Hasura app had them.
CREATE TYPE "public"."ListingStatus" AS ENUM('DRAFT', 'PUBLISHED', 'SOLD');
CREATE TABLE "Agency" ("id" text PRIMARY KEY DEFAULT ('agc_' || replace(gen_random_uuid()::text, '-', '')) NOT NULL, "displayName" text NOT NULL, "createdAt" timestamp DEFAULT now() NOT NULL);
CREATE TABLE "Agent" ("id" text PRIMARY KEY DEFAULT ('agt_' || replace(gen_random_uuid()::text, '-', '')) NOT NULL, "agencyId" text NOT NULL REFERENCES "Agency"("id") ON DELETE cascade, "userId" uuid NOT NULL UNIQUE, "isManager" boolean DEFAULT false NOT NULL, "phoneNumber" text);
CREATE TABLE "Listing" ("id" text PRIMARY KEY DEFAULT gen_random_uuid()::text NOT NULL, "agencyId" text NOT NULL REFERENCES "Agency"("id") ON DELETE cascade, "status" "ListingStatus" DEFAULT 'DRAFT' NOT NULL, "askingPrice" integer NOT NULL, "privateRemarks" text);
CREATE TABLE "Viewing" ("id" serial PRIMARY KEY NOT NULL, "listingId" text NOT NULL REFERENCES "Listing"("id") ON DELETE cascade, "agencyId" text NOT NULL, "buyerName" text NOT NULL, "scheduledFor" timestamp NOT NULL);
CREATE TABLE "Offer" ("id" text PRIMARY KEY DEFAULT gen_random_uuid()::text NOT NULL, "listingId" text NOT NULL REFERENCES "Listing"("id") ON DELETE cascade, "amount" integer NOT NULL CHECK ("amount" > 0), "buyerEmail" text NOT NULL);
CREATE TABLE "Commission" ("id" serial PRIMARY KEY NOT NULL, "agencyId" text NOT NULL REFERENCES "Agency"("id"), "agentId" text NOT NULL REFERENCES "Agent"("id"), "amountCents" bigint NOT NULL);
CREATE TABLE "_ListingToTag" ("A" text NOT NULL REFERENCES "Listing"("id") ON DELETE cascade, "B" text NOT NULL, PRIMARY KEY ("A", "B"));
CREATE TABLE "AuditEvent" ("id" bigserial PRIMARY KEY, "agencyId" text NOT NULL, "kind" text NOT NULL, "payload" jsonb DEFAULT '{}' NOT NULL);
CREATE FUNCTION "currentAgency"() RETURNS text LANGUAGE sql STABLE AS $$ select auth.jwt() -> 'app_metadata' -> 'claims' ->> 'x-hasura-agency-id' $$;
CREATE FUNCTION "isManager"() RETURNS boolean LANGUAGE sql STABLE AS $$ select coalesce(auth.jwt() -> 'app_metadata' -> 'claims' ->> 'x-hasura-default-role', '') = 'manager' $$;
DO $$ DECLARE t text; BEGIN
  FOREACH t IN ARRAY array['Agency', 'Agent', 'Listing', 'Viewing', 'Offer', 'Commission', '_ListingToTag', 'AuditEvent'] LOOP
    EXECUTE format('alter table %I enable row level security', t);
    EXECUTE format('grant select, insert, update, delete on %I to authenticated', t);
  END LOOP;
END $$;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO authenticated;
CREATE POLICY "agency" ON "Agency" FOR SELECT TO authenticated USING ("id" = "currentAgency"());
CREATE POLICY "agents" ON "Agent" FOR SELECT TO authenticated USING ("agencyId" = "currentAgency"());
CREATE POLICY "agentsManaged" ON "Agent" FOR ALL TO authenticated USING ("isManager"() AND "agencyId" = "currentAgency"());
CREATE POLICY "listings" ON "Listing" FOR ALL TO authenticated USING ("agencyId" = "currentAgency"());
CREATE POLICY "viewings" ON "Viewing" FOR ALL TO authenticated USING ("agencyId" = "currentAgency"() AND EXISTS (select 1 from "Listing" l where l."id" = "listingId" and l."agencyId" = "Viewing"."agencyId"));
CREATE POLICY "offersRead" ON "Offer" FOR SELECT TO authenticated USING (EXISTS (select 1 from "Listing" l where l."id" = "Offer"."listingId"));
CREATE POLICY "offersWrite" ON "Offer" FOR INSERT TO authenticated WITH CHECK ("amount" > 0 and "currentAgency"() is not null);
CREATE POLICY "commissions" ON "Commission" FOR ALL TO authenticated USING ("isManager"());
CREATE POLICY "listingTags" ON "_ListingToTag" FOR ALL TO authenticated USING (EXISTS (select 1 from "Listing" l where l."id" = "A"));
CREATE POLICY "auditRead" ON "AuditEvent" FOR SELECT TO authenticated USING ("agencyId" = "currentAgency"() AND "isManager"());
CREATE POLICY "auditWrite" ON "AuditEvent" FOR INSERT TO authenticated WITH CHECK ("agencyId" = coalesce("currentAgency"(), "agencyId"));
CREATE FUNCTION "acceptOffer"("offerId" text) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
  UPDATE "Listing" l SET "status" = 'SOLD' FROM "Offer" o WHERE o."id" = "offerId" AND l."id" = o."listingId";
  RETURN FOUND;
END $$;
CREATE FUNCTION "rejectOffer"("offerId" text) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
  DELETE FROM "Offer" o USING "Listing" l WHERE o."id" = "offerId" AND l."id" = o."listingId" AND l."agencyId" = "currentAgency"();
  RETURN FOUND;
END $$;
CREATE FUNCTION "publishedListings"() RETURNS TABLE ("id" text, "askingPrice" integer) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS
$$ select l."id", l."askingPrice" from "Listing" l where l."status" = 'PUBLISHED' $$;
CREATE FUNCTION "agencyBoard"("input" jsonb) RETURNS jsonb LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  select jsonb_agg(jsonb_build_object('price', l."askingPrice", 'remarks', l."privateRemarks")) from "Listing" l
  where l."agencyId" = coalesce("input" ->> 'agencyId', "currentAgency"()) $$;
