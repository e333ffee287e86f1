/** Which widget a control gets, and how the parts of a demo stand on the page. */

import { h, uid } from "./dom.js";
import { ChoiceWidget, SliderWidget, SoundWidget } from "./widgets.js";

/** Name → widget for every control that is shown as one; bars are panels, hidden controls are nothing. */
export function createWidgets(spec, change) {
  const widgets = new Map();
  for (const control of spec.controls) {
    if (control.hidden) continue;
    const changed = (value) => change(control.name, value);
    if (control.kind === "slider") widgets.set(control.name, new SliderWidget(control, changed));
    if (control.kind === "choice") widgets.set(control.name, new ChoiceWidget(control, changed));
    if (control.kind === "sound") widgets.set(control.name, new SoundWidget(control, spec.sampleRate, changed));
  }
  return widgets;
}

/** In two columns, a panel that would stand alone in its row takes all of it. */
function spreadLonePanels(panels) {
  let lone = null;
  for (const { element } of panels) {
    if (element.classList.contains("ddsp-wide")) {
      lone?.classList.add("ddsp-wide");
      lone = null;
    } else lone = lone ? null : element;
  }
  lone?.classList.add("ddsp-wide");
}

/** Fill the demo's root; returns the part that a prediction may lock. */
export function layOut({ root, spec, panels, widgets, transport, settings, readout, tools, prediction }) {
  spreadLonePanels(panels);
  const body = h(
    "div",
    { class: "ddsp-body" },
    h("div", { class: `ddsp-panels ddsp-count-${panels.length}` }, panels.map((panel) => panel.element)),
    h("div", { class: "ddsp-controls" }, [...widgets.values()].map((widget) => widget.element)),
    transport.element,
    h("div", { class: "ddsp-second-row" }, settings?.toggle, transport.volume),
    settings?.element,
    h("div", { class: "ddsp-results" }, readout.numbers, readout.status, tools.element),
  );
  const veil = h("p", { class: "ddsp-veil" }, "Make a prediction above to open the demo.");
  const title = h("p", { class: "ddsp-title", id: uid("title") }, spec.title);
  root.replaceChildren(
    h("div", { class: "ddsp-card" }, title, prediction?.element, h("div", { class: "ddsp-stage" }, body, veil), prediction?.after, readout.foot, readout.spoken),
  );
  root.dataset.id = spec.id;
  root.setAttribute("role", "group");
  root.setAttribute("aria-labelledby", title.id);
  root.setAttribute("data-lm-suppress-shortcuts", "true");
  root.tabIndex = -1;
  return body;
}
