/** A whole demo: builds the parts, joins them, and answers to the keyboard, the page's address and a Jupyter host. */

import { Follower, isUsable, Optimiser } from "./descend.js";
import { h, watchTheme } from "./dom.js";
import { compileEngine, createEngine } from "./engine.js";
import { controlText, inSentence } from "./format.js";
import { createWidgets, layOut } from "./layout.js";
import { createPanels } from "./panels.js";
import { Prediction } from "./predict.js";
import { DescentSettings, Readout, Tools } from "./readout.js";
import { addressStates, applyState, Model, startValues, stateText, writeAddress } from "./state.js";
import { Transport } from "./transport.js";

const ADDRESS_AFTER_MS = 600;
const HOST_EVERY_MS = 80;

const REASONS = {
  converged: (steps) => `Stopped after ${steps} steps: it gets no better than this.`,
  steps: (steps) => `Stopped after all ${steps} steps.`,
  flat: (steps) => `Stopped after ${steps} steps: nothing moves any more, the slope is flat here or a control is at its end.`,
  nan: (steps) => `Stopped at step ${steps}: the loss was no longer a number. Back at the best setting so far. Try a smaller learning rate.`,
  hand: (steps) => `Stopped by hand after ${steps} steps.`,
};

/** One mounted demo. What panels and buttons may do is what its public methods say. */
class Demo {
  constructor(el, spec, engine, host) {
    this.spec = spec;
    this.host = host;
    this.untold = new Set();
    this.root = el.classList.contains("ddsp-demo") ? el : el.appendChild(h("div", { class: "ddsp-demo" }));
    this.model = new Model(spec, engine);
    this.optimiser = new Optimiser(spec);
    this.follower = new Follower(this.model, this.optimiser, (reason, steps) => this.followEnded(reason, steps));
    this.theme = watchTheme(this.root, () => this.panels?.forEach((panel) => panel.redraw()));
    this.restore();
    this.build();
    this.connect();
    if (this.prediction && !this.restored) this.lock(this.prediction.lockName);
    this.model.flush();
    this.root.dataset.ready = "true";
  }

  /** Values from the page's address, or from the host's traits. */
  restore() {
    const text = this.host ? undefined : addressStates().get(this.spec.id);
    this.restored = text !== undefined;
    if (this.restored) applyState(this.model, text);
    if (this.host) for (const name of this.model.controls.keys()) this.model.set(name, this.host.get(name), "host");
    this.model.compute();
  }

  build() {
    const { spec } = this;
    this.transport = new Transport(this);
    this.readout = new Readout(this);
    this.panels = createPanels(this);
    this.widgets = createWidgets(spec, (name, value) => this.change(name, value));
    this.prediction = spec.predict ? new Prediction(spec.predict, this) : null;
    this.settings = spec.descend ? new DescentSettings(this) : null;
    this.tools = new Tools(this);
    this.body = layOut(this);
  }

  connect() {
    this.model.listen((frame, changed) => this.update(frame, changed));
    this.keydown = (event) => this.pressed(event);
    this.root.addEventListener("keydown", this.keydown);
    if (this.host) this.unhost = this.host.onChange((name, value) => this.untold.has(name) || this.model.set(name, value, "host"));
    else {
      this.rehash = () => {
        const text = addressStates().get(this.spec.id);
        if (text === undefined || text === stateText(this.model)) return;
        this.model.setAll(startValues(this.spec), "reset");
        applyState(this.model, text);
        this.reveal();
      };
      addEventListener("hashchange", this.rehash);
    }
  }

  /** After each result: everything that shows it. */
  update(frame, changed) {
    for (const [name, widget] of this.widgets) widget.show(this.model.values[name], frame.slopes[name]);
    for (const panel of this.panels) panel.update(frame, changed);
    this.readout.update(frame);
    this.transport.update();
    this.tellHost(changed);
    if ([...changed.values()].some((origin) => origin === "reader" || origin === "descent")) this.remember();
  }

  /** Hand new values to the host, gathered: descent makes sixty a second. */
  tellHost(changed) {
    if (!this.host) return;
    for (const [name, origin] of changed) {
      if (origin !== "host" && this.model.controls.has(name)) this.untold.add(name);
    }
    if (!this.untold.size) return;
    this.hostTimer ??= setTimeout(() => {
      this.hostTimer = null;
      const names = [...this.untold];
      this.untold.clear();
      for (const name of names) this.host.set(name, this.plain(name));
    }, HOST_EVERY_MS);
  }

  /** A value as JSON can hold it: bars as a list within bounds, a reader's own sound as nothing new. */
  plain(name) {
    const value = this.model.values[name];
    const control = this.model.controls.get(name);
    if (value instanceof Float32Array) return Array.from(value, (bar) => Math.min(control.high, Math.max(control.low, Number(bar.toPrecision(7)))));
    return value?.samples ? control.start : value;
  }

  /** Keep the state in the page's address, a moment after the last change. */
  remember() {
    if (this.host) return;
    clearTimeout(this.addressTimer);
    this.addressTimer = setTimeout(() => {
      if (!this.root.hasAttribute("data-locked")) writeAddress(this.spec.id, stateText(this.model));
    }, ADDRESS_AFTER_MS);
  }

  /** A change by the reader's hand. */
  change(name, value) {
    if (this.exclusive) {
      this.widgets.get(name)?.show(this.model.values[name], this.model.frame.slopes[name]);
      return;
    }
    if (!this.model.set(name, value, "reader")) {
      this.widgets.get(name)?.show(this.model.values[name], this.model.frame.slopes[name]);
      return;
    }
    const isParameter = this.optimiser.parameters.some((control) => control.name === name);
    if (isParameter) {
      this.optimiser.forget();
      if (this.follower.running) this.stopFollow("hand");
    } else this.follower.disturb();
    this.prediction?.played();
  }

  step() {
    if (this.locked() || !this.spec.descend) return;
    if (this.follower.running) this.stopFollow("hand");
    if (!isUsable(this.model.frame) || !this.follower.single()) this.say("No step: the gradient is not a number here.");
    else if (this.follower.moved < 1e-6) this.say("The step is too small to see: the slope is flat here, or the control is at its end.");
    this.model.notify();
    this.prediction?.played();
  }

  toggleFollow() {
    if (this.follower.running) this.stopFollow("hand");
    else this.descend({ steps: this.spec.descend.steps });
  }

  /** Follow the gradient; `done` is called at the end. With `done`, the reader's hand waits until then. */
  descend(options, done = null) {
    if (this.locked()) return;
    this.done = done;
    this.exclusive = done !== null;
    this.optimiser.forget();
    this.root.dataset.following = "true";
    delete this.root.dataset.stopped;
    this.transport.showFollowing(true);
    this.follower.start(options);
  }

  stopFollow(reason) {
    this.follower.cancel();
    this.followEnded(reason, this.follower.count);
  }

  followEnded(reason, steps) {
    delete this.root.dataset.following;
    this.root.dataset.stopped = reason;
    this.exclusive = false;
    this.transport.showFollowing(false);
    this.say(REASONS[reason](steps));
    this.prediction?.played();
    const { done } = this;
    this.done = null;
    done?.();
  }

  reset() {
    if (this.exclusive) return;
    if (this.follower.running) this.stopFollow("hand");
    this.optimiser.forget();
    this.model.setAll(startValues(this.spec), "reset");
    this.model.changed.set("reset", "reset");
    this.model.flush();
    this.say("");
    this.remember();
  }

  settingsChanged() {
    this.optimiser.forget();
    this.model.tellSlopes();
    this.model.notify();
  }

  /** What is covered: "demo", "landscape" (with all that the gradient gives away), "ear" (all pictures), or null. */
  lock(name) {
    if (name) this.root.dataset.locked = name;
    else delete this.root.dataset.locked;
    this.body.inert = name === "demo";
    this.transport.setLocked(name !== null);
    this.panels.forEach((panel) => panel.redraw());
  }

  locked() {
    return this.root.hasAttribute("data-locked");
  }

  /** The prediction was made or skipped; with `marked` the reader's setting stays on the landscape. */
  unlocked(marked) {
    this.lock(null);
    if (marked) for (const panel of this.panels) panel.setMarker?.(this.model.values[panel.item.over]);
  }

  /** As if a prediction had been skipped: for addresses that hold a state. */
  reveal() {
    if (this.prediction && !this.prediction.open) this.prediction.skip();
  }

  /** The reader's own setting in words. */
  markText() {
    const names = this.optimiser.parameters.filter((control) => control.kind === "slider");
    return names.map((control) => `${names.length > 1 ? `${inSentence(control.label)} ` : ""}${controlText(control, this.model.values[control.name])}`).join(", ");
  }

  startSettings() {
    return startValues(this.spec);
  }

  apply(values) {
    for (const [name, value] of Object.entries(values)) this.change(name, value);
  }

  play() {
    this.transport.play();
  }

  played() {
    this.prediction?.played();
  }

  say(text) {
    this.readout.say(text);
  }

  /** Space plays, T swaps the sounds, G steps; other keys stay inside, so that JupyterLab does not take them. */
  pressed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.key === "Tab" || event.key === "Escape" || (event.shiftKey && event.key === "Enter")) return;
    event.stopPropagation();
    if (event.defaultPrevented || this.body.inert) return;
    const { target } = event;
    const isTyping = target.matches("input[type=text], select, textarea");
    if (event.key === " " && this.transport.player && !isTyping && !target.matches("button, summary, a, input[type=radio]")) {
      event.preventDefault();
      if (!event.repeat) this.transport.toggle();
    } else if (event.key.toLowerCase() === "t" && !isTyping) this.transport.swap();
    else if (event.key.toLowerCase() === "g" && !isTyping) this.step();
  }

  destroy() {
    this.follower.cancel();
    clearTimeout(this.addressTimer);
    clearTimeout(this.hostTimer);
    this.theme.stop();
    this.panels.forEach((panel) => panel.destroy());
    this.transport.destroy();
    this.readout.destroy();
    this.prediction?.destroy();
    this.model.destroy();
    this.root.removeEventListener("keydown", this.keydown);
    this.unhost?.();
    if (this.rehash) removeEventListener("hashchange", this.rehash);
    this.root.replaceChildren();
    delete this.root.dataset.ready;
  }
}

/**
 * Show a demo in `el`, once its model is compiled. `host` ({get, set, onChange}) ties the values to Jupyter's traits,
 * or is null in a page.
 */
export async function mount(el, spec, host = null) {
  const engine = createEngine(spec.engine, await compileEngine(spec.engine));
  const demo = new Demo(el, spec, engine, host);
  if (demo.restored) demo.reveal();
  const handle = {
    spec,
    root: demo.root,
    engine: demo.model.engine,
    player: demo.transport.player ?? null,
    get values() {
      return Object.fromEntries([...demo.model.controls.keys()].map((name) => [name, demo.plain(name)]));
    },
    /** Compute with `values` in place of the present ones; nothing on screen changes. */
    run: (values = {}) => demo.model.evaluate(values),
    /** Set a value as the reader would. */
    set: (name, value) => demo.change(name, value),
    destroy: () => demo.destroy(),
  };
  demo.root.ddsp = handle;
  return handle;
}
