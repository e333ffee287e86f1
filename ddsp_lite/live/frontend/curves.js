/** Plain curves: a stretch of the waveform, any output over any other, and the history of the loss or a control. */

import { coverNode, linesOf, nameOf, panelFrame } from "./figures.js";
import { quantity, significant } from "./format.js";
import { axisTicks, makeAxis, Plot } from "./plot.js";

/** Draws axes and several lines. `lines`: [{role, dash, points: flat value list}]. */
function drawLines(plot, theme, x, y, lines, { unit = "", xTicks = 7 } = {}) {
  plot.yTicks(y, axisTicks(y, plot.height < 180 ? 3 : 5), x.from, x.to);
  plot.xTicks(x, axisTicks(x, plot.width < 300 ? Math.min(5, xTicks) : xTicks), y.from, unit);
  plot.pen.save();
  plot.pen.beginPath();
  plot.pen.rect(x.from - 1, y.to - 4, x.to - x.from + 5, y.from - y.to + 6);
  plot.pen.clip();
  for (const { role, dash, points } of lines) {
    const pixels = new Float32Array(points.length);
    for (let n = 0; n < points.length; n += 2) {
      pixels[n] = x.at(points[n]);
      pixels[n + 1] = y.at(points[n + 1]);
    }
    plot.line(pixels, theme.colours[role] ?? theme.colours.ink, dash.length ? 1.75 : 2, dash);
  }
  plot.pen.restore();
}

/** Target first, so that one's own line lies on top. */
function inDrawingOrder(lines) {
  return [...lines].sort((a, b) => (b.role === "target") - (a.role === "target"));
}

function legendOf(spec, lines) {
  return lines.map(({ name, role, style }) => [nameOf(spec, name), role, style]);
}

/** The first `seconds` of some signals. */
export class WavePanel {
  constructor(item, kit) {
    this.item = item;
    this.kit = kit;
    this.lines = linesOf(kit.spec, item.signals);
    this.plot = new Plot(kit.theme, () => this.draw());
    this.element = panelFrame("wave", "Waveform", { keys: legendOf(kit.spec, this.lines) }, this.plot.element);
    this.plot.element.append(coverNode("Covered for now"));
    this.plot.describe(`The first ${quantity(item.seconds, "s")} of ${item.signals.map((name) => nameOf(kit.spec, name)).join(" and ")}.`);
    this.reach = 0.1;
  }

  update(frame) {
    this.frame = frame;
    const count = this.count();
    for (const name of this.item.signals) {
      const samples = frame.outputs[name];
      for (let n = 0; n < count; n += 1) if (Math.abs(samples[n]) > this.reach && Number.isFinite(samples[n])) this.reach = Math.abs(samples[n]);
    }
    this.plot.repaint();
  }

  count() {
    return Math.min(this.frame.outputs[this.item.signals[0]].length, Math.round(this.item.seconds * this.kit.spec.sampleRate));
  }

  redraw() {
    this.plot.repaint();
  }

  draw() {
    if (!this.frame) return;
    const count = this.count();
    const milliseconds = this.item.seconds < 1;
    const perSample = (milliseconds ? 1000 : 1) / this.kit.spec.sampleRate;
    const x = makeAxis(0, count * perSample, 40, this.plot.width - 6);
    const y = makeAxis(-1.05 * this.reach, 1.05 * this.reach, this.plot.height - 26, 8);
    const every = Math.max(1, Math.floor(count / (2 * this.plot.width)));
    const lines = inDrawingOrder(this.lines).map(({ name, role, dash }) => {
      const points = [];
      const samples = this.frame.outputs[name];
      for (let n = 0; n < count; n += every) points.push(n * perSample, samples[n]);
      return { role, dash, points };
    });
    drawLines(this.plot, this.kit.theme, x, y, lines, { unit: milliseconds ? "ms" : "s" });
  }

  destroy() {
    this.plot.destroy();
  }
}

/** Outputs over an output or over their index. */
export class CurvePanel {
  constructor(item, kit) {
    this.item = item;
    this.kit = kit;
    this.lines = linesOf(kit.spec, item.signals);
    this.plot = new Plot(kit.theme, () => this.draw());
    const title = item.title || inTitle(item.signals, kit.spec);
    const note = [item.ylabel, item.xlabel].filter(Boolean).join(" over ");
    this.element = panelFrame("curve", title, { keys: item.signals.length > 1 ? legendOf(kit.spec, this.lines) : [], note: item.signals.length > 1 ? "" : note }, this.plot.element);
    this.plot.element.append(coverNode("Covered for now"));
    this.plot.describe(`${title}: ${note || "curve"}.`);
    this.low = Infinity;
    this.high = -Infinity;
  }

  update(frame) {
    this.frame = frame;
    for (const name of this.item.signals) {
      for (const value of frame.outputs[name]) {
        if (!Number.isFinite(value)) continue;
        if (value < this.low) this.low = value;
        if (value > this.high) this.high = value;
      }
    }
    this.plot.repaint();
  }

  redraw() {
    this.plot.repaint();
  }

  draw() {
    if (!this.frame || !(this.high >= this.low)) return;
    const length = this.frame.outputs[this.item.signals[0]].length;
    const grid = this.item.x ? this.frame.outputs[this.item.x] : Float32Array.from({ length }, (_, n) => n);
    const logarithmic = this.item.xscale === "log";
    const first = logarithmic ? Array.from(grid).find((value) => value > 0) : grid[0];
    const x = makeAxis(first, grid[grid.length - 1], 44, this.plot.width - 8, logarithmic);
    const pad = 0.06 * (this.high - this.low || 1);
    const y = makeAxis(this.low - pad, this.high + pad, this.plot.height - 26, 8);
    const lines = inDrawingOrder(this.lines).map(({ name, role, dash }) => {
      const points = [];
      const values = this.frame.outputs[name];
      for (let n = 0; n < values.length; n += 1) if (!logarithmic || grid[n] > 0) points.push(grid[n], values[n]);
      return { role, dash, points };
    });
    const unit = /\b(k?Hz|ms|s|dB)\b/.exec(this.item.xlabel ?? "")?.[0] ?? "";
    drawLines(this.plot, this.kit.theme, x, y, lines, { unit });
  }

  destroy() {
    this.plot.destroy();
  }
}

function inTitle(signals, spec) {
  const title = signals.map((name) => nameOf(spec, name)).join(", ");
  return title[0].toUpperCase() + title.slice(1);
}

const SHOWN_AT_LEAST = 20;
const KEPT = 2000;

/** The loss, or a control (each of its bars), step after step of descent; a dot until the first step. */
export class TracePanel {
  constructor(item, kit) {
    this.item = item;
    this.kit = kit;
    this.control = item.of === "loss" ? null : kit.model.controls.get(item.of);
    this.history = [];
    this.plot = new Plot(kit.theme, () => this.draw());
    const title = this.control ? `${this.control.label}, step by step` : "Loss, step by step";
    this.element = panelFrame("trace", title, { note: this.control?.unit ?? "", secret: true }, this.plot.element);
    this.plot.element.append(coverNode("Covered for now"));
  }

  update(frame, changed) {
    const origins = new Set(changed.values());
    const value = this.control ? this.kit.model.values[this.control.name] : frame.loss;
    const now = typeof value === "number" ? [value] : Array.from(value);
    if (["reset", "reader", "host", "link", "contest"].some((origin) => origins.has(origin))) this.history = [];
    if (!this.history.length || origins.has("descent")) this.history.push(now);
    else this.history[this.history.length - 1] = now;
    if (this.history.length > KEPT) this.history = this.history.slice(-KEPT);
    this.plot.repaint();
    const steps = this.history.length - 1;
    const told = now.map((one) => (this.control ? quantity(one, this.control.unit) : significant(one))).join(", ");
    this.plot.describe(`${this.control ? this.control.label : "Loss"} after ${steps} ${steps === 1 ? "step" : "steps"}: ${told}.`);
  }

  redraw() {
    this.plot.repaint();
  }

  draw() {
    if (!this.history.length) return;
    const { plot, control, history } = this;
    const x = makeAxis(0, Math.max(SHOWN_AT_LEAST, history.length - 1), 44, plot.width - 8);
    let y;
    if (control) y = makeAxis(control.low, control.high, plot.height - 26, 8, control.scale === "log");
    else {
      const finite = history.flat().filter(Number.isFinite);
      y = makeAxis(Math.min(0, ...finite), 1.06 * Math.max(1e-12, ...finite), plot.height - 26, 8);
    }
    const role = control ? "yours" : "loss";
    const lines = history[0].map((_, which) => ({ role, dash: [], points: history.flatMap((values, n) => [n, values[which]]) }));
    drawLines(plot, this.kit.theme, x, y, lines, { unit: "steps" });
    plot.pen.fillStyle = this.kit.theme.colours[role];
    for (const last of history[history.length - 1]) {
      if (!Number.isFinite(last)) continue;
      plot.pen.beginPath();
      plot.pen.arc(x.at(history.length - 1), y.at(last), 4, 0, 2 * Math.PI);
      plot.pen.fill();
    }
  }

  destroy() {
    this.plot.destroy();
  }
}
