// A front end that was written from the application's contract alone, by somebody who knew nothing of the suite: in another
// language, with menus, dialogs, comboboxes, tabs and numbered pages. labels.toml is all that the suite is told about it.
import { Abgelaufen, darfVerwalten, lade, type Stand, supa, vergessen, waehleOrg } from "./daten.ts";
import { combobox, feld, h, menue, toast } from "./ui.ts";
import { schlagworte } from "./schlagworte.ts";
import { freigabe } from "./freigabe.ts";
import { kurse } from "./kurse.ts";
import { versionen } from "./versionen.ts";
import { lernen } from "./lernen.ts";

export interface Ansicht {
  stand: Stand;
  parameter: string[];
  haupt: HTMLElement;
  aktuell: () => boolean;
}

const wege: [RegExp, string, (a: Ansicht) => Promise<void> | void][] = [
  [/^\/admin\/tags\/?$/, "Tag Management", schlagworte],
  [/^\/admin\/tags\/approve\/?$/, "Freigaben", freigabe],
  [/^\/admin\/courses\/select\/?$/, "Kursauswahl", kurse],
  [/^\/admin\/courses\/([^/]+)\/versions\/?$/, "Versionsverlauf", versionen],
  [/^\/play\/([^/]+)\/?$/, "Lernen", lernen],
];
const wurzel = document.getElementById("wurzel")!;
let lauf = 0;
let hinweis = "";

export function gehe(ziel: string, ersetzen = false) {
  history[ersetzen ? "replaceState" : "pushState"](null, "", ziel);
  zeige();
}

document.addEventListener("click", (event) => {
  const link = (event.target as Element).closest?.("a[data-weg]") as HTMLAnchorElement | null;
  if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  gehe(link.getAttribute("href")!);
});
addEventListener("popstate", () => zeige());
addEventListener("misslungen", (event) => {
  if ((event as CustomEvent).detail instanceof Abgelaufen) void abgelaufen();
});

async function abgelaufen() {
  hinweis = "Deine Sitzung ist abgelaufen. Bitte melde dich wieder an.";
  await supa.auth.signOut({ scope: "local" });
  zurAnmeldung();
}

/** Runs what a button does; says what went wrong. */
export async function versuche(tun: () => Promise<unknown>) {
  try {
    await tun();
  } catch (error) {
    if (error instanceof Abgelaufen) return abgelaufen();
    toast((error as Error).message);
  }
}
supa.auth.onAuthStateChange((ereignis) => {
  if (ereignis === "SIGNED_OUT") {
    vergessen(true);
    if (location.pathname !== "/auth") {
      setTimeout(() => zurAnmeldung());
    }
  }
});

function zurAnmeldung() {
  if (location.pathname === "/auth") return;
  const hier = location.pathname + location.search;
  gehe(hier === "/" ? "/auth" : `/auth?weiter=${encodeURIComponent(hier)}`, true);
}

async function abmelden() {
  hinweis = "Du bist abgemeldet.";
  history.replaceState(null, "", "/auth");
  await supa.auth.signOut({ scope: "local" });
  vergessen(true);
  zeige();
}

function anmeldung() {
  document.title = "Anmelden · Lernwelt";
  const fehler = h("p", { class: "fehler", role: "alert", hidden: true });
  const mail = h("input", { type: "email", autocomplete: "username", required: true });
  const kennwort = h("input", { type: "password", autocomplete: "current-password", required: true });
  const knopf = h("button", { class: "haupt", type: "submit" }, "Anmelden");
  const form = h(
    "form",
    {
      onsubmit: async (event: Event) => {
        event.preventDefault();
        fehler.hidden = true;
        knopf.disabled = true;
        const { error } = await supa.auth.signInWithPassword({ email: mail.value, password: kennwort.value });
        knopf.disabled = false;
        if (error) {
          fehler.textContent = error.code === "invalid_credentials"
            ? "E-Mail-Adresse oder Kennwort stimmt nicht."
            : `Das hat nicht geklappt: ${error.message}`;
          fehler.hidden = false;
          return;
        }
        hinweis = "";
        const weiter = new URLSearchParams(location.search).get("weiter") ?? "";
        gehe(/^\/(?![/\\])/.test(weiter) ? weiter : "/admin/courses/select", true);
      },
    },
    feld("E-Mail-Adresse", mail),
    feld("Kennwort", kennwort),
    knopf,
  );
  wurzel.replaceChildren(
    h(
      "main",
      {},
      h("h1", {}, "Willkommen in der Lernwelt"),
      hinweis && h("p", { class: "hinweis", role: "status" }, hinweis),
      fehler,
      form,
    ),
  );
}

function kopf(stand: Stand, pfad: string) {
  const link = (ziel: string, text: string) =>
    h("a", { href: ziel, "data-weg": true, "aria-current": pfad === ziel ? "page" : undefined }, text);
  const rolle = stand.org?.role ?? "";
  const wahl = stand.organisationen.length > 1 && combobox(
    "Organisation",
    stand.organisationen.map(({ id, name }) => ({ wert: id, text: name })),
    stand.org && { wert: stand.org.id, text: stand.org.name },
    (neu) => neu && (waehleOrg(neu.wert), zeige()),
  );
  return h(
    "header",
    { class: "kopf" },
    h("h1", {}, "Lernwelt"),
    h(
      "nav",
      { "aria-label": "Hauptmenü" },
      stand.org && link("/admin/courses/select", "Kurse"),
      darfVerwalten(rolle) && link("/admin/tags", "Schlagwörter"),
      darfVerwalten(rolle) && link("/admin/tags/approve", "Freigaben"),
    ),
    wahl || (stand.org && h("span", {}, stand.org.name)),
    menue("Benutzermenü", stand.session.user.email ?? "Konto", [["Abmelden", () => void abmelden()]]),
  );
}

export async function zeige() {
  const nummer = ++lauf;
  const aktuell = () => nummer === lauf;
  document.querySelectorAll("dialog").forEach((one) => one.close());
  const { data: { session } } = await supa.auth.getSession();
  if (!aktuell()) return;
  const pfad = location.pathname;
  if (!session) {
    if (pfad !== "/auth") {
      return zurAnmeldung();
    }
    return anmeldung();
  }
  if (pfad === "/auth" || pfad === "/") return gehe("/admin/courses/select", true);
  const weg = wege.find(([muster]) => muster.test(pfad));
  const haupt = h("main", {}, h("p", { role: "status" }, "Wird geladen …"));
  if (!wurzel.firstChild || wurzel.querySelector("h1")?.textContent !== "Lernwelt") wurzel.replaceChildren(haupt);
  try {
    const stand = await lade(session);
    if (!aktuell()) return;
    wurzel.replaceChildren(kopf(stand, pfad), haupt);
    if (!weg) {
      haupt.replaceChildren(titel("Seite nicht gefunden"));
    } else if (!stand.org) {
      haupt.replaceChildren(titel(weg[1]), h("p", { class: "fehler", role: "alert" }, "Du gehörst zu keiner Organisation."));
    } else {
      const parameter = weg[0].exec(pfad)!.slice(1).map(decodeURIComponent);
      await weg[2]({ stand, parameter, haupt, aktuell });
    }
  } catch (error) {
    if (!aktuell()) return;
    if (error instanceof Abgelaufen) return abgelaufen();
    haupt.replaceChildren(
      titel(weg?.[1] ?? "Fehler"),
      h("p", { class: "fehler", role: "alert" }, `Fehler: ${(error as Error).message}`),
    );
  }
}

export function titel(text: string) {
  document.title = `${text} · Lernwelt`;
  return h("h2", { tabindex: "-1" }, text);
}
void zeige();
