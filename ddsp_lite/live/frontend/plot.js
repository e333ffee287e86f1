/** A canvas that stays sharp and redraws when its size changes, with axes, lines, areas and arrows. */

import { h } from "./dom.js";
import { significant } from "./format.js";

/** An axis from values to pixels, linear or logarithmic: `at(value)`, `inverse(pixel)`, `ticks`. */
export function makeAxis(low, high, from, to, logarithmic = false) {
  const map = logarithmic ? Math.log : (value) => value;
  const unmap = logarithmic ? Math.exp : (value) => value;
  const scale = (to - from) / (map(high) - map(low) || 1);
  return {
    low,
    high,
    from,
    to,
    logarithmic,
    at: (value) => from + (map(value) - map(low)) * scale,
    inverse: (pixel) => unmap(map(low) + (pixel - from) / scale),
  };
}

/** Round values to label an axis with, about `count` of them. */
export function axisTicks(axis, count) {
  return axis.logarithmic ? logarithmicTicks(axis, count) : linearTicks(axis.low, axis.high, count);
}

function linearTicks(low, high, count) {
  const raw = (high - low) / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= raw * 0.999) ?? 10);
  const ticks = [];
  for (let value = Math.ceil(low / step - 1e-9) * step; value <= high + step * 1e-9; value += step) {
    ticks.push(Math.abs(value) < step * 1e-9 ? 0 : value);
  }
  return ticks;
}

function logarithmicTicks({ low, high }, count) {
  for (const factors of [[1, 2, 5], [1, 5], [1]]) {
    const ticks = [];
    for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power += 1) {
      for (const factor of factors) {
        const value = factor * 10 ** power;
        if (value >= low * 0.999 && value <= high * 1.001) ticks.push(value);
      }
    }
    if (ticks.length <= count && ticks.length >= 2) return ticks;
    if (factors.length === 1) return ticks.length >= 2 ? ticks : [low, high];
  }
  return [low, high];
}

/** A tick's label: 1000 is "1k", trailing zeros are dropped. */
export function tickLabel(value) {
  if (value === 0) return "0";
  if (Math.abs(value) >= 1000 && Math.abs(value) < 1e6) return `${Number((value / 1000).toPrecision(3))}k`.replace("-", "−");
  if (Math.abs(value) < 1e-3 || Math.abs(value) >= 1e6) return significant(value, 1).replace(/^1 × /, "").replace(" × ", "·");
  return String(Number(value.toPrecision(4))).replace("-", "−");
}

/** A canvas in a box of the style sheet's height. `draw(plot)` is called whenever it must be painted. */
export class Plot {
  constructor(theme, draw) {
    this.theme = theme;
    this.draw = draw;
    this.canvas = h("canvas", { role: "img" });
    this.element = h("div", { class: "ddsp-plot" }, this.canvas);
    this.pen = this.canvas.getContext("2d");
    this.width = 0;
    this.height = 0;
    this.observer = new ResizeObserver(() => this.measure());
    this.observer.observe(this.element);
    this.labelTimer = null;
  }

  /** Say in words what is drawn; at most twice a second, since it is read, not seen. */
  describe(text) {
    this.nextLabel = text;
    this.labelTimer ??= setTimeout(() => {
      this.labelTimer = null;
      this.canvas.setAttribute("aria-label", this.nextLabel);
    }, this.canvas.hasAttribute("aria-label") ? 500 : 0);
  }

  measure() {
    const width = this.element.clientWidth;
    const height = this.element.clientHeight;
    const ratio = globalThis.devicePixelRatio || 1;
    if (width === this.width && height === this.height && ratio === this.ratio) return;
    Object.assign(this, { width, height, ratio });
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    this.repaint();
  }

  repaint() {
    if (this.width < 40 || this.height < 30) return;
    if ((globalThis.devicePixelRatio || 1) !== this.ratio) {
      this.measure();
      return;
    }
    this.pen.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    this.pen.clearRect(0, 0, this.width, this.height);
    this.pen.lineJoin = "round";
    this.pen.lineCap = "butt";
    this.draw(this);
  }

  /** Grid lines with labels left of the plot. */
  yTicks(axis, ticks, left, right, label = tickLabel) {
    const { pen, theme } = this;
    this.font(11);
    pen.textAlign = "right";
    pen.textBaseline = "middle";
    for (const value of ticks) {
      const y = Math.round(axis.at(value)) + 0.5;
      pen.strokeStyle = theme.colours.grid;
      pen.lineWidth = 1;
      pen.beginPath();
      pen.moveTo(left, y);
      pen.lineTo(right, y);
      pen.stroke();
      pen.fillStyle = theme.colours.muted;
      const text = label(value);
      this.font(Math.min(11, (11 * (left - 7)) / pen.measureText(text).width)); // a long label shrinks, it is not cut off
      pen.fillText(text, left - 6, y);
      this.font(11);
    }
  }

  /** Labels under the plot, with a small tick; labels that would touch a neighbour or the edge are moved or left out. */
  xTicks(axis, ticks, y, unit = "") {
    const { pen, theme } = this;
    this.font(11);
    pen.textAlign = "left";
    pen.textBaseline = "top";
    let free = 0;
    ticks.forEach((value, index) => {
      const x = axis.at(value);
      const text = tickLabel(value) + (index === 0 && unit ? ` ${unit}` : "");
      const width = pen.measureText(text).width;
      const bare = index === 0 && unit ? pen.measureText(tickLabel(value)).width : width;
      const start = Math.max(0, Math.min(this.width - width, x - bare / 2));
      if (start < free) return;
      pen.strokeStyle = theme.colours.grid;
      pen.lineWidth = 1;
      pen.beginPath();
      pen.moveTo(Math.round(x) + 0.5, y);
      pen.lineTo(Math.round(x) + 0.5, y + 4);
      pen.stroke();
      pen.fillStyle = theme.colours.muted;
      pen.fillText(text, start, y + 7);
      free = start + width + 8;
    });
  }

  font(size, weight = "400") {
    this.pen.font = `${weight} ${size}px ${this.theme.font}`;
  }

  /** A line through points; NaN leaves a gap. `points` is a flat list x0, y0, x1, y1 … */
  line(points, colour, width = 2, dash = []) {
    const { pen } = this;
    pen.strokeStyle = colour;
    pen.lineWidth = width;
    pen.setLineDash(dash);
    pen.beginPath();
    let down = false;
    for (let n = 0; n < points.length; n += 2) {
      if (Number.isFinite(points[n + 1])) {
        if (down) pen.lineTo(points[n], points[n + 1]);
        else pen.moveTo(points[n], points[n + 1]);
        down = true;
      } else down = false;
    }
    pen.stroke();
    pen.setLineDash([]);
  }

  /** The area between a line and a floor. */
  area(points, floor, colour) {
    const { pen } = this;
    pen.fillStyle = colour;
    pen.beginPath();
    let first = null;
    let last = 0;
    for (let n = 0; n < points.length; n += 2) {
      if (!Number.isFinite(points[n + 1])) continue;
      if (first === null) {
        first = points[n];
        pen.moveTo(first, floor);
      }
      last = points[n];
      pen.lineTo(points[n], points[n + 1]);
    }
    if (first === null) return;
    pen.lineTo(last, floor);
    pen.closePath();
    pen.fill();
  }

  /** An arrow with a filled head; the head shrinks with a short arrow. */
  arrow(x0, y0, x1, y1, colour, width = 3.5) {
    const length = Math.hypot(x1 - x0, y1 - y0);
    if (length < 1.5) return;
    const { pen } = this;
    const head = Math.min(13, length * 0.75);
    const ux = (x1 - x0) / length;
    const uy = (y1 - y0) / length;
    const side = head * 0.5;
    const bx = x1 - ux * head;
    const by = y1 - uy * head;
    pen.strokeStyle = colour;
    pen.fillStyle = colour;
    pen.lineWidth = Math.min(width, head * 0.5);
    pen.beginPath();
    pen.moveTo(x0, y0);
    pen.lineTo(bx + ux, by + uy);
    pen.stroke();
    pen.beginPath();
    pen.moveTo(x1, y1);
    pen.lineTo(bx - uy * side, by + ux * side);
    pen.lineTo(bx + uy * side, by - ux * side);
    pen.closePath();
    pen.fill();
  }

  destroy() {
    this.observer.disconnect();
    clearTimeout(this.labelTimer);
  }
}
