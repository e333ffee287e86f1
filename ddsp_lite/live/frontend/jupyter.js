/** The host in Jupyter: an anywidget's front end. A control's value is a trait of the Python object. */

import { mount } from "./demo.js";

export async function render({ model, el }) {
  const spec = model.get("spec");
  const ends = [];
  const host = {
    get: (name) => model.get(name),
    set(name, value) {
      model.set(name, value);
      model.save_changes();
    },
    /** Calls back with (name, value) when Python, or another view, moves a control. */
    onChange(callback) {
      for (const { name } of spec.controls) {
        const listener = () => callback(name, model.get(name));
        model.on(`change:${name}`, listener);
        ends.push(() => model.off(`change:${name}`, listener));
      }
    },
  };
  const demo = await mount(el, spec, host);
  return () => {
    ends.forEach((end) => end());
    demo.destroy();
  };
}
