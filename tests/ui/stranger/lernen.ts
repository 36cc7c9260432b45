import { type Ansicht, titel } from "./app.ts";
import { supa } from "./daten.ts";
import { h, neueId } from "./ui.ts";

// deno-lint-ignore no-explicit-any
type Datei = any;

export async function lernen({ stand, haupt, parameter, aktuell }: Ansicht) {
  const id = parameter[0];
  const { data: kopf, error: nicht } = await supa.from("course_metadata").select("id, etag").eq("id", id).maybeSingle();
  if (!aktuell()) return;
  const weg = () =>
    haupt.replaceChildren(
      titel("Lernen"),
      h("p", { class: "fehler", role: "alert" }, "Diesen Kurs gibt es nicht, oder er ist nicht für dich bestimmt."),
    );
  if (nicht) throw new Error(nicht.message);
  if (!kopf) return weg();
  const { data, error } = await supa.storage.from("courses").download(`${id}/course.json`);
  if (error) return weg();
  const datei: Datei = JSON.parse(await data.text());
  if (!aktuell()) return;

  const schwierigkeit = stand.konfig!.variantConfig.difficulty;
  const eigene: Datei = datei.variants?.difficulty;
  const stufen: { id: string; label: string; order: number }[] = [...(eigene?.levels ?? [])].sort((a, b) => a.order - b.order);
  const beschriftung = (stufe: { id: string; label: string }) =>
    schwierigkeit.levels.find((one) => one.id === stufe.id)?.label ?? stufe.label;
  const merk = `lernwelt.stufe.${stand.session.user.id}`;
  const zeigen = schwierigkeit.exposeToUsers && stufen.length > 1;
  let stufe: string = (zeigen && localStorage.getItem(merk)) || (eigene?.default ?? schwierigkeit.default);

  const text = (teil: Datei): string => {
    if (typeof teil === "string") return teil;
    const variants = teil?.variants;
    if (!variants) return teil?.text ?? "";
    return variants[stufe] ?? variants[eigene?.default] ?? Object.values(variants)[0] ?? "";
  };

  let hier = 0;
  const fragen: Datei[] = datei.items ?? [];
  const buehne = h("section", { "aria-label": "Frage", "aria-live": "polite" });
  const zeichnen = () => {
    const frage = fragen[hier];
    if (!frage) return buehne.replaceChildren(h("p", {}, "Dieser Kurs hat noch keine Fragen."));
    const stamm = text(frage.stem ?? frage.text);
    const antworten: Datei[] = frage.options ?? [];
    const gruppe = neueId("antwort");
    const ergebnis = h("div", { role: "status" });
    const zahl = h("input", { type: "number", step: "any" });
    const pruefen = (event: Event) => {
      event.preventDefault();
      const gewaehlt = (event.target as HTMLFormElement).querySelector<HTMLInputElement>("input[type=radio]:checked");
      const richtig = antworten.length
        ? Number(gewaehlt?.value ?? -1) === frage.correctIndex
        : zahl.value !== "" && Number(zahl.value) === Number(frage.answer);
      ergebnis.replaceChildren(
        h("p", {}, richtig ? "Richtig!" : "Leider falsch."),
        h("p", {}, text(frage.explanation ?? frage.explain ?? "")),
      );
    };
    buehne.replaceChildren(
      h("p", {}, `Frage ${hier + 1} von ${fragen.length}`),
      h("h3", {}, stamm),
      h(
        "form",
        { onsubmit: pruefen },
        antworten.length
          ? h(
            "fieldset",
            {},
            h("legend", {}, "Antworten"),
            ...antworten.map((one, n) =>
              h("label", { class: "wahl" }, h("input", { type: "radio", name: gruppe, value: String(n) }), text(one))
            ),
          )
          : h("label", {}, "Deine Zahl ", zahl),
        h("div", { class: "leiste" }, h("button", { type: "submit", class: "haupt" }, "Prüfen")),
      ),
      ergebnis,
      h(
        "div",
        { class: "leiste" },
        h("button", { type: "button", disabled: hier === 0, onclick: () => (hier--, zeichnen()) }, "Vorige Frage"),
        h(
          "button",
          { type: "button", disabled: hier === fragen.length - 1, onclick: () => (hier++, zeichnen()) },
          "Nächste Frage",
        ),
      ),
    );
  };
  const texte: Datei[] = datei.studyTexts ?? [];
  haupt.replaceChildren(
    titel(datei.title || id),
    ...(zeigen
      ? [
        h(
          "fieldset",
          {},
          h("legend", {}, "Select difficulty level"),
          ...stufen.map((one) =>
            h(
              "label",
              { class: "wahl" },
              h("input", {
                type: "radio",
                name: "stufe",
                value: one.id,
                checked: one.id === stufe,
                onchange: () => (stufe = one.id, localStorage.setItem(merk, stufe), zeichnen()),
              }),
              beschriftung(one),
            )
          ),
        ),
      ]
      : []),
    ...(texte.length
      ? [h("details", {}, h("summary", {}, "Lesestoff"), ...texte.map((one) => h("p", {}, text(one.content ?? one))))]
      : []),
    buehne,
  );
  zeichnen();
}
