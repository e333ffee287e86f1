/** The chain rule opened up: boxes with their values, a local factor on each link, and the product of all factors. */

import { h, symbolNode, whenIdle } from "./dom.js";
import { panelFrame } from "./figures.js";
import { DASH, significant, signed, valueAtFraction } from "./format.js";

const PROBES = 7;
const NEGLIGIBLE = 0.03;
const WIDE_SPAN = 20;

/** A factor no larger than the author's `small`, or small against the largest that it can be here, is greyed and called nearly zero. */
export class ChainPanel {
  constructor(item, kit) {
    this.item = item;
    this.kit = kit;
    this.seen = [];
    this.boxes = item.boxes.map((box) => this.cell("ddsp-box", box.label, box.symbol, box.output));
    this.factors = item.factors.map((factor) => this.cell("ddsp-factor ddsp-secret", "", factor.symbol, factor.output));
    // Boxes in one row and, half a box further right, the factors in the row below; on narrow pages all in one column.
    const path = h("div", { class: "ddsp-chain" });
    path.style.setProperty("--columns", 2 * Math.max(this.boxes.length, this.factors.length) + (this.factors.length >= this.boxes.length ? 1 : 0));
    for (let n = 0; n < Math.max(this.boxes.length, this.factors.length); n += 1) {
      if (this.boxes[n]) path.append(this.placed(this.boxes[n], 2 * n + 1));
      if (this.factors[n]) path.append(this.placed(this.factors[n], 2 * n + 2));
    }
    this.product = h("span", { class: "ddsp-product-value", "data-number": `chain:${item.product.output}` });
    this.line = h("p", { class: "ddsp-product ddsp-secret" }, symbolNode(item.product.symbol), " = ", this.productTerms(), " = ", this.product);
    this.verdict = h("p", { class: "ddsp-verdict ddsp-secret", role: "status" });
    this.element = panelFrame("chain", "The chain, link by link", { wide: true }, h("div", {}, path, this.line, this.verdict));
    this.probe();
  }

  cell(kind, label, symbol, output) {
    const value = h("span", { class: "ddsp-cell-value", "data-number": `chain:${output}` });
    const node = h("div", { class: kind }, label ? h("span", { class: "ddsp-cell-label" }, label) : null, symbolNode(symbol), value);
    return { node, value, output };
  }

  placed({ node }, column) {
    node.style.setProperty("--at", column);
    return node;
  }

  productTerms() {
    this.terms = this.item.factors.map(() => h("span", { class: "ddsp-term" }));
    return this.terms.flatMap((term, n) => (n ? [" · ", term] : [term]));
  }

  /** Learn in idle time how large each factor can get over the sliders' travel and the choices. */
  probe() {
    const { model, spec } = this.kit;
    const settings = [];
    const choices = spec.controls.filter((control) => control.kind === "choice");
    const variants = [{}, ...choices.flatMap((choice) => choice.options.map((option) => ({ [choice.name]: option.value })))];
    for (const control of spec.controls) {
      if (control.kind !== "slider" || control.hidden) continue;
      for (const variant of variants) {
        for (let n = 0; n < PROBES; n += 1) settings.push({ ...variant, [control.name]: valueAtFraction(control, n / (PROBES - 1)) });
      }
    }
    let next = 0;
    const slice = (left) => {
      while (next < settings.length && left() > 3) {
        this.learn(model.evaluate(settings[next]).outputs);
        next += 1;
      }
      if (next < settings.length) this.cancel = whenIdle(slice);
      else this.conclude();
    };
    this.cancel = whenIdle(slice);
  }

  learn(outputs) {
    const values = (entries) => entries.map(({ output }) => single(outputs[output]));
    this.seen.push({ boxes: values(this.item.boxes), factors: values(this.item.factors) });
  }

  /** From what was seen: which boxes are better told in ratios, and how large each factor gets. */
  conclude() {
    this.ratios = this.item.boxes.map((_, n) => {
      const values = this.seen.map((one) => one.boxes[n]).filter(Number.isFinite);
      return Math.min(...values) > 0 && Math.max(...values) > WIDE_SPAN * Math.min(...values);
    });
    this.largest = this.item.factors.map((_, n) => Math.max(...this.seen.map((one) => this.strength(one, n)).filter(Number.isFinite)));
    this.seen = [];
    if (this.frame) this.update(this.frame);
  }

  /** A factor's size; where a box at its end spans decades, as a cutoff does, per relative change of that box. */
  strength({ boxes, factors }, n) {
    let size = Math.abs(factors[n]);
    if (factors.length !== boxes.length - 1) return size;
    if (this.ratios[n]) size *= boxes[n];
    if (this.ratios[n + 1]) size /= boxes[n + 1];
    return size;
  }

  isNegligible(frame, n) {
    const values = (entries) => entries.map(({ output }) => single(frame.outputs[output]));
    const { small } = this.item.factors[n];
    if (small) return !(Math.abs(values(this.item.factors)[n]) > small);
    if (!this.largest) return values(this.item.factors)[n] === 0;
    const strength = this.strength({ boxes: values(this.item.boxes), factors: values(this.item.factors) }, n);
    return !(strength > NEGLIGIBLE * this.largest[n]);
  }

  update(frame) {
    this.frame = frame;
    for (const box of this.boxes) box.value.textContent = box.output ? significant(single(frame.outputs[box.output])) : "";
    const dead = [];
    this.factors.forEach((factor, n) => {
      const value = single(frame.outputs[factor.output]);
      const tiny = this.isNegligible(frame, n);
      factor.value.textContent = signed(value);
      factor.node.classList.toggle("ddsp-dead", tiny);
      this.terms[n].textContent = value < 0 ? `(${significant(value)})` : significant(value);
      this.terms[n].classList.toggle("ddsp-dead", tiny);
      if (tiny) dead.push(this.item.factors[n].symbol);
    });
    const product = single(frame.outputs[this.item.product.output]);
    this.product.textContent = Number.isFinite(product) ? signed(product) : DASH;
    this.say(dead);
  }

  say(dead) {
    const key = dead.join();
    if (key === this.said) return;
    this.said = key;
    const names = dead.flatMap((symbol, n) => [n ? " and " : "", symbolNode(symbol)]);
    this.verdict.replaceChildren(...(dead.length ? [...names, ` ${dead.length > 1 ? "are" : "is"} nearly zero, and so is the product: the other links have no say.`] : []));
  }

  redraw() {}

  destroy() {
    this.cancel?.();
  }
}

function single(value) {
  return typeof value === "number" ? value : (value?.[0] ?? NaN);
}
