// The host in Jupyter: an anywidget's front end. A control's value is a trait of the Python object.

import { mount } from "./demo.js";

// Values cross as plain JSON: bars as arrays, not as Float32Array.
function plainValue(value) {
  return ArrayBuffer.isView(value) ? Array.from(value) : value;
}

export function render({ model, el }) {
  const spec = model.get("spec");
  const host = {
    get: (name) => model.get(name),
    set(name, value) {
      model.set(name, plainValue(value));
      model.save_changes();
    },
    // Calls back with (name, value) when Python, or another view, moves a control. Returns what ends it.
    onChange(callback) {
      const listeners = spec.controls.map(({ name }) => {
        const event = `change:${name}`;
        const listener = () => callback(name, model.get(name));
        model.on(event, listener);
        return () => model.off(event, listener);
      });
      return () => listeners.forEach((stop) => stop());
    },
  };
  const root = document.createElement("div");
  root.className = "ddsp-demo";
  root.dataset.id = spec.id;
  // JupyterLab takes the arrow keys for its cells: what is typed in a demo stays in it.
  root.addEventListener("keydown", (event) => event.stopPropagation());
  el.replaceChildren(root);
  const demo = mount(root, spec, host);
  return () => demo.destroy();
}
