/** The host of an instrument in Jupyter: an anywidget's front end. */

import { mountInstrument } from "./instrument.js";

export async function render({ model, el }) {
  const spec = model.get("spec");
  const ends = [];
  el.classList.add("ddsp-demo", "ddsp-instrument");
  const host = {
    get: (name) => model.get(name),
    set(name, value) {
      model.set(name, value);
      model.save_changes();
    },
  };
  const panel = await mountInstrument(el, spec, host);
  for (const { name } of spec.controls) {
    const listener = () => panel.values[name] !== model.get(name) && panel.take(name, model.get(name));
    model.on(`change:${name}`, listener);
    ends.push(() => model.off(`change:${name}`, listener));
  }
  return () => {
    ends.forEach((end) => end());
    panel.destroy();
  };
}
