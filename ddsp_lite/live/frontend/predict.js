/** Predict, commit, play, say what was observed, and only then read why. */

import { h, uid } from "./dom.js";

const WAIT_MS = 1500;

/** The question before the demo and, after the reader has played, the question after it. */
export class Prediction {
  constructor(predict, kit) {
    this.predict = predict;
    this.kit = kit;
    this.choice = null;
    this.open = false;
    const name = uid("predict");
    this.radios = (predict.options ?? []).map((option, n) =>
      h("input", { type: "radio", name, value: n, "data-option": n, onchange: () => this.commitButton.toggleAttribute("disabled", false) }),
    );
    const options = (predict.options ?? []).map((option, n) => h("label", { class: "ddsp-option" }, this.radios[n], h("span", {}, option.text)));
    const marking = predict.kind === "mark";
    this.commitButton = h(
      "button",
      { type: "button", class: "ddsp-button ddsp-button-main", "data-action": "commit", disabled: options.length > 0, onclick: () => this.commit() },
      marking ? "Done: this is my setting" : "This is my prediction",
    );
    const skip = h("button", { type: "button", class: "ddsp-text-button", "data-action": "skip", onclick: () => this.skip() }, "skip");
    this.question = h(
      "fieldset",
      { class: "ddsp-question" },
      h("legend", {}, predict.question),
      options.length ? h("div", { class: "ddsp-options" }, options) : null,
      h("div", { class: "ddsp-question-row" }, this.commitButton, skip),
    );
    this.kept = h("p", { class: "ddsp-kept", tabindex: "-1", hidden: true });
    this.element = h("div", { class: "ddsp-predict" }, this.question, this.kept);
    this.after = h("div", { class: "ddsp-after", hidden: true });
  }

  /** Which part is locked until the reader has chosen: "demo" or "landscape". */
  get lockName() {
    return this.predict.kind === "mark" ? "landscape" : this.predict.reveal;
  }

  commit() {
    const at = this.radios.findIndex((radio) => radio.checked);
    if (this.radios.length && at < 0) return;
    this.choice = at < 0 ? null : at;
    const said = this.choice === null ? null : this.predict.options[this.choice].text;
    const parts = [];
    if (this.predict.kind === "mark") parts.push("You stopped at ", h("strong", {}, this.kit.markText()), ". ");
    if (said !== null) parts.push("You predicted: ", h("strong", {}, said), said.endsWith(".") ? "" : ".");
    this.kept.replaceChildren(...parts);
    this.kept.hidden = false;
    this.unlock(true);
    this.kept.focus({ preventScroll: true });
  }

  skip() {
    this.kept.textContent = "You skipped the prediction.";
    this.kept.hidden = false;
    this.unlock(false);
  }

  unlock(committed) {
    this.open = true;
    this.question.hidden = true;
    this.kit.unlocked(committed && this.predict.kind === "mark");
  }

  /** The reader has played, moved or stepped: after a moment, ask what was observed. */
  played() {
    if (!this.open || this.timer) return;
    this.timer = setTimeout(() => this.ask(), WAIT_MS);
  }

  ask() {
    const { predict } = this;
    const body = h("div", { class: "ddsp-explain" });
    if (this.choice !== null) {
      const option = predict.options[this.choice];
      const verdict = this.choice === predict.answer ? "✓ As you predicted. " : "✗ Not as you predicted. ";
      body.append(h("p", {}, Number.isInteger(predict.answer) ? h("strong", {}, verdict) : null, option.feedback ?? ""));
    }
    const why = h("div");
    why.innerHTML = predict.explain ?? "";
    body.append(why);
    const fold = h("details", { ontoggle: () => globalThis.MathJax?.typesetPromise?.([body]) }, h("summary", {}, predict.observe ? "I have an answer: why is it so?" : "Why is it so?"), body);
    this.after.replaceChildren(...(predict.observe ? [h("p", { class: "ddsp-observe" }, h("strong", {}, "What did you observe? "), predict.observe)] : []), fold);
    this.after.hidden = false;
  }

  destroy() {
    clearTimeout(this.timer);
  }
}
