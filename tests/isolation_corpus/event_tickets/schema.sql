-- CreateEnum
CREATE TYPE "public"."Role" AS ENUM ('OWNER', 'STAFF');
CREATE TYPE "public"."EventStatus" AS ENUM ('DRAFT', 'PUBLISHED', 'CANCELLED');
CREATE TYPE "public"."OrderStatus" AS ENUM ('PENDING', 'PAID', 'REFUNDED');
CREATE TYPE "public"."TicketStatus" AS ENUM ('VALID', 'USED', 'VOID');

-- CreateTable
CREATE TABLE "public"."Organizer" (
    "slug" TEXT NOT NULL CHECK ("slug" ~ '^[a-z0-9-]{3,32}$'),
    "name" TEXT NOT NULL,
    "payoutIban" TEXT,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "Organizer_pkey" PRIMARY KEY ("slug")
);
CREATE TABLE "public"."OrganizerUser" (
    "organizerSlug" TEXT NOT NULL,
    "userId" UUID NOT NULL,
    "role" "public"."Role" NOT NULL DEFAULT 'STAFF',
    "notifyEmail" BOOLEAN NOT NULL DEFAULT true,
    CONSTRAINT "OrganizerUser_pkey" PRIMARY KEY ("organizerSlug", "userId")
);
CREATE TABLE "public"."Event" (
    "id" TEXT NOT NULL DEFAULT replace(gen_random_uuid()::text, '-', ''),
    "organizerSlug" TEXT NOT NULL,
    "title" TEXT NOT NULL,
    "status" "public"."EventStatus" NOT NULL DEFAULT 'DRAFT',
    "startsAt" TIMESTAMP(3) NOT NULL,
    "endsAt" TIMESTAMP(3) NOT NULL,
    "mainTicketTypeId" TEXT,
    CONSTRAINT "Event_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "Event_times" CHECK ("endsAt" > "startsAt")
);
CREATE TABLE "public"."TicketType" (
    "id" TEXT NOT NULL DEFAULT replace(gen_random_uuid()::text, '-', ''),
    "eventId" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "price" DECIMAL(10,2) NOT NULL CHECK ("price" >= 0),
    "quota" INTEGER NOT NULL DEFAULT 100,
    CONSTRAINT "TicketType_pkey" PRIMARY KEY ("id")
);
CREATE TABLE "public"."Order" (
    "id" TEXT NOT NULL DEFAULT replace(gen_random_uuid()::text, '-', ''),
    "eventId" TEXT NOT NULL,
    "email" TEXT NOT NULL CHECK ("email" = lower("email")),
    "status" "public"."OrderStatus" NOT NULL DEFAULT 'PENDING',
    "total" DECIMAL(10,2) NOT NULL DEFAULT 0,
    CONSTRAINT "Order_pkey" PRIMARY KEY ("id")
);
CREATE TABLE "public"."Ticket" (
    "id" TEXT NOT NULL DEFAULT replace(gen_random_uuid()::text, '-', ''),
    "orderId" TEXT NOT NULL,
    "ticketTypeId" TEXT NOT NULL,
    "holder" TEXT NOT NULL,
    "status" "public"."TicketStatus" NOT NULL DEFAULT 'VALID',
    CONSTRAINT "Ticket_pkey" PRIMARY KEY ("id")
);
CREATE TABLE "public"."Coupon" (
    "id" TEXT NOT NULL DEFAULT replace(gen_random_uuid()::text, '-', ''),
    "organizerSlug" TEXT NOT NULL,
    "code" TEXT NOT NULL CHECK ("code" = upper("code")),
    "percent" INTEGER NOT NULL CHECK ("percent" BETWEEN 1 AND 100),
    CONSTRAINT "Coupon_pkey" PRIMARY KEY ("id")
);
CREATE TABLE "public"."Payout" (
    "id" SERIAL NOT NULL,
    "organizerSlug" TEXT NOT NULL,
    "amount" DECIMAL(10,2) NOT NULL,
    "memo" TEXT,
    CONSTRAINT "Payout_pkey" PRIMARY KEY ("id")
);
CREATE TABLE "public"."Venue" (
    "id" SERIAL NOT NULL,
    "name" TEXT NOT NULL,
    "country" CHAR(2) NOT NULL CHECK ("country" ~ '^[A-Z]{2}$'),
    CONSTRAINT "Venue_pkey" PRIMARY KEY ("id")
);
CREATE TABLE "public"."ApiKey" (
    "id" TEXT NOT NULL DEFAULT replace(gen_random_uuid()::text, '-', ''),
    "organizerSlug" TEXT NOT NULL,
    "label" TEXT NOT NULL,
    "hash" TEXT NOT NULL,
    CONSTRAINT "ApiKey_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "Coupon_code_key" ON "public"."Coupon"("code");
CREATE INDEX "Order_eventId_idx" ON "public"."Order"("eventId");

-- AddForeignKey
ALTER TABLE "public"."OrganizerUser" ADD CONSTRAINT "OrganizerUser_organizerSlug_fkey" FOREIGN KEY ("organizerSlug") REFERENCES "public"."Organizer"("slug") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "public"."OrganizerUser" ADD CONSTRAINT "OrganizerUser_userId_fkey" FOREIGN KEY ("userId") REFERENCES auth.users("id") ON DELETE CASCADE;
ALTER TABLE "public"."Event" ADD CONSTRAINT "Event_organizerSlug_fkey" FOREIGN KEY ("organizerSlug") REFERENCES "public"."Organizer"("slug") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "public"."TicketType" ADD CONSTRAINT "TicketType_eventId_fkey" FOREIGN KEY ("eventId") REFERENCES "public"."Event"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "public"."Event" ADD CONSTRAINT "Event_mainTicketTypeId_fkey" FOREIGN KEY ("mainTicketTypeId") REFERENCES "public"."TicketType"("id") ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE "public"."Order" ADD CONSTRAINT "Order_eventId_fkey" FOREIGN KEY ("eventId") REFERENCES "public"."Event"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "public"."Ticket" ADD CONSTRAINT "Ticket_orderId_fkey" FOREIGN KEY ("orderId") REFERENCES "public"."Order"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "public"."Ticket" ADD CONSTRAINT "Ticket_ticketTypeId_fkey" FOREIGN KEY ("ticketTypeId") REFERENCES "public"."TicketType"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "public"."Coupon" ADD CONSTRAINT "Coupon_organizerSlug_fkey" FOREIGN KEY ("organizerSlug") REFERENCES "public"."Organizer"("slug") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "public"."Payout" ADD CONSTRAINT "Payout_organizerSlug_fkey" FOREIGN KEY ("organizerSlug") REFERENCES "public"."Organizer"("slug") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "public"."ApiKey" ADD CONSTRAINT "ApiKey_organizerSlug_fkey" FOREIGN KEY ("organizerSlug") REFERENCES "public"."Organizer"("slug") ON DELETE CASCADE ON UPDATE CASCADE;

-- Row level security (manual)
CREATE FUNCTION "public"."memberOf"("slug" TEXT) RETURNS BOOLEAN LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS
$$ SELECT EXISTS (SELECT 1 FROM public."OrganizerUser" ou WHERE ou."organizerSlug" = $1 AND ou."userId" = auth.uid()) $$;
CREATE FUNCTION "public"."ownsEvent"("eventId" TEXT) RETURNS BOOLEAN LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS
$$ SELECT EXISTS (SELECT 1 FROM public."Event" e WHERE e."id" = $1 AND public."memberOf"(e."organizerSlug")) $$;

ALTER TABLE "public"."Organizer" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "public"."OrganizerUser" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "public"."Event" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "public"."TicketType" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "public"."Order" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "public"."Ticket" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "public"."Coupon" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "public"."Payout" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "public"."Venue" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "public"."ApiKey" ENABLE ROW LEVEL SECURITY;

CREATE POLICY "organizer_read" ON "public"."Organizer" FOR SELECT TO authenticated USING ("public"."memberOf"("slug"));
CREATE POLICY "organizer_update" ON "public"."Organizer" FOR UPDATE TO authenticated USING ("public"."memberOf"("slug"));
CREATE POLICY "own_membership" ON "public"."OrganizerUser" FOR SELECT TO authenticated USING ("userId" = auth.uid());
-- only the column "notifyEmail" is granted
CREATE POLICY "own_notifications" ON "public"."OrganizerUser" FOR UPDATE TO authenticated USING ("userId" = auth.uid()) WITH CHECK ("userId" = auth.uid());
CREATE POLICY "event_public" ON "public"."Event" FOR SELECT TO anon, authenticated USING ("status" = 'PUBLISHED');
CREATE POLICY "event_member" ON "public"."Event" FOR SELECT TO authenticated USING ("public"."memberOf"("organizerSlug"));
CREATE POLICY "event_insert" ON "public"."Event" FOR INSERT TO authenticated WITH CHECK ("public"."memberOf"("organizerSlug"));
CREATE POLICY "event_update" ON "public"."Event" FOR UPDATE TO authenticated USING ("public"."memberOf"("organizerSlug")) WITH CHECK ("startsAt" > '2000-01-01');
CREATE POLICY "type_read" ON "public"."TicketType" FOR SELECT TO anon, authenticated USING (EXISTS (SELECT 1 FROM "public"."Event" e WHERE e."id" = "TicketType"."eventId"));
CREATE POLICY "type_write" ON "public"."TicketType" FOR ALL TO authenticated USING ("public"."ownsEvent"("eventId")) WITH CHECK ("public"."ownsEvent"("eventId"));
CREATE POLICY "order_read" ON "public"."Order" FOR SELECT TO anon, authenticated
  USING ("public"."ownsEvent"("eventId") OR "email" = auth.email() OR auth.uid() IS NULL);
CREATE POLICY "ticket_read" ON "public"."Ticket" FOR SELECT TO authenticated
  USING (EXISTS (SELECT 1 FROM "public"."Order" o WHERE o."id" = "Ticket"."orderId"));
-- the scanner app at the door
CREATE POLICY "ticket_scan" ON "public"."Ticket" FOR UPDATE TO authenticated USING ("status" = 'VALID') WITH CHECK ("status" = 'USED');
CREATE POLICY "coupon_all" ON "public"."Coupon" FOR ALL TO authenticated USING ("public"."memberOf"("organizerSlug")) WITH CHECK ("public"."memberOf"("organizerSlug"));
-- safe: the sub-select sees only the caller's own rows
CREATE POLICY "payout_read" ON "public"."Payout" FOR SELECT TO authenticated USING ("organizerSlug" IN (SELECT ou."organizerSlug" FROM "public"."OrganizerUser" ou WHERE ou."role" = 'OWNER'));
CREATE POLICY "venue_read" ON "public"."Venue" FOR SELECT TO anon, authenticated USING (true);
CREATE POLICY "key_read" ON "public"."ApiKey" FOR SELECT TO authenticated USING ("public"."memberOf"("organizerSlug"));
CREATE POLICY "key_drop" ON "public"."ApiKey" FOR DELETE TO authenticated USING ("public"."memberOf"("organizerSlug"));

-- RPC
CREATE FUNCTION "public"."createOrganizer"("slug" TEXT, "name" TEXT) RETURNS TEXT LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
  IF auth.uid() IS NULL THEN RAISE EXCEPTION 'UNAUTHENTICATED'; END IF;
  INSERT INTO public."Organizer" ("slug", "name") VALUES ($1, $2);
  INSERT INTO public."OrganizerUser" ("organizerSlug", "userId", "role") VALUES ($1, auth.uid(), 'OWNER');
  RETURN $1;
END $$;

CREATE FUNCTION "public"."transferOwnership"("slug" TEXT, "newOwner" UUID) RETURNS VOID LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
  my_role public."Role";
BEGIN
  SELECT ou."role" INTO my_role FROM public."OrganizerUser" ou WHERE ou."organizerSlug" = $1 AND ou."userId" = auth.uid();
  IF my_role <> 'OWNER' THEN
    RAISE EXCEPTION 'FORBIDDEN';
  END IF;
  UPDATE public."OrganizerUser" ou SET "role" = 'STAFF' WHERE ou."organizerSlug" = $1 AND ou."role" = 'OWNER';
  INSERT INTO public."OrganizerUser" ("organizerSlug", "userId", "role") VALUES ($1, $2, 'OWNER')
  ON CONFLICT ("organizerSlug", "userId") DO UPDATE SET "role" = 'OWNER';
END $$;

CREATE FUNCTION "public"."refundOrder"("orderId" TEXT) RETURNS BOOLEAN LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
#variable_conflict use_column
BEGIN
  IF NOT EXISTS (
    SELECT 1 FROM public."Order" o JOIN public."Event" e ON e."id" = o."eventId"
    WHERE o."id" = $1 AND EXISTS (
      SELECT 1 FROM public."OrganizerUser" ou WHERE ou."organizerSlug" = "organizerSlug" AND ou."userId" = auth.uid())
  ) THEN
    RETURN false;
  END IF;
  UPDATE public."Order" o SET "status" = 'REFUNDED' WHERE o."id" = $1;
  UPDATE public."Ticket" t SET "status" = 'VOID' WHERE t."orderId" = $1;
  RETURN true;
END $$;

CREATE FUNCTION "public"."listAttendees"("eventId" TEXT) RETURNS TABLE ("holder" TEXT, "type" TEXT) LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = '' AS $$
BEGIN
  PERFORM 1 FROM public."OrganizerUser" ou WHERE ou."userId" = auth.uid();
  IF NOT FOUND THEN
    RAISE EXCEPTION 'FORBIDDEN';
  END IF;
  RETURN QUERY SELECT t."holder", tt."name" FROM public."Ticket" t JOIN public."TicketType" tt ON tt."id" = t."ticketTypeId" WHERE tt."eventId" = $1;
END $$;

CREATE FUNCTION "public"."cancelEvent"("eventId" TEXT) RETURNS BOOLEAN LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
  IF NOT public."ownsEvent"($1) THEN
    RETURN false;
  END IF;
  UPDATE public."Event" e SET "status" = 'CANCELLED' WHERE e."id" = $1;
  RETURN true;
END $$;

CREATE VIEW "public"."EventStats" AS
  SELECT e."organizerSlug", e."title", count(o."id") AS "orders", coalesce(sum(o."total"), 0) AS "revenue"
  FROM "public"."Event" e LEFT JOIN "public"."Order" o ON o."eventId" = e."id" AND o."status" = 'PAID' GROUP BY e."id";

-- Grants
GRANT USAGE ON SCHEMA "public" TO anon, authenticated, service_role;
GRANT SELECT ON "public"."Event", "public"."TicketType", "public"."Venue", "public"."Order" TO anon;
GRANT SELECT ON "public"."Organizer", "public"."OrganizerUser", "public"."Event", "public"."TicketType", "public"."Order", "public"."Ticket",
  "public"."Coupon", "public"."Payout", "public"."Venue", "public"."EventStats" TO authenticated;
GRANT UPDATE ("name", "payoutIban") ON "public"."Organizer" TO authenticated;
GRANT UPDATE ("notifyEmail") ON "public"."OrganizerUser" TO authenticated;
GRANT INSERT, UPDATE ON "public"."Event" TO authenticated;
GRANT INSERT, UPDATE, DELETE ON "public"."TicketType", "public"."Coupon" TO authenticated;
GRANT UPDATE ("status") ON "public"."Ticket" TO authenticated;
GRANT SELECT ("id", "organizerSlug", "label"), DELETE ON "public"."ApiKey" TO authenticated;
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA "public" FROM PUBLIC;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA "public" TO authenticated;
GRANT EXECUTE ON FUNCTION "public"."memberOf"(TEXT), "public"."ownsEvent"(TEXT) TO anon;

INSERT INTO "public"."Venue" ("name", "country") VALUES ('Town Hall', 'GB'), ('Arena', 'DE');
