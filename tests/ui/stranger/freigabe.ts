import { type Ansicht, titel, versuche } from "./app.ts";
import { darfVerwalten, frage, kurz, lade, supa, vergessen } from "./daten.ts";
import { combobox, dialog, h, toast, type Wahl } from "./ui.ts";

interface Vorschlag {
  id: string;
  course_id: string;
  suggested_tags: Record<string, string[]>;
}

export async function freigabe({ stand, haupt, aktuell }: Ansicht) {
  const org = stand.org!.id;
  if (!darfVerwalten(stand.org!.role)) {
    haupt.replaceChildren(
      titel("Freigaben"),
      h("p", { class: "fehler", role: "alert" }, "Nur Administratorinnen und Administratoren dürfen Vorschläge freigeben."),
    );
    return;
  }
  const zeichnen = async () => {
    const vorschlaege: Vorschlag[] = await frage(
      supa.from("tag_approval_queue").select("id, course_id, suggested_tags").eq("organization_id", org).eq("status", "pending")
        .order("created_at"),
    );
    const ids = [...new Set(vorschlaege.map((one) => one.course_id))];
    const kurse: { id: string; title: string }[] = ids.length
      ? await frage(supa.from("course_metadata").select("id, title").in("id", ids))
      : [];
    if (!aktuell()) return;
    const typen = stand.konfig!.tagTypes;

    const karte = (one: Vorschlag) => {
      const kurs = kurse.find(({ id }) => id === one.course_id)?.title || one.course_id;
      const gewaehlt = new Map<string, Wahl | null>();
      const begriffe = Object.entries(one.suggested_tags).flatMap(([art, texte]) => texte.map((text) => ({ art, text })));
      const zeilen = begriffe.map(({ art, text }) => {
        const typ = typen.find(({ key }) => key === art);
        const bekannt = (typ?.tags ?? []).map((tag) => ({ wert: tag.id, text: tag.value }));
        const gleich = bekannt.find((wahl) => wahl.text.toLowerCase() === text.toLowerCase()) ?? null;
        const name = `${art}\u0000${text}`;
        gewaehlt.set(name, gleich);
        return h(
          "tr",
          {},
          h("td", {}, typ?.label ?? art),
          h("th", { scope: "row" }, text),
          h(
            "td",
            {},
            combobox(
              `Zuordnung für ${text}`,
              [...bekannt, { wert: "", text: `Neu anlegen: ${text}` }],
              gleich,
              (neu) => gewaehlt.set(name, neu),
            ),
          ),
        );
      });
      const uebernehmen = async () => {
        if ([...gewaehlt.values()].some((wahl) => !wahl)) throw new Error("Bitte ordne erst jeden Begriff zu.");
        const zugeordnet: string[] = [];
        for (const [name, wahl] of gewaehlt) {
          const [type_key, value] = name.split("\u0000");
          if (wahl!.wert) zugeordnet.push(wahl!.wert);
          else {
            const neu = await frage(
              supa.from("tags").upsert({ organization_id: org, type_key, value, slug: kurz(value), is_active: true }, {
                onConflict: "organization_id,type_key,slug",
              }).select("id").single(),
            );
            zugeordnet.push(neu.id);
          }
        }
        const { tag_ids } = await frage(supa.from("course_metadata").select("tag_ids").eq("id", one.course_id).single());
        await frage(
          supa.from("course_metadata").update({ tag_ids: [...new Set([...tag_ids, ...zugeordnet])] }).eq("id", one.course_id)
            .select("id").single(),
        );
        await frage(
          supa.from("tag_approval_queue").update({ status: "approved", mapped_tag_ids: zugeordnet }).eq("id", one.id).select("id")
            .single(),
        );
        vergessen();
        stand.konfig = (await lade(stand.session)).konfig;
        await zeichnen();
        toast(`Vorschläge für „${kurs}“ übernommen.`);
      };
      const verwerfen = () =>
        void dialog(
          "Vorschlag verwerfen",
          [h("p", {}, `Vorschläge für „${kurs}“ wirklich verwerfen?`)],
          "Ja, verwerfen",
          async () => {
            await frage(supa.from("tag_approval_queue").update({ status: "rejected" }).eq("id", one.id).select("id").single());
            await zeichnen();
          },
        ).then((ok) => ok && toast("Verworfen."));
      return h(
        "article",
        { "aria-label": kurs },
        h("h3", {}, kurs),
        h(
          "table",
          { "aria-label": `Begriffe für ${kurs}` },
          h("thead", {}, h("tr", {}, ...["Art", "Vorschlag", "Zuordnung"].map((name) => h("th", { scope: "col" }, name)))),
          h("tbody", {}, ...zeilen),
        ),
        h(
          "div",
          { class: "leiste" },
          h("button", { type: "button", class: "haupt", onclick: () => versuche(uebernehmen) }, "Übernehmen"),
          h("button", { type: "button", onclick: verwerfen }, "Verwerfen"),
        ),
      );
    };
    haupt.replaceChildren(
      titel("Freigaben"),
      h("p", {}, vorschlaege.length === 0 ? "Nichts zu tun: Es wartet kein Vorschlag." : `${vorschlaege.length} offen`),
      ...vorschlaege.map(karte),
    );
  };
  await zeichnen();
}
