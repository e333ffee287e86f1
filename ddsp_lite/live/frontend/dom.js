/** Building elements, icons and the theme: the only helpers that touch the document in general. */

let elementCount = 0;

/** A document-wide unique id. */
export function uid(prefix) {
  elementCount += 1;
  return `ddsp-${prefix}-${elementCount}`;
}

/** Build an element: h("button", {class: "x", onclick: f, "aria-label": "Play"}, "Play"). False and null attributes are left out. */
export function h(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

/** Call `move` with this press and each movement of its pointer until it is lifted, wherever it goes. */
export function followPointer(box, event, move) {
  const release = () => {
    box.removeEventListener("pointermove", move);
    box.classList.remove("ddsp-dragging");
  };
  box.setPointerCapture(event.pointerId);
  box.classList.add("ddsp-dragging");
  box.addEventListener("pointermove", move);
  box.addEventListener("pointerup", release, { once: true });
  box.addEventListener("pointercancel", release, { once: true });
  move(event);
}

const ICON_PATHS = {
  play: "M7 4.5v15l12.5-7.5z",
  stop: "M6 6h12v12H6z",
  speaker: "M4 9.5v5h3.5L12 18.5v-13L7.5 9.5zM15 9a4 4 0 0 1 0 6M17.5 6.5a7.5 7.5 0 0 1 0 11",
};

/** A small inline picture, drawn in the colour of the text around it. */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", `ddsp-icon ddsp-icon-${name}`);
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", ICON_PATHS[name]);
  svg.append(path);
  return svg;
}

const SWATCHES = {
  line: "M1 5H23",
  dashed: "M1 5H23",
  dots: "M1 5H23",
  mixed: "M1 5H23",
  area: "M1 9L7 3L12 6L17 2L23 9Z",
  both: "M1 3H23M3 10L8 6L13 7.5L18 5.5L22 10",
};

/** One legend entry: a short sample of the line (solid, dashed, filled, dashed over filled) and its name. */
export function legendEntry(label, role, style) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 10");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", SWATCHES[style]);
  svg.append(path);
  return h("span", { class: `ddsp-key ddsp-key-${style} ddsp-role-${role}` }, svg, label);
}

/** Text with subscripts: "f_c" and "x_{10}" become f with a lowered c, x with a lowered 10. */
export function symbolNode(text) {
  const node = h("span", { class: "ddsp-symbol" });
  const pattern = /_(?:\{([^}]*)\}|(\w))/g;
  let from = 0;
  for (const match of text.matchAll(pattern)) {
    node.append(text.slice(from, match.index), h("sub", {}, match[1] ?? match[2]));
    from = match.index + match[0].length;
  }
  node.append(text.slice(from));
  return node;
}

function pageIsDark() {
  const book = document.documentElement.dataset.theme;
  if (book === "dark" || book === "light") return book === "dark";
  const lab = document.body?.dataset.jpThemeLight;
  if (lab === "true" || lab === "false") return lab === "false";
  return matchMedia("(prefers-color-scheme: dark)").matches;
}

const COLOUR_NAMES = ["ink", "muted", "grid", "surface", "yours", "target", "loss", "gradient", "harmonic", "noise", "loss-fill", "target-fill"];

/** Follow the page's theme (book, JupyterLab, system): marks `root`, keeps `theme.colours` fresh, calls `changed`. */
export function watchTheme(root, changed) {
  const theme = { colours: {}, stop: null };
  const apply = () => {
    root.toggleAttribute("data-dark", pageIsDark());
    const style = getComputedStyle(root);
    for (const name of COLOUR_NAMES) theme.colours[name] = style.getPropertyValue(`--ddsp-${name}`).trim() || "#777";
    theme.font = style.fontFamily;
  };
  const refresh = () => {
    apply();
    changed();
  };
  const observer = new MutationObserver(refresh);
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  if (document.body) observer.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light"] });
  const media = matchMedia("(prefers-color-scheme: dark)");
  media.addEventListener("change", refresh);
  theme.stop = () => {
    observer.disconnect();
    media.removeEventListener("change", refresh);
  };
  apply();
  return theme;
}

/** True when the reader's system asks for little motion. */
export function reducedMotion() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

/** Call `job` when the page has nothing better to do; `job(left)` gets a function that says how many ms are left. Returns a cancel function. */
export function whenIdle(job) {
  if (typeof requestIdleCallback === "function") {
    const handle = requestIdleCallback((deadline) => job(() => deadline.timeRemaining()), { timeout: 500 });
    return () => cancelIdleCallback(handle);
  }
  const handle = setTimeout(() => {
    const end = performance.now() + 8;
    job(() => end - performance.now());
  }, 16);
  return () => clearTimeout(handle);
}
