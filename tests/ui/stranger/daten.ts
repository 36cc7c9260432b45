import { createClient, FunctionsHttpError, type Session } from "@supabase/supabase-js";
declare global {
  var __CONFIG__: { supabaseUrl: string; publishableKey: string };
}
const { supabaseUrl, publishableKey } = globalThis.__CONFIG__;
export const supa = createClient(supabaseUrl, publishableKey, { auth: { storageKey: "lernwelt.anmeldung" } });

export class Abgelaufen extends Error {}

// deno-lint-ignore no-explicit-any
export async function frage<T = any>(anfrage: PromiseLike<{ data: any; error: any; status?: number }>): Promise<T> {
  const { data, error, status } = await anfrage;
  if (!error) return data;
  if (status === 401 || error.code === "PGRST301" || error.code === "PGRST303") throw new Abgelaufen("Sitzung abgelaufen");
  if (error.code === "23505") throw new Error("Das gibt es schon.");
  throw new Error(error.message ?? "Unbekannter Fehler");
}

// deno-lint-ignore no-explicit-any
export async function funktion<T = any>(name: string, parameter: Record<string, string> = {}, body?: unknown): Promise<T> {
  const query = new URLSearchParams(Object.entries(parameter).filter(([, value]) => value !== ""));
  const text = query.toString();
  const { data, error } = await supa.functions.invoke(text ? `${name}?${text}` : name, {
    method: body === undefined ? "GET" : "POST",
    body: body as Record<string, unknown> | undefined,
  });
  if (!error) return data as T;
  if (error instanceof FunctionsHttpError) {
    if (error.context.status === 401) throw new Abgelaufen("Sitzung abgelaufen");
    const antwort = await error.context.json().catch(() => null);
    throw new Error(antwort?.error?.message ?? error.message);
  }
  throw error;
}

export interface Rolle {
  organization_id: string | null;
  organization_name: string | null;
  role: string;
}
export interface Organisation {
  id: string;
  name: string;
  role: string;
}
export interface Konfig {
  organization: { id: string; name: string };
  tagTypes: {
    key: string;
    label: string;
    isEnabled: boolean;
    displayOrder: number;
    tags: { id: string; value: string; slug: string }[];
  }[];
  variantConfig: {
    difficulty: { levels: { id: string; label: string; order: number }[]; default: string; exposeToUsers: boolean };
  };
}

export interface Stand {
  session: Session;
  organisationen: Organisation[];
  org: Organisation | null;
  konfig: Konfig | null;
}

const ORG = "lernwelt.organisation";
let stand: { fuer: string; wert: Promise<Stand> } | null = null;

export function vergessen(alles = false) {
  stand = null;
  if (alles) localStorage.removeItem(ORG);
}

export function waehleOrg(id: string) {
  localStorage.setItem(ORG, id);
  vergessen();
}

export function lade(session: Session): Promise<Stand> {
  if (stand?.fuer !== session.user.id) {
    const wert = ladeNeu(session);
    stand = { fuer: session.user.id, wert };
    wert.catch(() => (stand = null));
  }
  return stand!.wert;
}

async function ladeNeu(session: Session): Promise<Stand> {
  const rollen: Rolle[] = await frage(supa.rpc("get_user_roles"));
  let organisationen: Organisation[];
  if (rollen.some((one) => one.role === "superadmin")) {
    const alle = await frage(supa.from("organizations").select("id, name").order("name"));
    organisationen = alle.map((one: { id: string; name: string }) => ({ ...one, role: "superadmin" }));
  } else {
    organisationen = rollen.filter((one) => one.organization_id).map((one) => ({
      id: one.organization_id!,
      name: one.organization_name ?? "",
      role: one.role,
    }));
  }
  const gemerkt = localStorage.getItem(ORG);
  const org = organisationen.find((one) => one.id === gemerkt) ?? organisationen[0] ?? null;
  const konfig = org ? await funktion<Konfig>("org-config", { organizationId: org.id }) : null;
  return { session, organisationen, org, konfig };
}

export const darfVerwalten = (rolle: string) => rolle === "org_admin" || rolle === "superadmin";
export const darfBearbeiten = (rolle: string) => rolle === "editor" || darfVerwalten(rolle);
export const kurz = (text: string) =>
  text.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-+|-+$/g, "") ||
  crypto.randomUUID();
