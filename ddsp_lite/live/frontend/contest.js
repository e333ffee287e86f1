/** Beat the gradient: hidden settings, the reader by ear against descent, and a scoreboard. */

import { h } from "./dom.js";
import { panelFrame } from "./figures.js";
import { controlText, inSentence, quantity, significant, valueAtFraction } from "./format.js";

const MARGIN = 0.12;
const APART = 0.12;

/** How far `value` is from `truth`, in the unit that is told. */
function distance(unit, control, value, truth) {
  if (unit === "cents") return Math.abs(1200 * Math.log2(value / truth));
  if (unit === "semitones") return Math.abs(12 * Math.log2(value / truth));
  if (unit === "dB") return Math.abs(control.unit === "dB" ? value - truth : 20 * Math.log10(value / truth));
  return Math.abs(value - truth);
}

function distanceText(unit, control, amount) {
  if (unit === "value") return quantity(amount, control.unit, 2);
  return `${significant(amount, 2)} ${unit}`;
}

/** Rounds run: idle → the reader's turn (everything but the ears covered) → the gradient's turn → the score. */
export class ContestPanel {
  constructor(item, kit) {
    this.item = item;
    this.kit = kit;
    this.pairs = Object.entries(item.hidden).map(([name, secret]) => ({
      control: kit.model.controls.get(name),
      secret: kit.model.controls.get(secret),
      unit: item.units?.[name] ?? "value",
    }));
    this.clock = h("span", { class: "ddsp-clock", role: "timer" });
    this.bar = h("span", { class: "ddsp-clock-bar", "aria-hidden": "true" }, h("span"));
    this.text = h("p", { class: "ddsp-contest-text", role: "status" });
    this.button = h("button", { type: "button", class: "ddsp-button ddsp-button-main", "data-action": "contest", onclick: () => this.pressed() });
    this.score = h("div", { class: "ddsp-score" });
    this.element = panelFrame(
      "contest",
      "Beat the gradient",
      { wide: true },
      h("div", { class: "ddsp-contest" }, this.text, this.score, h("div", { class: "ddsp-contest-row" }, this.button, this.clock, this.bar)),
    );
    this.enter("idle");
  }

  enter(phase) {
    this.phase = phase;
    this.element.dataset.phase = phase;
    const { seconds, steps } = this.item;
    const knobs = this.pairs.map(({ control }) => inSentence(control.label)).join(", ");
    const texts = {
      idle: `New settings are drawn and hidden: ${knobs}. You have ${seconds} seconds to match the target by ear, with every curve covered. Then descent has ${steps} steps from the start.`,
      reader: "Your turn. Switch between the two sounds, turn the knobs, trust your ears.",
      gradient: "The gradient’s turn, from the start.",
      score: "",
    };
    this.text.textContent = texts[phase];
    this.button.textContent = { idle: "Draw settings and play", reader: "I am done", gradient: "…", score: "Another round" }[phase];
    this.button.disabled = phase === "gradient";
    if (phase !== "reader") this.clock.textContent = "";
  }

  pressed() {
    if (this.phase === "reader") this.finishReader();
    else this.begin();
  }

  begin() {
    const { model } = this.kit;
    this.score.replaceChildren();
    const start = this.kit.startSettings();
    for (const { control, secret } of this.pairs) {
      model.set(control.name, start[control.name], "contest");
      model.set(secret.name, this.drawn(secret, start[control.name]), "contest");
    }
    this.kit.lock("ear");
    model.flush();
    this.enter("reader");
    this.kit.play();
    this.end = performance.now() + 1000 * this.item.seconds;
    this.timer = setInterval(() => this.tick(), 200);
    this.tick();
  }

  /** A secret well inside the range and audibly away from the start. */
  drawn(secret, start) {
    const travel = (value) => (secret.scale === "log" ? Math.log(value / secret.low) / Math.log(secret.high / secret.low) : (value - secret.low) / (secret.high - secret.low));
    let fraction;
    do fraction = MARGIN + (1 - 2 * MARGIN) * Math.random();
    while (Math.abs(fraction - travel(start)) < APART);
    return valueAtFraction(secret, fraction);
  }

  tick() {
    const left = Math.max(0, (this.end - performance.now()) / 1000);
    const whole = Math.ceil(left);
    this.clock.textContent = `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
    this.bar.style.setProperty("--left", (left / this.item.seconds).toFixed(3));
    if (left <= 0) this.finishReader();
  }

  finishReader() {
    clearInterval(this.timer);
    const { model } = this.kit;
    model.flush();
    this.reader = this.result();
    this.kit.lock(null);
    this.enter("gradient");
    const start = this.kit.startSettings();
    for (const { control } of this.pairs) model.set(control.name, start[control.name], "contest");
    model.flush();
    this.kit.descend({ steps: this.item.steps, patience: Infinity, settle: true }, () => {
      this.gradient = this.result();
      this.enter("score");
      this.showScore();
    });
  }

  result() {
    const { model } = this.kit;
    const values = {};
    for (const { control } of this.pairs) values[control.name] = model.values[control.name];
    return { values, loss: model.frame.loss };
  }

  showScore() {
    const { model } = this.kit;
    let won = 0;
    const rows = this.pairs.map(({ control, secret, unit }) => {
      const truth = model.values[secret.name];
      const off = [this.reader, this.gradient].map(({ values }) => distance(unit, control, values[control.name], truth));
      if (off[0] < off[1]) won += 1;
      return this.row(control.label, controlText(control, truth), off, off.map((amount) => distanceText(unit, control, amount)));
    });
    const losses = [this.reader.loss, this.gradient.loss];
    const total = this.row("Audio loss", "0", losses, losses.map((loss) => significant(loss)));
    total.classList.add("ddsp-score-total");
    const head = ["", "hidden", "you, off by", "gradient, off by"].map((text) => (text ? h("th", { scope: "col" }, text) : h("td")));
    this.score.replaceChildren(
      h("table", {}, h("caption", {}, `You were closer on ${won} of ${this.pairs.length}.`), h("thead", {}, h("tr", {}, head)), h("tbody", {}, rows, total)),
      h(
        "p",
        { class: "ddsp-contest-row" },
        h("button", { type: "button", class: "ddsp-button", onclick: () => this.kit.apply(this.reader.values) }, "Hear your settings"),
        h("button", { type: "button", class: "ddsp-button", onclick: () => this.kit.apply(this.gradient.values) }, "Hear the gradient’s"),
      ),
    );
  }

  row(label, truth, amounts, texts) {
    const cells = texts.map((text, n) => {
      const closer = amounts[n] < amounts[1 - n];
      return h("td", closer ? { class: "ddsp-closer" } : {}, text, closer ? h("span", { class: "ddsp-tick" }, " ✓", h("span", { class: "ddsp-hidden" }, " closer")) : null);
    });
    return h("tr", {}, h("th", { scope: "row" }, label), h("td", {}, truth), cells);
  }

  update() {}

  redraw() {}

  destroy() {
    clearInterval(this.timer);
  }
}
