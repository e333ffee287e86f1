/** What a demo knows: its values, the last result, who listens; and its values as an address and as Python. */

import { slopesOf } from "./descend.js";
import { samplesFromBase64 } from "./dsp.js";
import { pythonNumber } from "./format.js";

/** The values a demo starts with. */
export function startValues(spec) {
  const values = {};
  for (const control of spec.controls) values[control.name] = control.kind === "bars" ? Float32Array.from(control.start) : control.start;
  return values;
}

/** `value` as the control may hold it (held within bounds), or undefined when it is none. */
function admissible(control, value) {
  if (control.kind === "slider") {
    const number = Number(value);
    return Number.isFinite(number) ? Math.min(control.high, Math.max(control.low, number)) : undefined;
  }
  if (control.kind === "bars") {
    if (!value || value.length !== control.n) return undefined;
    const bars = Float32Array.from(value, (bar) => Math.min(control.high, Math.max(control.low, bar)));
    return bars.every(Number.isFinite) ? bars : undefined;
  }
  if (control.kind === "choice") {
    const option = control.options.find((one) => one.value === value) ?? control.options.find((one) => String(one.value) === String(value));
    return option?.value;
  }
  if (value?.samples) return value;
  return Number.isInteger(value) && control.clips[value] ? value : undefined;
}

function sameValue(a, b) {
  if (typeof a === "object" && typeof b === "object" && a?.length !== undefined) return a.length === b?.length && a.every((bar, n) => bar === b[n]);
  return a === b;
}

/** Values, engine and listeners. Changes are gathered and computed once per animation frame. */
export class Model {
  constructor(spec, engine) {
    this.spec = spec;
    this.engine = engine;
    this.controls = new Map(spec.controls.map((control) => [control.name, control]));
    this.values = startValues(spec);
    this.settings = { optimizer: spec.descend?.optimizer ?? "adam", rate: spec.descend?.learningRate ?? 0.05, per: spec.descend?.per ?? "coordinate" };
    this.listeners = new Set();
    this.changed = new Map();
    this.clips = new Map();
    this.handle = null;
    this.lossScale = 1;
    this.compute();
    this.lossScale = this.measureLoss();
    this.compute();
  }

  /** How large the loss gets here: the yardstick of the arrows. */
  measureLoss() {
    const seen = [Math.abs(this.frame.loss)];
    for (const item of this.spec.show) {
      if (item.kind === "map") seen.push(...item.tables.map((table) => Math.max(...table) - Math.min(...table)));
      if (item.kind === "landscape") seen.push(Math.max(...item.ys.filter(Number.isFinite)) - Math.min(...item.ys.filter(Number.isFinite)));
    }
    return Math.max(1e-9, ...seen.filter(Number.isFinite));
  }

  /** Ask for a value; returns whether it is a change. `origin` says who asks: "reader", "descent", "host", "reset", "contest". */
  set(name, value, origin = "reader") {
    const control = this.controls.get(name);
    const held = control && admissible(control, value);
    if (held === undefined || sameValue(held, this.values[name])) return false;
    this.values[name] = held;
    this.changed.set(name, origin);
    this.schedule();
    return true;
  }

  setAll(values, origin) {
    for (const [name, value] of Object.entries(values)) this.set(name, value, origin);
  }

  schedule() {
    this.handle ??= requestAnimationFrame(() => this.flush());
  }

  /** Compute what has changed and tell everybody, now. */
  flush() {
    this.compute();
    this.notify();
  }

  /** The engine's own answer for the present values with `overrides`; its arrays are only good until the next call. Values are never changed in place: the engine tells by identity what has moved. */
  evaluate(overrides = {}) {
    const inputs = {};
    for (const [name, control] of this.controls) {
      const value = overrides[name] ?? this.values[name];
      inputs[name] = control.kind === "sound" ? this.samplesOf(control, value) : value;
    }
    return this.engine.run(inputs);
  }

  compute() {
    const { outputs, loss, gradients, ms } = this.evaluate();
    const copies = (table) => Object.fromEntries(Object.entries(table ?? {}).map(([name, value]) => [name, typeof value === "number" ? value : value.slice()]));
    this.frame = { outputs: copies(outputs), loss, gradients: copies(gradients), ms };
    this.tellSlopes();
  }

  tellSlopes() {
    this.frame.slopes = slopesOf(this.spec, this.values, this.frame.gradients, this.settings.per, this.lossScale);
  }

  notify() {
    if (this.handle !== null) cancelAnimationFrame(this.handle);
    this.handle = null;
    const changed = this.changed;
    this.changed = new Map();
    for (const listener of [...this.listeners]) listener(this.frame, changed);
  }

  listen(listener) {
    this.listeners.add(listener);
  }

  samplesOf(control, value) {
    if (value?.samples) return value.samples;
    if (value instanceof Float32Array) return value;
    const key = `${control.name} ${value}`;
    if (!this.clips.has(key)) {
      const clip = samplesFromBase64(control.clips[value].data);
      const samples = new Float32Array(control.length);
      samples.set(clip.subarray(0, control.length));
      this.clips.set(key, samples);
    }
    return this.clips.get(key);
  }

  destroy() {
    if (this.handle !== null) cancelAnimationFrame(this.handle);
    this.listeners.clear();
  }
}

/** The values that differ from the start, as "name:value,name:value"; a reader's own sound cannot be linked. */
export function stateText(model) {
  const start = startValues(model.spec);
  const parts = [];
  for (const [name, control] of model.controls) {
    const value = model.values[name];
    if (sameValue(value, start[name]) || value?.samples) continue;
    const number = (one) => String(Number(one.toPrecision(5)));
    let text = String(value);
    if (control.kind === "slider") text = number(value);
    if (control.kind === "bars") text = Array.from(value, number).join("_");
    parts.push(`${encodeURIComponent(name)}:${encodeURIComponent(text)}`);
  }
  return parts.join(",");
}

/** The inverse of `stateText`: sets what it can and leaves out what it does not know. */
export function applyState(model, text) {
  for (const part of text.split(",")) {
    const [name, value] = part.split(":").map((piece) => decodeURIComponent(piece ?? ""));
    const control = model.controls.get(name);
    if (!control || value === undefined) continue;
    if (control.kind === "bars") model.set(name, value.split("_").map(Number), "link");
    else if (control.kind === "sound") model.set(name, Number(value), "link");
    else model.set(name, value, "link");
  }
}

/** The states in the page's address: demo id → text. */
export function addressStates() {
  const states = new Map();
  for (const part of location.hash.slice(1).split("&")) {
    const at = part.indexOf("=");
    if (at > 0) states.set(decodeURIComponent(part.slice(0, at)), part.slice(at + 1));
  }
  return states;
}

/** Write one demo's state into the page's address, beside those of others, without a new history entry. Returns the address. */
export function writeAddress(id, text) {
  const states = addressStates();
  states.set(id, text);
  const hash = [...states].map(([name, state]) => `${encodeURIComponent(name)}=${state}`).join("&");
  const address = `${location.href.split("#")[0]}#${hash}`;
  try {
    history.replaceState(history.state, "", address);
  } catch {
    location.replace(address);
  }
  return address;
}

function pythonValue(control, value) {
  if (control.kind === "slider") return pythonNumber(value);
  if (control.kind === "bars") return `[${Array.from(value, pythonNumber).join(", ")}]`;
  if (control.kind === "sound") return value?.samples ? control.ownPython : control.clips[value].python;
  return control.options.find((option) => option.value === value).python;
}

/** The demo's Python source with its {{control}} tokens replaced by the present values. */
export function pythonSnippet(model) {
  return model.spec.snippet.replace(/\{\{(\w+)\}\}/g, (token, name) => (model.controls.has(name) ? pythonValue(model.controls.get(name), model.values[name]) : token));
}
