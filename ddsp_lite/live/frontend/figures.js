/** What all panels share: the frame with title and legend, the cover, and which signal has which role and name. */

import { h, legendEntry } from "./dom.js";

/** The role of an output, and so its colour: the target (by name, or as the second of a pair), the reader's own sound, its harmonic or noise part. */
export function roleOf(spec, name) {
  if (/target|recording/i.test(name)) return "target";
  if (/noise/i.test(name)) return "noise";
  if (/harmonic/i.test(name)) return "harmonic";
  if (/loss/i.test(name)) return "loss";
  const isSecond = spec.show.some((item) => (item.kind === "player" || item.kind === "spectrum") && (item.signals.indexOf(name) === 1 || item.response?.indexOf(name) === 1));
  return isSecond ? "target" : "yours";
}

const FURTHER_LINES = [
  { role: "yours", style: "line", dash: [] },
  { role: "harmonic", style: "dots", dash: [2, 3] },
  { role: "noise", style: "mixed", dash: [9, 3, 2, 3] },
];

/** How each of some lines is drawn: by its role; of several without one, each in its own colour and dash. */
export function linesOf(spec, names) {
  let further = 0;
  return names.map((name) => {
    const role = roleOf(spec, name);
    if (role === "target") return { name, role, style: "dashed", dash: [6, 4] };
    if (role !== "yours") return { name, role, style: "line", dash: [] };
    const line = FURTHER_LINES[further % FURTHER_LINES.length];
    further += 1;
    return { name, ...line };
  });
}

/** What an output is called on screen: as the player calls it, else by its role, else its name with spaces. */
export function nameOf(spec, name) {
  const player = spec.show.find((item) => item.kind === "player");
  const at = player?.signals.indexOf(name) ?? -1;
  if (at >= 0 && player.labels?.[at]) return player.labels[at].toLowerCase();
  if (/^target/i.test(name)) return "target";
  return name.replace(/_/g, " ");
}

/** A titled panel. `keys` are legend entries [label, role, style]; `note` stands at the right of the title. */
export function panelFrame(kind, title, { note = "", keys = [], wide = false, secret = false } = {}, ...content) {
  const noteNode = note ? h("span", { class: "ddsp-panel-note" }, note) : null;
  const legend = keys.length ? h("span", { class: "ddsp-keys" }, keys.map(([label, role, style]) => legendEntry(label, role, style))) : null;
  return h(
    "figure",
    { class: `ddsp-panel${wide ? " ddsp-wide" : ""}${secret ? " ddsp-covered" : ""}`, "data-panel": kind },
    h("figcaption", {}, h("span", { class: "ddsp-panel-title" }, title), legend, noteNode),
    ...content,
  );
}

/** What lies over a plot until it may be seen. */
export function coverNode(text) {
  return h("div", { class: "ddsp-cover" }, h("span", {}, text));
}
