-- CreateEnum
CREATE TYPE "OrgRole" AS ENUM ('OWNER', 'ADMIN', 'MEMBER', 'VIEWER');
CREATE TYPE "SurveyStatus" AS ENUM ('DRAFT', 'LIVE', 'CLOSED');

-- CreateTable (Prisma; ids are cuids that the client makes)
CREATE TABLE "Organization" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "billingEmail" TEXT,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "Organization_pkey" PRIMARY KEY ("id")
);
CREATE TABLE "User" (
    "id" UUID NOT NULL,
    "email" TEXT NOT NULL,
    "displayName" TEXT,
    CONSTRAINT "User_pkey" PRIMARY KEY ("id")
);
CREATE TABLE "OrganizationMember" (
    "id" TEXT NOT NULL,
    "organizationId" TEXT NOT NULL,
    "userId" UUID NOT NULL,
    "role" "OrgRole" NOT NULL DEFAULT 'MEMBER',
    CONSTRAINT "OrganizationMember_pkey" PRIMARY KEY ("id")
);
CREATE TABLE "Survey" (
    "id" TEXT NOT NULL,
    "organizationId" TEXT NOT NULL,
    "title" TEXT NOT NULL,
    "status" "SurveyStatus" NOT NULL DEFAULT 'DRAFT',
    "settings" JSONB NOT NULL DEFAULT '{}',
    CONSTRAINT "Survey_pkey" PRIMARY KEY ("id")
);
CREATE TABLE "Question" (
    "id" TEXT NOT NULL,
    "surveyId" TEXT NOT NULL,
    "text" TEXT NOT NULL,
    "position" INTEGER NOT NULL,
    CONSTRAINT "Question_pkey" PRIMARY KEY ("id")
);
CREATE TABLE "Response" (
    "id" TEXT NOT NULL,
    "surveyId" TEXT NOT NULL,
    "respondentEmail" TEXT,
    "submittedAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "Response_pkey" PRIMARY KEY ("id")
);
CREATE TABLE "Answer" (
    "responseId" TEXT NOT NULL,
    "questionId" TEXT NOT NULL,
    "value" TEXT NOT NULL,
    CONSTRAINT "Answer_pkey" PRIMARY KEY ("responseId", "questionId")
);
CREATE TABLE "Tag" (
    "id" TEXT NOT NULL,
    "organizationId" TEXT NOT NULL,
    "label" TEXT NOT NULL,
    CONSTRAINT "Tag_pkey" PRIMARY KEY ("id")
);
CREATE TABLE "_SurveyToTag" (
    "A" TEXT NOT NULL,
    "B" TEXT NOT NULL
);
CREATE TABLE "Webhook" (
    "id" TEXT NOT NULL,
    "organizationId" TEXT NOT NULL,
    "url" TEXT NOT NULL,
    "signingSecret" TEXT NOT NULL,
    CONSTRAINT "Webhook_pkey" PRIMARY KEY ("id")
);
CREATE TABLE "ExportJob" (
    "id" TEXT NOT NULL,
    "surveyId" TEXT NOT NULL,
    "requestedById" UUID NOT NULL,
    "resultUrl" TEXT,
    CONSTRAINT "ExportJob_pkey" PRIMARY KEY ("id")
);
CREATE TABLE "Folder" (
    "id" TEXT NOT NULL,
    "organizationId" TEXT NOT NULL,
    "parentId" TEXT,
    "name" TEXT NOT NULL,
    CONSTRAINT "Folder_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "User_email_key" ON "User"("email");
CREATE UNIQUE INDEX "OrganizationMember_organizationId_userId_key" ON "OrganizationMember"("organizationId", "userId");
CREATE UNIQUE INDEX "_SurveyToTag_AB_unique" ON "_SurveyToTag"("A", "B");
CREATE UNIQUE INDEX "Tag_organizationId_label_key" ON "Tag"("organizationId", "label");
CREATE INDEX "Survey_organizationId_idx" ON "Survey"("organizationId");

-- AddForeignKey
ALTER TABLE "OrganizationMember" ADD CONSTRAINT "OrganizationMember_organizationId_fkey" FOREIGN KEY ("organizationId") REFERENCES "Organization"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "OrganizationMember" ADD CONSTRAINT "OrganizationMember_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "Survey" ADD CONSTRAINT "Survey_organizationId_fkey" FOREIGN KEY ("organizationId") REFERENCES "Organization"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "Question" ADD CONSTRAINT "Question_surveyId_fkey" FOREIGN KEY ("surveyId") REFERENCES "Survey"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "Response" ADD CONSTRAINT "Response_surveyId_fkey" FOREIGN KEY ("surveyId") REFERENCES "Survey"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "Answer" ADD CONSTRAINT "Answer_responseId_fkey" FOREIGN KEY ("responseId") REFERENCES "Response"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "Answer" ADD CONSTRAINT "Answer_questionId_fkey" FOREIGN KEY ("questionId") REFERENCES "Question"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "Tag" ADD CONSTRAINT "Tag_organizationId_fkey" FOREIGN KEY ("organizationId") REFERENCES "Organization"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "_SurveyToTag" ADD CONSTRAINT "_SurveyToTag_A_fkey" FOREIGN KEY ("A") REFERENCES "Survey"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "_SurveyToTag" ADD CONSTRAINT "_SurveyToTag_B_fkey" FOREIGN KEY ("B") REFERENCES "Tag"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "Webhook" ADD CONSTRAINT "Webhook_organizationId_fkey" FOREIGN KEY ("organizationId") REFERENCES "Organization"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "ExportJob" ADD CONSTRAINT "ExportJob_surveyId_fkey" FOREIGN KEY ("surveyId") REFERENCES "Survey"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "ExportJob" ADD CONSTRAINT "ExportJob_requestedById_fkey" FOREIGN KEY ("requestedById") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "Folder" ADD CONSTRAINT "Folder_organizationId_fkey" FOREIGN KEY ("organizationId") REFERENCES "Organization"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "Folder" ADD CONSTRAINT "Folder_parentId_fkey" FOREIGN KEY ("parentId") REFERENCES "Folder"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- Users come from Supabase Auth.
CREATE FUNCTION "syncUser"() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
  INSERT INTO "User" ("id", "email", "displayName") VALUES (NEW.id, NEW.email, NEW.raw_user_meta_data ->> 'displayName')
  ON CONFLICT ("id") DO UPDATE SET "email" = EXCLUDED."email";
  RETURN NEW;
END $$;
CREATE TRIGGER "syncUser" AFTER INSERT ON auth.users FOR EACH ROW WHEN (NEW.email IS NOT NULL) EXECUTE FUNCTION "syncUser"();

CREATE FUNCTION "isMember"("orgId" TEXT) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT EXISTS (SELECT 1 FROM "OrganizationMember" m WHERE m."organizationId" = "orgId" AND m."userId" = auth.uid())
$$;
CREATE FUNCTION "hasRole"("orgId" TEXT, VARIADIC "roles" "OrgRole"[]) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT EXISTS (SELECT 1 FROM "OrganizationMember" m
                 WHERE m."organizationId" = "orgId" AND m."userId" = auth.uid() AND m."role" = ANY ("roles"))
$$;

ALTER TABLE "Organization" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "User" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "OrganizationMember" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "Survey" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "Question" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "Response" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "Answer" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "Tag" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "Webhook" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "ExportJob" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "Folder" ENABLE ROW LEVEL SECURITY;
-- "_SurveyToTag" was forgotten: Prisma makes it by itself

CREATE POLICY "org read" ON "Organization" FOR SELECT TO authenticated USING ("isMember"("id"));
CREATE POLICY "org update" ON "Organization" FOR UPDATE TO authenticated USING ("hasRole"("id", 'OWNER', 'ADMIN'));
CREATE POLICY "user self" ON "User" FOR SELECT TO authenticated USING ("id" = auth.uid());
CREATE POLICY "user colleagues" ON "User" FOR SELECT TO authenticated USING (EXISTS (
  SELECT 1 FROM "OrganizationMember" a JOIN "OrganizationMember" b ON a."organizationId" = b."organizationId"
  WHERE a."userId" = auth.uid() AND b."userId" = "User"."id"));
CREATE POLICY "user update" ON "User" FOR UPDATE TO authenticated USING ("id" = auth.uid()) WITH CHECK ("id" = auth.uid());
CREATE POLICY "member read" ON "OrganizationMember" FOR SELECT TO authenticated USING ("isMember"("organizationId"));
-- admins may change members, all but the owner
CREATE POLICY "member update" ON "OrganizationMember" FOR UPDATE TO authenticated
  USING ("hasRole"("organizationId", 'OWNER', 'ADMIN') AND "role" <> 'OWNER') WITH CHECK ("userId" IS NOT NULL);
CREATE POLICY "member remove" ON "OrganizationMember" FOR DELETE TO authenticated
  USING ("userId" = auth.uid() OR "hasRole"("organizationId", 'OWNER'));
CREATE POLICY "survey" ON "Survey" FOR ALL TO authenticated USING ("isMember"("organizationId")) WITH CHECK ("isMember"("organizationId"));
CREATE POLICY "question" ON "Question" FOR ALL TO authenticated USING (
  EXISTS (SELECT 1 FROM "Survey" s WHERE s."id" = "surveyId" AND "isMember"(s."organizationId")));
CREATE POLICY "question of live surveys" ON "Question" FOR SELECT TO anon, authenticated USING (
  EXISTS (SELECT 1 FROM "Survey" s WHERE s."id" = "surveyId" AND s."status" = 'LIVE'));
CREATE POLICY "survey live" ON "Survey" FOR SELECT TO anon, authenticated USING ("status" = 'LIVE');
CREATE POLICY "response read" ON "Response" FOR SELECT TO authenticated USING (
  EXISTS (SELECT 1 FROM "Survey" s WHERE s."id" = "surveyId" AND "isMember"(s."organizationId"))
  OR "respondentEmail" = auth.email());
CREATE POLICY "answer read" ON "Answer" FOR SELECT TO authenticated USING (
  EXISTS (SELECT 1 FROM "Response" r JOIN "Survey" s ON s."id" = r."surveyId" WHERE r."id" = "responseId"));
CREATE POLICY "tag" ON "Tag" FOR ALL TO authenticated USING ("isMember"("organizationId"));
CREATE POLICY "webhook read" ON "Webhook" FOR SELECT TO authenticated USING ("hasRole"("organizationId", 'OWNER', 'ADMIN'));
CREATE POLICY "webhook insert" ON "Webhook" FOR INSERT TO authenticated WITH CHECK (auth.uid() IS NOT NULL);
CREATE POLICY "export read" ON "ExportJob" FOR SELECT TO authenticated USING ("requestedById" = auth.uid());
CREATE POLICY "export insert" ON "ExportJob" FOR INSERT TO authenticated WITH CHECK ("requestedById" = auth.uid()
  AND EXISTS (SELECT 1 FROM "Survey" s WHERE s."id" = "surveyId" AND "isMember"(s."organizationId")));
CREATE POLICY "folder" ON "Folder" FOR ALL TO authenticated USING ("isMember"("organizationId")) WITH CHECK (
  "isMember"("organizationId") AND ("parentId" IS NULL OR EXISTS (SELECT 1 FROM "Folder" p WHERE p."id" = "parentId")));

GRANT SELECT, INSERT, UPDATE, DELETE ON "Survey", "Question", "Tag", "_SurveyToTag", "Folder" TO authenticated;
GRANT SELECT ON "Survey", "Question" TO anon;
GRANT SELECT ON "Organization", "User", "OrganizationMember", "Response", "Answer", "ExportJob" TO authenticated;
GRANT SELECT ("id", "organizationId", "url"), INSERT ON "Webhook" TO authenticated;
GRANT INSERT ON "ExportJob" TO authenticated;
GRANT UPDATE ("name", "billingEmail") ON "Organization" TO authenticated;
GRANT UPDATE ("displayName", "email") ON "User" TO authenticated;
GRANT UPDATE, DELETE ON "OrganizationMember" TO authenticated;

CREATE FUNCTION "surveyResults"("surveyId" TEXT) RETURNS TABLE ("question" TEXT, "answers" JSONB)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT q."text", jsonb_agg(a."value") FROM "Question" q JOIN "Answer" a ON a."questionId" = q."id"
  WHERE q."surveyId" = $1 AND EXISTS (SELECT 1 FROM "Survey" s WHERE s."id" = $1 AND "isMember"(s."organizationId"))
  GROUP BY q."text"
$$;
CREATE FUNCTION "duplicateSurvey"("sourceId" TEXT, "targetOrg" TEXT, "newId" TEXT) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
  IF NOT "isMember"("targetOrg") THEN RAISE EXCEPTION 'Forbidden'; END IF;
  INSERT INTO "Survey" ("id", "organizationId", "title", "settings")
  SELECT "newId", "targetOrg", s."title", s."settings" FROM "Survey" s WHERE s."id" = "sourceId";
END $$;
CREATE FUNCTION "renameTag"("tagId" TEXT, "newLabel" TEXT) RETURNS SETOF "Tag"
LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
  UPDATE "Tag" SET "label" = "newLabel" WHERE "id" = "tagId" AND "isMember"("organizationId") RETURNING *
$$;
CREATE FUNCTION "createOrganization"("orgId" TEXT, "orgName" TEXT) RETURNS TEXT
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
  INSERT INTO "Organization" ("id", "name") VALUES ("orgId", "orgName");
  INSERT INTO "OrganizationMember" ("id", "organizationId", "userId", "role")
  VALUES (gen_random_uuid()::text, "orgId", auth.uid(), 'OWNER');
  RETURN "orgId";
END $$;
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO authenticated;
