/** Numbers and words: loss, gradients, milliseconds, messages; the settings of descent; copy, save and link. */

import { BarsPanel } from "./bars.js";
import { h, uid } from "./dom.js";
import { equivalentRate, parametersOf } from "./descend.js";
import { inSentence, signed, significant } from "./format.js";
import { pythonSnippet, stateText, writeAddress } from "./state.js";
import { downhillWords } from "./widgets.js";

const SPOKEN_AFTER_MS = 1200;
const MESSAGE_MS = 8000;

/** The row of numbers under the buttons, and what a screen reader hears of them. */
export class Readout {
  constructor(kit) {
    this.kit = kit;
    this.lossValue = h("span", { class: "ddsp-number", "data-number": "loss" });
    this.gradients = new Map();
    const parts = [];
    if (kit.model.frame.loss !== null && kit.model.frame.loss !== undefined) parts.push(h("span", { class: "ddsp-loss" }, "loss ", this.lossValue));
    for (const control of parametersOf(kit.spec)) {
      if (!kit.model.frame.slopes[control.name]) continue;
      const value = h("span", { class: "ddsp-number", "data-number": `gradient:${control.name}` });
      const tail = h("span", { class: "ddsp-tail" });
      this.gradients.set(control.name, { value, tail });
      parts.push(h("span", { class: "ddsp-gradient" }, `∂loss/∂${inSentence(control.label)} `, value, tail));
    }
    this.numbers = h("p", { class: "ddsp-numbers ddsp-secret" }, parts.flatMap((part, n) => (n ? [" ", part] : [part])));
    this.status = h("p", { class: "ddsp-status", role: "status" });
    this.spoken = h("p", { class: "ddsp-hidden", "aria-live": "polite" });
    this.ms = h("span", { "data-number": "ms" });
    const what = this.gradients.size ? "sound, loss and gradient" : parts.length ? "sound and loss" : "sound";
    this.foot = h("p", { class: "ddsp-foot" }, `Everything is computed here, in your browser: ${what} in `, this.ms, " ms.");
  }

  update(frame) {
    this.lossValue.textContent = significant(frame.loss);
    this.lossValue.dataset.value = frame.loss;
    for (const [name, { value, tail }] of this.gradients) this.showGradient(this.kit.model.controls.get(name), frame.slopes[name], value, tail);
    this.meanMs = this.meanMs === undefined ? frame.ms : 0.8 * this.meanMs + 0.2 * frame.ms;
    this.ms.textContent = this.meanMs < 0.1 ? "less than 0.1" : this.meanMs.toFixed(this.meanMs < 10 ? 1 : 0);
    const broken = frame.loss !== null && frame.loss !== undefined && !Number.isFinite(frame.loss);
    if (broken) this.say("The loss is not a number at this setting. Move a control, or reset.", true);
    else if (this.wasBroken) this.say("");
    this.wasBroken = broken;
    this.speakLater(frame);
  }

  showGradient(control, slope, value, tail) {
    const unit = slope.unit ? ` ${slope.unit}` : "";
    if (control.kind === "bars") {
      const steepest = BarsPanel.steepest(slope, control.labels);
      value.textContent = steepest ? signed(steepest.value) : "–";
      value.dataset.value = JSON.stringify(slope.gradient);
      tail.textContent = `${unit}${steepest ? ` at ${steepest.label}, the steepest` : ""}`;
      return;
    }
    value.textContent = signed(slope.gradient);
    value.dataset.value = slope.gradient;
    tail.replaceChildren(
      unit,
      h("span", { "aria-hidden": "true" }, slope.arrow === 0 ? "" : slope.arrow > 0 ? " →" : " ←"),
      h("span", { class: "ddsp-hidden" }, `, ${downhillWords(slope.arrow)}`),
    );
  }

  /** A message in the status line; kept until replaced when `keep`, else gone after a while. */
  say(text, keep = false) {
    clearTimeout(this.fade);
    if (this.status.textContent !== text) this.status.textContent = text;
    if (text && !keep) this.fade = setTimeout(() => this.say(""), MESSAGE_MS);
  }

  /** Tell the loss aloud once things have come to rest, and only to a reader who is here. */
  speakLater(frame) {
    clearTimeout(this.speech);
    if (!this.kit.root.contains(document.activeElement)) return;
    this.speech = setTimeout(() => {
      if (this.kit.locked() || !Number.isFinite(frame.loss)) return;
      this.spoken.textContent = `Loss ${significant(frame.loss)}`;
    }, SPOKEN_AFTER_MS);
  }

  destroy() {
    clearTimeout(this.speech);
    clearTimeout(this.fade);
  }
}

const OPTIMISERS = { sgd: "Gradient descent", adam: "Adam" };

/** A learning rate as short as it can be written: 0.05, 2500, 3 × 10⁶. */
function plainRate(rate) {
  const short = Number(rate.toPrecision(2));
  return short >= 1e-4 && short < 1e6 ? String(short) : significant(short, short === Number(short.toPrecision(1)) ? 1 : 2);
}

/** Optimiser, learning rate and, with a log-scaled control, the coordinate in which steps are made. */
export class DescentSettings {
  constructor(kit) {
    this.kit = kit;
    const { settings } = kit.model;
    const lead = parametersOf(kit.spec).find((control) => control.scale === "log");
    this.optimizer = this.picker("Optimiser", "optimizer", OPTIMISERS);
    const rateId = uid("rate");
    this.rate = h("input", { type: "range", id: rateId, step: "any", "data-setting": "rate", oninput: () => this.moved() });
    this.rateValue = h("span", { class: "ddsp-rate-value" });
    this.rateRow = h("div", { class: "ddsp-setting ddsp-rate" }, h("label", { for: rateId }, "Learning rate"), h("div", { class: "ddsp-track" }, this.rate), this.rateValue);
    const rows = [this.optimizer.row, this.rateRow];
    if (lead) {
      const plain = lead.unit || "plain values";
      this.per = this.picker("Steps in", "per", { coordinate: lead.unit === "Hz" ? "octaves" : "doublings", value: plain });
      rows.push(this.per.row);
    }
    const rowsId = uid("settings");
    this.summary = h("span");
    this.toggle = h("button", { type: "button", class: "ddsp-toggle ddsp-secret", "data-action": "settings", "aria-expanded": "false", "aria-controls": rowsId, onclick: () => this.unfold() }, this.summary);
    this.element = h("div", { class: "ddsp-settings ddsp-secret", id: rowsId, hidden: true }, rows);
    this.first = kit.model.frame;
    this.firstValues = { ...kit.model.values };
    this.centre(settings.rate);
    this.show();
  }

  unfold() {
    this.element.hidden = !this.element.hidden;
    this.toggle.setAttribute("aria-expanded", String(!this.element.hidden));
  }

  picker(label, name, options) {
    const id = uid(name);
    const entries = Object.entries(options).map(([value, text]) => h("option", { value, selected: value === this.kit.model.settings[name] }, text));
    const select = h("select", { id, "data-setting": name, onchange: () => this.picked(name, select.value) }, entries);
    return { select, row: h("div", { class: "ddsp-setting" }, h("label", { for: id }, label), select) };
  }

  /** Another optimiser or coordinate: its rate starts where the first step is as long as before. */
  picked(name, value) {
    const { settings } = this.kit.model;
    settings[name] = value;
    settings.rate = equivalentRate(this.kit.spec, this.first, this.firstValues, settings.optimizer, settings.per);
    this.centre(settings.rate);
    this.show();
    this.kit.settingsChanged();
  }

  /** A thousandfold down and up from `rate`. */
  centre(rate) {
    this.rate.min = Math.log10(rate) - 3;
    this.rate.max = Math.log10(rate) + 3;
    this.rate.value = Math.log10(rate);
  }

  moved() {
    const rate = Number((10 ** Number(this.rate.value)).toPrecision(2));
    this.kit.model.settings.rate = rate;
    this.show();
    this.kit.settingsChanged();
  }

  show() {
    const { settings } = this.kit.model;
    const rate = plainRate(settings.rate);
    this.rateValue.textContent = rate;
    this.rate.setAttribute("aria-valuetext", rate);
    const span = Number(this.rate.max) - Number(this.rate.min);
    this.rateRow.style.setProperty("--at", (Number(this.rate.value) - Number(this.rate.min)) / span);
    const unit = this.per ? `, in ${this.per.select.selectedOptions[0]?.textContent}` : "";
    this.summary.textContent = `${OPTIMISERS[settings.optimizer]}, learning rate ${rate}${unit}`;
  }
}

/** Copy as Python, Save WAV, Link: taking away what one has found. */
export class Tools {
  constructor(kit) {
    this.kit = kit;
    const button = (action, text, run) => h("button", { type: "button", class: "ddsp-text-button", "data-action": action, onclick: run }, text);
    const tools = [];
    if (kit.spec.snippet) tools.push(button("copy", "Copy as Python", () => this.copy(pythonSnippet(kit.model), "The Python source is on the clipboard.")));
    if (kit.transport.item) tools.push(button("wav", "Save WAV", () => this.save()));
    if (!kit.host) tools.push(button("link", "Link", () => this.link()));
    this.box = h("textarea", { class: "ddsp-copy-box", readonly: true, rows: 8, "aria-label": "Text to copy", hidden: true });
    this.element = h("div", { class: "ddsp-tools" }, h("div", { class: "ddsp-tools-row" }, tools), this.box);
  }

  /** To the clipboard, or where the page may not, into a box with everything selected. */
  async copy(text, done) {
    try {
      await navigator.clipboard.writeText(text);
      this.box.hidden = true;
      this.kit.say(done);
    } catch {
      this.box.hidden = false;
      this.box.value = text;
      this.box.rows = Math.min(14, text.split("\n").length + 1);
      this.box.focus();
      this.box.select();
      this.kit.say("Selected below: copy it from there.");
    }
  }

  save() {
    const address = URL.createObjectURL(this.kit.transport.wav());
    const link = h("a", { href: address, download: `${this.kit.spec.id}-${this.kit.transport.label.replace(/\W+/g, "-")}.wav` });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(address), 10000);
    this.kit.say("Saved as a 16-bit WAV file.");
  }

  link() {
    const address = writeAddress(this.kit.spec.id, stateText(this.kit.model));
    const own = [...this.kit.model.controls.keys()].some((name) => this.kit.model.values[name]?.samples);
    this.copy(address, `The link is on the clipboard${own ? "; your own file is not part of it" : ""}.`);
  }
}
