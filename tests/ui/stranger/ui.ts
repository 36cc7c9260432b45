// Small helpers: elements, dialogs, menus, comboboxes, toasts.
type Child = Node | string | null | undefined | false;
export type Props = Record<string, unknown>;

export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props: Props = {},
  ...children: (Child | Child[])[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value as EventListener);
    else if (name === "class") element.className = String(value);
    else if (name in element && (name === "value" || name === "checked" || name === "disabled" || name === "hidden")) {
      (element as unknown as Props)[name] = value;
    } else element.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children.flat()) if (child || child === "") element.append(child as Node);
  return element;
}

let counter = 0;
export const neueId = (stamm: string) => `${stamm}-${++counter}`;

const toasts = h("div", { class: "toasts", role: "status", "aria-live": "polite" });
export function toast(text: string) {
  if (!toasts.isConnected) document.body.append(toasts);
  const one = h("div", { class: "toast" }, text);
  toasts.append(one);
  setTimeout(() => one.remove(), 6000);
}

/** A modal dialog with a form: `absenden` may throw, whose message is shown. */
export function dialog(titel: string, inhalt: Child[], knopf: string | null, absenden?: () => Promise<void>): Promise<boolean> {
  return new Promise((fertig) => {
    const id = neueId("dialog");
    const fehler = h("p", { class: "fehler", role: "alert", hidden: true });
    let gespeichert = false;
    const senden = knopf === null ? null : h("button", { type: "submit", class: "haupt" }, knopf);
    const schliessen = h(
      "button",
      { type: "button", onclick: () => fenster.close() },
      knopf === null ? "Schließen" : "Abbrechen",
    );
    const form = h(
      "form",
      {
        onsubmit: async (event: Event) => {
          event.preventDefault();
          if (!senden || senden.disabled) return;
          senden.disabled = true;
          fehler.hidden = true;
          try {
            await absenden?.();
            gespeichert = true;
            fenster.close();
          } catch (error) {
            fehler.textContent = (error as Error).message;
            fehler.hidden = false;
            dispatchEvent(new CustomEvent("misslungen", { detail: error }));
          } finally {
            senden.disabled = false;
          }
        },
      },
      h("h3", { id }, titel),
      fehler,
      ...inhalt.map((one) => one || ""),
      h("div", { class: "leiste" }, senden, schliessen),
    );
    const fenster = h("dialog", { "aria-labelledby": id, onclose: () => (fenster.remove(), fertig(gespeichert)) }, form);
    document.body.append(fenster);
    fenster.showModal();
  });
}

export function feld(beschriftung: string, eingabe: HTMLElement) {
  return h("label", { class: "feld" }, beschriftung, eingabe);
}

/** A button that opens a menu of role=menuitem. */
export function menue(beschriftung: string, text: string, punkte: [string, () => void][]) {
  const id = neueId("menue");
  const liste = h("div", { role: "menu", id, hidden: true, "aria-label": beschriftung });
  const zu = (fokus = false) => {
    liste.hidden = true;
    knopf.setAttribute("aria-expanded", "false");
    if (fokus) knopf.focus();
  };
  const auf = () => {
    liste.hidden = false;
    knopf.setAttribute("aria-expanded", "true");
    (liste.firstElementChild as HTMLElement | null)?.focus();
  };
  const knopf = h("button", {
    type: "button",
    "aria-haspopup": "menu",
    "aria-expanded": "false",
    "aria-controls": id,
    "aria-label": beschriftung,
    onclick: () => (liste.hidden ? auf() : zu()),
    onkeydown: (event: KeyboardEvent) => {
      if (event.key === "ArrowDown") (event.preventDefault(), auf());
    },
  }, text);
  for (const [name, tun] of punkte) {
    liste.append(h("button", { type: "button", role: "menuitem", tabindex: "-1", onclick: () => (zu(true), tun()) }, name));
  }
  liste.addEventListener("keydown", (event) => {
    const alle = [...liste.children] as HTMLElement[];
    const hier = alle.indexOf(document.activeElement as HTMLElement);
    if (event.key === "Escape") zu(true);
    if (event.key === "ArrowDown") (event.preventDefault(), alle[(hier + 1) % alle.length].focus());
    if (event.key === "ArrowUp") (event.preventDefault(), alle[(hier + alle.length - 1) % alle.length].focus());
    if (event.key === "Tab") zu();
  });
  const huelle = h("div", { class: "menue" }, knopf, liste);
  huelle.addEventListener("focusout", (event) => {
    if (!huelle.contains(event.relatedTarget as Node) && event.relatedTarget) zu();
  });
  return huelle;
}

export interface Wahl {
  wert: string;
  text: string;
}

/** An editable combobox with a listbox; keeps the chosen option. */
export function combobox(beschriftung: string, wahlen: Wahl[], gewaehlt: Wahl | null, geaendert: (wahl: Wahl | null) => void) {
  const id = neueId("liste");
  let treffer: Wahl[] = [];
  let aktiv = -1;
  const liste = h("ul", { role: "listbox", id, hidden: true, "aria-label": beschriftung });
  const eingabe = h("input", {
    type: "text",
    role: "combobox",
    "aria-expanded": "false",
    "aria-controls": id,
    "aria-autocomplete": "list",
    "aria-label": beschriftung,
    autocomplete: "off",
    value: gewaehlt?.text ?? "",
  });
  const zeichnen = () => {
    const gesucht = gewaehlt && eingabe.value === gewaehlt.text ? "" : eingabe.value.trim().toLowerCase();
    treffer = wahlen.filter((one) => one.text.toLowerCase().includes(gesucht));
    liste.replaceChildren(...treffer.map((one, n) =>
      h("li", {
        role: "option",
        id: `${id}-${n}`,
        class: n === aktiv ? "aktiv" : "",
        "aria-selected": one === gewaehlt ? "true" : "false",
        onmousedown: (event: Event) => event.preventDefault(),
        onclick: () => nehmen(one),
      }, one.text)
    ));
    liste.hidden = treffer.length === 0;
    eingabe.setAttribute("aria-expanded", String(!liste.hidden));
    if (aktiv >= 0 && !liste.hidden) {
      eingabe.setAttribute("aria-activedescendant", `${id}-${aktiv}`);
      (liste.children[aktiv] as HTMLElement)?.scrollIntoView({ block: "nearest" });
    } else eingabe.removeAttribute("aria-activedescendant");
  };
  const zu = () => {
    liste.hidden = true;
    aktiv = -1;
    eingabe.setAttribute("aria-expanded", "false");
    eingabe.removeAttribute("aria-activedescendant");
  };
  const nehmen = (one: Wahl | null) => {
    gewaehlt = one;
    eingabe.value = one?.text ?? "";
    zu();
    geaendert(one);
  };
  eingabe.addEventListener("click", () => (liste.hidden ? zeichnen() : undefined));
  eingabe.addEventListener("input", () => {
    aktiv = -1;
    if (eingabe.value === "") (gewaehlt = null, geaendert(null));
    zeichnen();
  });
  eingabe.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (liste.hidden) zeichnen();
      aktiv = (aktiv + (event.key === "ArrowDown" ? 1 : -1) + treffer.length) % Math.max(1, treffer.length);
      zeichnen();
    } else if (event.key === "Enter" && !liste.hidden) {
      event.preventDefault();
      if (treffer[aktiv]) nehmen(treffer[aktiv]);
    } else if (event.key === "Escape" && !liste.hidden) {
      event.preventDefault();
      event.stopPropagation();
      nehmen(gewaehlt);
    }
  });
  eingabe.addEventListener("blur", () => {
    eingabe.value = gewaehlt?.text ?? "";
    zu();
  });
  return h("div", { class: "menue" }, eingabe, liste);
}
