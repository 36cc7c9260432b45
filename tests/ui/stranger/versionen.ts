import { type Ansicht, titel, versuche } from "./app.ts";
import { darfBearbeiten, frage, funktion, supa } from "./daten.ts";
import { dialog, feld, h, toast } from "./ui.ts";

interface Version {
  version: number;
  published_at: string;
  author: string | null;
  changelog: string | null;
}

export async function versionen({ stand, haupt, parameter, aktuell }: Ansicht) {
  const id = parameter[0];
  const zeichnen = async () => {
    const [kurs, liste]: [{ title: string; organization_id: string } | null, Version[]] = await Promise.all([
      frage(supa.from("course_metadata").select("title, organization_id").eq("id", id).maybeSingle()),
      frage(supa.rpc("list_course_versions", { course: id })),
    ]);
    if (!aktuell()) return;
    const org = stand.organisationen.find((one) => one.id === kurs?.organization_id);
    if (!kurs || !org) {
      haupt.replaceChildren(
        titel("Versionsverlauf"),
        h("p", { class: "fehler", role: "alert" }, "Diesen Verlauf gibt es nicht, oder er ist nicht für dich bestimmt."),
      );
      return;
    }
    const ansehen = (one: Version) =>
      versuche(async () => {
        const inhalt = await frage(supa.rpc("get_version_snapshot", { course: id, version: one.version }));
        void dialog(`Stand der Version ${one.version}`, [
          h("p", {}, inhalt?.title ?? ""),
          h("pre", { tabindex: "0" }, JSON.stringify(inhalt, null, 2)),
        ], null);
      });
    const zurueck = (one: Version) => {
      const grund = h("textarea", { rows: "2" });
      void dialog(
        `Version ${one.version} wiederherstellen`,
        [
          h("p", {}, "Der alte Stand wird als neue Version obenauf gelegt. Nichts geht verloren."),
          feld("Begründung", grund),
        ],
        "Ja, wiederherstellen",
        async () => {
          const changelog = grund.value.trim();
          const { newVersion } = await funktion("restore-course-version", {}, {
            courseId: id,
            version: one.version,
            ...(changelog ? { changelog } : {}),
          });
          await zeichnen();
          toast(`Version ${one.version} liegt jetzt als Version ${newVersion} obenauf.`);
        },
      );
    };
    haupt.replaceChildren(
      titel("Versionsverlauf"),
      h("p", {}, "Kurs: ", h("a", { href: `/play/${encodeURIComponent(id)}`, "data-weg": true }, kurs.title || id)),
      liste.length === 0 ? h("p", {}, "Von diesem Kurs wurde noch nichts veröffentlicht.") : h(
        "div",
        { class: "tabelle" },
        h(
          "table",
          { "aria-label": "Versionen" },
          h(
            "thead",
            {},
            h("tr", {}, ...["Nr.", "Zeitpunkt", "Von", "Änderung", "Aktionen"].map((one) => h("th", { scope: "col" }, one))),
          ),
          h(
            "tbody",
            {},
            ...liste.map((one) =>
              h(
                "tr",
                {},
                h("th", { scope: "row" }, String(one.version)),
                h("td", {}, h("time", { datetime: one.published_at }, new Date(one.published_at).toLocaleString("de-DE"))),
                h("td", {}, one.author ?? "unbekannt"),
                h("td", {}, one.changelog ?? "–"),
                h(
                  "td",
                  {},
                  h(
                    "button",
                    { type: "button", "aria-label": `Version ${one.version} ansehen`, onclick: () => ansehen(one) },
                    "Ansehen",
                  ),
                  " ",
                  darfBearbeiten(org.role) &&
                    h("button", {
                      type: "button",
                      "aria-label": `Version ${one.version} wiederherstellen`,
                      onclick: () => zurueck(one),
                    }, "Wiederherstellen"),
                ),
              )
            ),
          ),
        ),
      ),
    );
  };
  await zeichnen();
}
