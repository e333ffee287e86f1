/** Bars: a vector control as native vertical sliders that can also be painted, with the target's outline and an arrow on each bar. */

import { followPointer, h } from "./dom.js";
import { coverNode, panelFrame } from "./figures.js";
import { controlText, fitToControl, fractionOf, keyStep, valueAtFraction } from "./format.js";
import { makeAxis, Plot } from "./plot.js";
import { downhillWords } from "./widgets.js";

const LEFT = 40;
const TOP = 10;
const BOTTOM = 26;

/** The room left and right of a bar in its slot. */
function barGap(slot) {
  return slot > 8 ? 0.16 * slot : 0.5;
}

/** One tab stop for all bars: left and right move between them, up and down move one. */
export class BarsPanel {
  constructor(item, kit) {
    this.item = item;
    this.kit = kit;
    this.control = kit.model.controls.get(item.control);
    const { control } = this;
    this.labels = control.labels ?? Array.from({ length: control.n }, (_, n) => String(n + 1));
    this.plot = new Plot(kit.theme, () => this.draw());
    this.plot.canvas.removeAttribute("role");
    this.plot.canvas.setAttribute("aria-hidden", "true");
    this.inputs = this.labels.map((label, n) => this.input(label, n));
    const strip = h("div", { class: "ddsp-strip", role: "group", "aria-label": control.label }, this.inputs);
    this.plot.element.append(strip, coverNode("Covered for now"));
    this.plot.element.addEventListener("pointerdown", (event) => this.paintWith(event));
    const keys = [["yours", "yours", "area"]];
    if (item.target) keys.push(["target", "target", "dashed"]);
    this.element = panelFrame("bars", control.label, { keys, note: "paint across the bars", wide: true }, this.plot.element);
    this.plot.element.classList.add("ddsp-bars");
  }

  input(label, n) {
    return h("input", {
      type: "range",
      min: 0,
      max: 1,
      step: "any",
      orient: "vertical",
      tabindex: n === 0 ? 0 : -1,
      "aria-label": `${this.control.label} ${label}`,
      "aria-orientation": "vertical",
      "data-bar": `${this.control.name}:${n}`,
      oninput: (event) => this.setBar(n, valueAtFraction(this.control, Number(event.target.value))),
      onkeydown: (event) => this.pressed(event, n),
      onfocus: () => this.focusBar(n),
    });
  }

  focusBar(n) {
    this.inputs.forEach((input, other) => {
      input.tabIndex = other === n ? 0 : -1;
    });
  }

  pressed(event, n) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const sideways = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (sideways) {
      this.inputs[Math.min(this.inputs.length - 1, Math.max(0, n + sideways))].focus();
    } else if (event.key === "Home" || event.key === "End") {
      this.setBar(n, event.key === "Home" ? this.control.low : this.control.high);
    } else {
      const direction = { ArrowUp: 1, PageUp: 1, ArrowDown: -1, PageDown: -1 }[event.key];
      if (!direction) return;
      const size = event.key.startsWith("Page") ? "large" : event.shiftKey ? "fine" : "normal";
      this.setBar(n, keyStep(this.control, this.kit.model.values[this.control.name][n], direction, size));
    }
    event.preventDefault();
  }

  setBar(n, value) {
    const bars = Float32Array.from(this.kit.model.values[this.control.name]);
    bars[n] = value;
    this.kit.change(this.control.name, bars);
  }

  /** Draw the bars with the pointer; a fast stroke fills in the bars that it jumped over. */
  paintWith(event) {
    if (event.button !== 0) return;
    const box = this.plot.element;
    let last = null;
    const move = (moved) => {
      const bounds = box.getBoundingClientRect();
      const { x, y } = this.axes();
      const at = Math.min(this.control.n - 1, Math.max(0, Math.floor(x.inverse(moved.clientX - bounds.left))));
      const fraction = Math.min(1, Math.max(0, y.inverse(moved.clientY - bounds.top)));
      const bars = Float32Array.from(this.kit.model.values[this.control.name]);
      const from = last ?? { at, fraction };
      const reach = Math.max(1, Math.abs(at - from.at));
      for (let step = 0; step <= reach; step += 1) {
        const share = step / reach;
        const bar = Math.round(from.at + share * (at - from.at));
        if (bar === from.at && at !== from.at) continue;
        bars[bar] = fitToControl(this.control, valueAtFraction(this.control, from.fraction + share * (fraction - from.fraction)));
      }
      last = { at, fraction };
      this.kit.change(this.control.name, bars);
      this.inputs[at].focus({ preventScroll: true });
    };
    event.preventDefault();
    followPointer(box, event, move);
  }

  axes() {
    return {
      x: makeAxis(0, this.control.n, LEFT, this.plot.width - 4),
      y: makeAxis(0, 1, this.plot.height - BOTTOM, TOP),
    };
  }

  update(frame) {
    this.frame = frame;
    const bars = this.kit.model.values[this.control.name];
    const slope = frame.slopes[this.control.name];
    this.inputs.forEach((input, n) => {
      const words = `${controlText(this.control, bars[n])}${slope ? `, ${this.isMute(slope, n) ? "no gradient" : downhillWords(slope.arrow[n])}` : ""}`;
      if (input.dataset.words === words) return;
      input.dataset.words = words;
      input.value = fractionOf(this.control, bars[n]);
      input.setAttribute("aria-valuetext", words);
    });
    this.plot.repaint();
  }

  /** A bar whose gradient is exactly zero while others have one: nothing of it reaches the sound. */
  isMute(slope, n) {
    return slope.gradient[n] === 0 && slope.gradient.some((one) => one !== 0);
  }

  redraw() {
    this.plot.repaint();
  }

  draw() {
    if (!this.frame) return;
    const { plot, control } = this;
    const colours = this.kit.theme.colours;
    const { x, y } = this.axes();
    const slot = (x.to - x.from) / control.n;
    const bars = this.kit.model.values[control.name];
    const slope = this.frame.slopes[control.name];
    this.drawScale(x, y);
    for (let n = 0; n < control.n; n += 1) this.drawBar(x.at(n), slot, y, fractionOf(control, bars[n]), slope ? this.isMute(slope, n) : false, colours);
    if (this.item.target) this.drawTarget(x, y, slot);
    if (this.item.arrows !== false && slope && !this.kit.locked()) {
      for (let n = 0; n < control.n; n += 1) this.drawArrow(x.at(n + 0.5), slot, y, fractionOf(control, bars[n]), slope.arrow[n]);
    }
    this.drawLabels(x, y, slot);
  }

  drawScale(x, y) {
    const { control, plot } = this;
    const values = control.scale === "log" ? [control.low, Math.sqrt(control.low * control.high), control.high] : [control.low, (control.low + control.high) / 2, control.high];
    const scale = { at: (value) => y.at(fractionOf(control, value)) };
    plot.yTicks(scale, values, x.from, x.to, (value) => {
      const shown = control.scale === "log" || Math.abs(value) > 0.01 * control.high ? value : 0; // "0.0001" does not fit
      return String(Number(shown.toPrecision(2))).replace("-", "−");
    });
  }

  /** Where bars stand: at zero where they go both ways, else at the bottom. */
  base(y) {
    const { low, high, scale } = this.control;
    return scale === "linear" && low < 0 && high > 0 ? y.at(fractionOf(this.control, 0)) : y.from;
  }

  drawBar(left, slot, y, fraction, mute, colours) {
    const { pen } = this.plot;
    const gap = barGap(slot);
    const base = this.base(y);
    const end = y.at(fraction);
    const down = end > base;
    const top = down ? base : Math.min(end, base - 2);
    const height = down ? end - base : base - top;
    const radius = Math.min(3, (slot - 2 * gap) / 2, height);
    const corners = down ? [0, 0, radius, radius] : [radius, radius, 0, 0];
    pen.beginPath();
    if (mute) {
      pen.roundRect(left + gap + 0.75, top, slot - 2 * gap - 1.5, height, corners);
      pen.strokeStyle = colours.yours;
      pen.lineWidth = 1.25;
      pen.setLineDash([2, 2]);
      pen.stroke();
      pen.setLineDash([]);
      return;
    }
    pen.roundRect(left + gap, top, slot - 2 * gap, height, corners);
    pen.fillStyle = colours.yours;
    pen.fill();
  }

  /** The target as a dashed outline over the bars. */
  drawTarget(x, y, slot) {
    const target = this.frame.outputs[this.item.target];
    const points = [];
    for (let n = 0; n < Math.min(this.control.n, target.length); n += 1) {
      const height = y.at(fractionOf(this.control, Math.max(target[n], this.control.scale === "log" ? this.control.low : -Infinity)));
      points.push(x.at(n), height, x.at(n) + slot, height);
    }
    const { pen } = this.plot;
    const { colours } = this.kit.theme;
    this.plot.line(points, colours.target, 1.75, [6, 4]);
    // On the bars themselves the grey would drown: there the outline is pale.
    const bars = this.kit.model.values[this.control.name];
    pen.save();
    pen.beginPath();
    for (let n = 0; n < this.control.n; n += 1) {
      const top = y.at(fractionOf(this.control, bars[n]));
      pen.rect(x.at(n) + barGap(slot), top, slot - 2 * barGap(slot), y.from - top);
    }
    pen.clip();
    this.plot.line(points, colours.yours, 2.5);
    this.plot.line(points, colours.surface, 2, [6, 4]);
    pen.restore();
  }

  /** From the bar's top towards downhill, held inside the plot. */
  drawArrow(at, slot, y, fraction, arrow) {
    if (!arrow) return;
    const from = y.at(fraction);
    const length = 6 + 0.3 * (y.from - y.to) * Math.abs(arrow);
    const to = arrow > 0 ? Math.max(y.to - 6, from - length) : Math.min(y.from, from + length);
    const { colours } = this.kit.theme;
    if (Math.abs(to - from) < 5) return;
    const width = Math.min(3, Math.max(1.5, slot / 6));
    // On its own bar an arrow needs a pale edge to stand out.
    this.plot.arrow(at, from, at, to + Math.sign(to - from) * 1.5, colours.surface, width + 3);
    this.plot.arrow(at, from, at, to, colours.gradient, width);
  }

  drawLabels(x, y, slot) {
    const { plot, labels } = this;
    plot.font(11);
    plot.pen.textBaseline = "top";
    plot.pen.textAlign = "center";
    plot.pen.fillStyle = this.kit.theme.colours.muted;
    const widest = Math.max(...labels.map((label) => plot.pen.measureText(label).width)) + 6;
    const every = Math.max(1, Math.ceil(widest / slot));
    labels.forEach((label, n) => {
      if (n % every === 0) plot.pen.fillText(label, x.at(n + 0.5), y.from + 7);
    });
  }

  /** The steepest bar, in words: for the row of numbers. */
  static steepest(slope, labels) {
    let at = -1;
    slope.gradient.forEach((one, n) => {
      if (Number.isFinite(one) && (at < 0 || Math.abs(one) > Math.abs(slope.gradient[at]))) at = n;
    });
    return at < 0 ? null : { value: slope.gradient[at], label: labels?.[at] ?? `no. ${at + 1}` };
  }

  destroy() {
    this.plot.destroy();
  }
}
