import { type Ansicht, titel } from "./app.ts";
import { funktion, supa } from "./daten.ts";
import { h } from "./ui.ts";

interface Kurs {
  id: string;
  organizationId: string;
  title: string;
  visibility?: string;
  contentVersion: number;
  tagIds?: string[];
  tags: { typeKey?: string; value: string }[];
}
const SEITE = 10;

export async function kurse({ stand, haupt, aktuell }: Ansicht) {
  const konfig = stand.konfig!;
  const typen = konfig.tagTypes.filter((one) => one.isEnabled && one.tags.length > 0);
  const gewaehlt = new Set<string>();
  let modus: "metadaten" | "katalog" = "metadaten";
  let alle = false;
  let suche = "";
  let seite = 1;
  let katalog: Promise<Kurs[]> | null = null;
  let anfrage = 0;

  const ladeKatalog = async (): Promise<Kurs[]> => {
    const { data } = supa.storage.from("public-courses").getPublicUrl("catalog.json");
    const antwort = await fetch(data.publicUrl);
    if (!antwort.ok) throw new Error("Der Katalog ist nicht erreichbar.");
    const { courses } = await antwort.json();
    return courses.map((one: Kurs & { tags: Record<string, string[]> | string[] }) => ({
      ...one,
      tags: Array.isArray(one.tags)
        ? one.tags.map((value) => ({ value: String(value) }))
        : Object.entries(one.tags as unknown as Record<string, string[]>).flatMap(([typeKey, values]) =>
          values.map((value) => ({ typeKey, value }))
        ),
    }));
  };
  const ausKatalog = async () => {
    const alleKurse = await (katalog ??= ladeKatalog());
    const gruppen = typen.flatMap((type) =>
      type.tags.filter((tag) => gewaehlt.has(tag.id)).map((tag) => ({ typeKey: type.key, value: tag.value }))
    );
    const passt = (kurs: Kurs, tag: { typeKey: string; value: string }) =>
      kurs.tags.some((one) => one.value === tag.value && (!one.typeKey || one.typeKey === tag.typeKey));
    const treffer = alleKurse.filter((one) =>
      one.title.toLowerCase().includes(suche.toLowerCase()) &&
      (gruppen.length === 0 || (alle ? gruppen.every((tag) => passt(one, tag)) : gruppen.some((tag) => passt(one, tag))))
    );
    return { courses: treffer.slice((seite - 1) * SEITE, seite * SEITE), total: treffer.length };
  };
  const ausMetadaten = () =>
    funktion<{ courses: Kurs[]; total: number }>("list-courses-filtered", {
      tagIds: [...gewaehlt].join(","),
      matchAll: alle ? "true" : "",
      search: suche,
      limit: String(SEITE),
      offset: String((seite - 1) * SEITE),
      organizationId: stand.org!.role === "superadmin" ? stand.org!.id : "",
    });

  const anzahl = h("p", { role: "status" });
  const liste = h("div", { class: "tabelle" });
  const blaettern = h("nav", { "aria-label": "Seiten", class: "leiste" });

  const zeichnen = async () => {
    const nummer = ++anfrage;
    anzahl.textContent = "Kurse werden geladen …";
    liste.setAttribute("aria-busy", "true");
    let ergebnis: { courses: Kurs[]; total: number };
    try {
      ergebnis = await (modus === "katalog" ? ausKatalog() : ausMetadaten());
    } catch (error) {
      if (nummer !== anfrage || !aktuell()) return;
      katalog = null;
      liste.removeAttribute("aria-busy");
      liste.replaceChildren(h("p", { class: "fehler", role: "alert" }, (error as Error).message));
      anzahl.textContent = "";
      dispatchEvent(new CustomEvent("misslungen", { detail: error }));
      return;
    }
    if (nummer !== anfrage || !aktuell()) return;
    const { courses, total } = ergebnis;
    liste.removeAttribute("aria-busy");
    anzahl.textContent = total === 1 ? "1 Kurs gefunden" : `${total} Kurse gefunden`;
    liste.replaceChildren(
      total === 0 ? h("p", {}, "Kein Kurs passt zu dieser Auswahl.") : h(
        "table",
        { "aria-label": "Kurse" },
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            ...["Kurs", "Schlagwörter", "Sichtbarkeit", "Stand", "Verlauf"].map((one) => h("th", { scope: "col" }, one)),
          ),
        ),
        h(
          "tbody",
          {},
          ...courses.map((kurs) =>
            h(
              "tr",
              {},
              h(
                "th",
                { scope: "row" },
                h("a", { href: `/play/${encodeURIComponent(kurs.id)}`, "data-weg": true }, kurs.title || kurs.id),
              ),
              h("td", {}, ...kurs.tags.map((tag) => h("span", { class: "marke" }, tag.value))),
              h("td", {}, modus === "katalog" || kurs.visibility === "global" ? "Für alle" : "Intern"),
              h("td", {}, String(kurs.contentVersion)),
              h(
                "td",
                {},
                stand.organisationen.some(({ id }) => id === kurs.organizationId)
                  ? h("a", {
                    href: `/admin/courses/${encodeURIComponent(kurs.id)}/versions`,
                    "data-weg": true,
                    "aria-label": `Verlauf von ${kurs.title}`,
                  }, "Verlauf")
                  : "–",
              ),
            )
          ),
        ),
      ),
    );
    const seiten = Math.ceil(total / SEITE);
    blaettern.hidden = seiten < 2;
    blaettern.replaceChildren(...Array.from({ length: seiten }, (_, n) =>
      h("button", {
        type: "button",
        "aria-current": n + 1 === seite ? "page" : undefined,
        "aria-label": `Seite ${n + 1}`,
        onclick: () => (seite = n + 1, void zeichnen()),
      }, String(n + 1))));
  };
  const neu = () => (seite = 1, void zeichnen());

  const eingabe = h("input", { type: "search" });
  const suchform = h(
    "form",
    {
      role: "search",
      class: "leiste",
      onsubmit: (event: Event) => (event.preventDefault(), suche = eingabe.value.trim(), neu()),
    },
    h("label", {}, "Kurs suchen ", eingabe),
    h("button", { type: "submit" }, "Suchen"),
  );
  const schalter = (text: string, wert: boolean) =>
    h(
      "label",
      { class: "wahl" },
      h("input", { type: "radio", name: "verknuepfung", checked: alle === wert, onchange: () => (alle = wert, neu()) }),
      text,
    );
  const filter = h(
    "details",
    {},
    h("summary", {}, "Filter"),
    h("fieldset", {}, h("legend", {}, "Verknüpfung"), schalter("Mindestens eines", false), schalter("Alle zugleich", true)),
    ...typen.map((type) =>
      h(
        "fieldset",
        {},
        h("legend", {}, type.label),
        ...type.tags.map((tag) =>
          h(
            "label",
            { class: "wahl" },
            h("input", {
              type: "checkbox",
              onchange: (
                event: Event,
              ) => ((event.target as HTMLInputElement).checked ? gewaehlt.add(tag.id) : gewaehlt.delete(tag.id), neu()),
            }),
            tag.value,
          )
        ),
      )
    ),
  );
  const reiter = ([["metadaten", "Metadaten"], ["katalog", "Katalog"]] as const).map(([wert, text]) =>
    h("button", {
      type: "button",
      role: "tab",
      id: `reiter-${wert}`,
      "aria-controls": "ergebnis",
      "aria-selected": String(modus === wert),
      tabindex: modus === wert ? "0" : "-1",
      onclick: () => umschalten(wert),
      onkeydown: (event: KeyboardEvent) => {
        if (event.key === "ArrowRight" || event.key === "ArrowLeft") {
          umschalten(wert === "katalog" ? "metadaten" : "katalog", true);
        }
      },
    }, text)
  );
  const umschalten = (wert: "metadaten" | "katalog", fokus = false) => {
    modus = wert;
    for (const one of reiter) {
      const an = one.id === `reiter-${wert}`;
      one.setAttribute("aria-selected", String(an));
      one.tabIndex = an ? 0 : -1;
      if (an && fokus) one.focus();
    }
    feldErgebnis.setAttribute("aria-labelledby", `reiter-${wert}`);
    neu();
  };
  const feldErgebnis = h(
    "div",
    { role: "tabpanel", id: "ergebnis", "aria-labelledby": "reiter-metadaten" },
    anzahl,
    liste,
    blaettern,
  );
  haupt.replaceChildren(
    titel("Kursauswahl"),
    suchform,
    filter,
    h("div", { role: "tablist", "aria-label": "Quelle", class: "leiste" }, ...reiter),
    feldErgebnis,
  );
  await zeichnen();
}
