import { type Ansicht, titel, versuche } from "./app.ts";
import { darfVerwalten, frage, kurz, lade, supa, vergessen } from "./daten.ts";
import { combobox, dialog, feld, h, menue, toast } from "./ui.ts";

interface Wort {
  id: string;
  organization_id: string | null;
  type_key: string;
  value: string;
  slug: string;
  is_active: boolean;
}

export async function schlagworte(ansicht: Ansicht) {
  const { stand, haupt, aktuell } = ansicht;
  const org = stand.org!.id;
  if (!darfVerwalten(stand.org!.role)) {
    haupt.replaceChildren(
      titel("Tag Management"),
      h("p", { class: "fehler", role: "alert" }, "Nur Administratorinnen und Administratoren dürfen Schlagwörter verwalten."),
    );
    return;
  }
  const zeichnen = async () => {
    vergessen();
    const { konfig } = await lade(stand.session);
    const filter = `organization_id.is.null,organization_id.eq.${org}`;
    const worte: Wort[] = await frage(
      supa.from("tags").select("id, organization_id, type_key, value, slug, is_active").or(filter).order("value"),
    );
    if (!aktuell()) return;
    const typen = konfig!.tagTypes;

    const speichern = async (
      type: typeof typen[number],
      aenderung: { is_enabled?: boolean; display_order?: number; label?: string },
    ) => {
      await frage(
        supa.from("tag_types").upsert({
          organization_id: org,
          key: type.key,
          label: type.label,
          is_enabled: type.isEnabled,
          display_order: type.displayOrder,
          ...aenderung,
        }, { onConflict: "organization_id,key" }).select("id").single(),
      );
    };
    const verschieben = (n: number, um: number) =>
      versuche(async () => {
        const [hier, dort] = [typen[n], typen[n + um]];
        await speichern(hier, {
          display_order: dort.displayOrder === hier.displayOrder ? dort.displayOrder + um : dort.displayOrder,
        });
        if (dort.displayOrder !== hier.displayOrder) await speichern(dort, { display_order: hier.displayOrder });
        await zeichnen();
        toast(`„${typen[n].label}“ steht jetzt an Stelle ${n + um + 1}.`);
      });

    const benennen = (type: typeof typen[number]) => {
      const name = h("input", { type: "text", value: type.label, required: true });
      void dialog("Art umbenennen", [feld("Neue Bezeichnung", name)], "Bezeichnung speichern", async () => {
        await speichern(type, { label: name.value.trim() });
        await zeichnen();
      }).then((ok) => ok && toast("Bezeichnung gespeichert."));
    };
    const zeilen = typen.map((type, n) =>
      h(
        "tr",
        {},
        h("td", {}, String(n + 1)),
        h("th", { scope: "row" }, type.label),
        h(
          "td",
          {},
          h("button", {
            type: "button",
            role: "switch",
            "aria-checked": String(type.isEnabled),
            "aria-label": `${type.label} verwenden`,
            onclick: () =>
              versuche(async () => {
                await speichern(type, { is_enabled: !type.isEnabled });
                await zeichnen();
                toast(`„${type.label}“ ist jetzt ${type.isEnabled ? "aus" : "an"}.`);
              }),
          }, type.isEnabled ? "An" : "Aus"),
        ),
        h(
          "td",
          {},
          h("button", {
            type: "button",
            disabled: n === 0,
            "aria-label": `${type.label} nach oben`,
            onclick: () => verschieben(n, -1),
          }, "↑"),
          " ",
          h("button", {
            type: "button",
            disabled: n === typen.length - 1,
            "aria-label": `${type.label} nach unten`,
            onclick: () => verschieben(n, 1),
          }, "↓"),
        ),
        h(
          "td",
          {},
          h(
            "button",
            { type: "button", "aria-label": `${type.label} umbenennen`, onclick: () => benennen(type) },
            "Bezeichnung …",
          ),
        ),
      )
    );

    const aktionen = (wort: Wort) =>
      menue(`Aktionen für ${wort.value}`, "⋯", [
        ["Umbenennen", () => {
          const name = h("input", { type: "text", value: wort.value, required: true, autofocus: true });
          void dialog("Schlagwort umbenennen", [feld("Neuer Name", name)], "Speichern", async () => {
            await frage(supa.from("tags").update({ value: name.value.trim() }).eq("id", wort.id).select("id").single());
            await zeichnen();
          }).then((ok) => ok && toast("Umbenannt."));
        }],
        wort.is_active
          ? ["Stilllegen", () => {
            void dialog(
              "Schlagwort stilllegen",
              [h("p", {}, `Soll „${wort.value}“ nicht mehr angeboten werden?`)],
              "Ja, stilllegen",
              async () => {
                await frage(supa.from("tags").update({ is_active: false }).eq("id", wort.id).select("id").single());
                await zeichnen();
              },
            ).then((ok) => ok && toast("Stillgelegt."));
          }]
          : ["Reaktivieren", () =>
            versuche(async () => {
              await frage(supa.from("tags").update({ is_active: true }).eq("id", wort.id).select("id").single());
              await zeichnen();
              toast("Wieder aktiv.");
            })],
      ]);

    const tafel = typen.map((type) => {
      const alle = worte.filter((one) => one.type_key === type.key);
      const sichtbar = alle.filter((one) =>
        one.organization_id || !alle.some((own) => own.organization_id && own.slug === one.slug)
      );
      return h(
        "div",
        { class: "tabelle" },
        h(
          "table",
          {},
          h("caption", {}, type.label),
          h(
            "thead",
            {},
            h("tr", {}, ...["Wert", "Herkunft", "Zustand", "Aktionen"].map((one) => h("th", { scope: "col" }, one))),
          ),
          h(
            "tbody",
            {},
            ...sichtbar.map((wort) =>
              h(
                "tr",
                {},
                h("th", { scope: "row" }, wort.value),
                h("td", {}, wort.organization_id ? "Eigenes" : "Vorgegeben"),
                h("td", {}, wort.is_active ? "Aktiv" : "Stillgelegt"),
                h("td", {}, wort.organization_id ? aktionen(wort) : "–"),
              )
            ),
            sichtbar.length === 0 && h("tr", {}, h("td", { colspan: "4" }, "Noch keine Werte.")),
          ),
        ),
      );
    });

    const hinzu = () => {
      let art: string | null = null;
      const name = h("input", { type: "text", required: true });
      const wahl = combobox(
        "Art",
        typen.map((one) => ({ wert: one.key, text: one.label })),
        null,
        (neu) => (art = neu?.wert ?? null),
      );
      void dialog(
        "Neues Schlagwort",
        [h("div", { class: "feld" }, "Art ", wahl), feld("Bezeichnung", name)],
        "Anlegen",
        async () => {
          if (!art) throw new Error("Bitte wähle eine Art.");
          const value = name.value.trim();
          await frage(
            supa.from("tags").insert({ organization_id: org, type_key: art, value, slug: kurz(value) }).select("id").single(),
          );
          await zeichnen();
        },
      ).then((ok) => ok && toast("Angelegt."));
    };
    haupt.replaceChildren(
      titel("Tag Management"),
      h("div", { class: "leiste" }, h("button", { type: "button", class: "haupt", onclick: hinzu }, "Schlagwort hinzufügen")),
      h("h3", {}, "Arten"),
      h(
        "div",
        { class: "tabelle" },
        h(
          "table",
          { "aria-label": "Arten" },
          h(
            "thead",
            {},
            h("tr", {}, ...["Nr.", "Art", "Verwendet", "Reihenfolge", "Name"].map((one) => h("th", { scope: "col" }, one))),
          ),
          h("tbody", {}, ...zeilen),
        ),
      ),
      h("h3", {}, "Werte"),
      ...tafel,
    );
  };
  await zeichnen();
}
