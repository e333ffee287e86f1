/** The loss over one control, a ball to drag on it, and the gradient as a tangent arrow pointing downhill. */

import { followPointer, whenIdle } from "./dom.js";
import { coverNode, panelFrame } from "./figures.js";
import { controlText, fitToControl, inSentence, significant } from "./format.js";
import { axisTicks, makeAxis, Plot } from "./plot.js";
import { downhillWords } from "./widgets.js";

const PASS_MS = 80;
const REMEMBERED = 16;

/** Recomputes the curve in idle time when anything but its own control changes; curves that were seen are remembered. */
export class LandscapePanel {
  constructor(item, kit) {
    this.item = item;
    this.kit = kit;
    this.control = kit.model.controls.get(item.over);
    this.xs = item.xs;
    this.ys = Float64Array.from(item.ys);
    this.fresh = true;
    this.seen = new Map([[this.situation(), this.ys]]);
    this.marker = null;
    this.plot = new Plot(kit.theme, () => this.draw());
    this.name = item.output === "loss" ? "Loss" : item.output[0].toUpperCase() + item.output.slice(1).replace(/_/g, " ");
    this.element = panelFrame("landscape", `${this.name} over ${inSentence(this.control.label)}`, { note: "drag the ball", secret: true }, this.plot.element);
    this.plot.element.classList.add("ddsp-drag");
    this.plot.element.append(coverNode("Covered for now"));
    this.plot.element.addEventListener("pointerdown", (event) => this.grab(event));
  }

  /** All other values, as a key: while it stays the same, so does the curve. */
  situation() {
    const { model } = this.kit;
    const parts = [];
    for (const name of model.controls.keys()) {
      if (name === this.item.over) continue;
      const value = model.values[name];
      parts.push(value?.samples ? `${value.name}${value.samples[100]}` : String(value));
    }
    return parts.join(";");
  }

  update(frame) {
    this.frame = frame;
    const key = this.situation();
    if (key !== this.key) {
      this.key = key;
      this.retrace(key);
    }
    this.plot.repaint();
    const { label } = this.control;
    this.plot.describe(
      `${this.name} over ${inSentence(label)}. At ${controlText(this.control, this.kit.model.values[this.item.over])} it is ${significant(this.height())}; ${downhillWords(this.arrow())}. Lowest at ${controlText(this.control, this.xs[this.lowest()])}.`,
    );
  }

  /** Show the curve for the present values of the other controls: from memory, or computed in idle time. */
  retrace(key) {
    this.fresh = this.seen.has(key);
    if (this.fresh) this.ys = this.seen.get(key);
    else this.cancel ??= whenIdle((left) => this.pass(left));
  }

  /** Compute a curve, a few milliseconds at a time; while the others keep moving a coarse one, and then the next. */
  pass(left) {
    const { model } = this.kit;
    this.now ??= this.begin();
    const { ys, values, key } = this.now;
    do {
      ys[this.now.next] = model.evaluate({ ...values, [this.item.over]: this.xs[this.now.next] }).outputs[this.item.output];
      this.now.next += this.now.stride;
    } while (this.now.next < ys.length && left() > 3);
    if (this.now.next < ys.length) {
      this.cancel = whenIdle((more) => this.pass(more));
      return;
    }
    const { stride } = this.now;
    fillBetween(ys, stride);
    this.ys = ys;
    this.now = null;
    this.cancel = null;
    if (stride === 1) this.remember(key, ys);
    this.retrace(this.situation());
    this.plot.repaint();
  }

  /** The values that hold during one pass, and how many points to skip so that it is over soon. */
  begin() {
    const key = this.situation();
    const atRest = key === this.lastKey;
    this.lastKey = key;
    const stride = atRest ? 1 : Math.min(8, Math.max(1, Math.ceil((this.xs.length * this.frame.ms) / PASS_MS)));
    return { key, stride, next: 0, values: { ...this.kit.model.values }, ys: new Float64Array(this.xs.length).fill(NaN) };
  }

  remember(key, ys) {
    if (this.seen.size >= REMEMBERED) this.seen.delete(this.seen.keys().next().value);
    this.seen.set(key, ys);
  }

  /** What is drawn, at the present values. */
  height() {
    return this.frame.outputs[this.item.output];
  }

  /** The downhill arrow, when it is the loss that is drawn: by that name, or as the one of several losses that is followed now. */
  arrow() {
    const followed = this.item.output === "loss" || this.height() === this.frame.outputs.loss;
    return followed ? (this.frame.slopes[this.item.over]?.arrow ?? 0) : 0;
  }

  lowest() {
    let at = 0;
    for (let n = 1; n < this.ys.length; n += 1) if (this.ys[n] < this.ys[at] || !Number.isFinite(this.ys[at])) at = n;
    return at;
  }

  /** Keep the reader's own setting, as a mark that stays beside the outcome. */
  setMarker(value) {
    this.marker = value;
    this.plot.repaint();
  }

  grab(event) {
    if (event.button !== 0 || this.kit.locked()) return;
    const box = this.plot.element;
    const move = (moved) => {
      const pixel = moved.clientX - box.getBoundingClientRect().left;
      this.kit.change(this.item.over, fitToControl(this.control, this.axes().x.inverse(pixel)));
    };
    followPointer(box, event, move);
  }

  axes() {
    const { plot } = this;
    let high = -Infinity;
    let low = Infinity;
    for (const y of this.ys) {
      if (y > high) high = y;
      if (y < low) low = y;
    }
    if (!(high > low)) {
      low = Number.isFinite(low) ? low : 0;
      high = low + 1;
    }
    const base = low < 0 || low > 0.6 * high ? low - 0.15 * (high - low) : 0;
    const left = 40;
    const x = makeAxis(this.control.low, this.control.high, left, plot.width - 14, this.control.scale === "log");
    return { x, y: makeAxis(base, high + 0.06 * (high - base), plot.height - 26, this.hasFlags() ? 20 : 8) };
  }

  redraw() {
    this.plot.repaint();
  }

  draw() {
    if (!this.frame) return;
    const { plot, control } = this;
    const colours = this.kit.theme.colours;
    const { x, y } = this.axes();
    plot.yTicks(y, axisTicks(y, plot.height < 180 ? 2 : 4), x.from, x.to);
    plot.xTicks(x, axisTicks(x, plot.width < 300 ? 5 : 9), y.from, control.unit);
    const points = [];
    this.xs.forEach((value, n) => points.push(x.at(value), y.at(this.ys[n])));
    plot.pen.globalAlpha = this.fresh ? 1 : 0.55;
    plot.area(points, y.from, colours["loss-fill"]);
    plot.line(points, colours.loss, 2.25);
    plot.pen.globalAlpha = 1;
    if (this.marker !== null) this.flag(x, y, this.marker, "you", colours.yours, [2, 3]);
    const target = this.targetValue();
    if (target !== null) this.flag(x, y, target, "target", colours.target, [6, 4]);
    this.drawBall(x, y);
  }

  hasFlags() {
    return this.marker !== null || this.targetValue() !== null;
  }

  /** Where the target stands, when the demo says so: by a control's name or as a number. */
  targetValue() {
    const { target } = this.item;
    if (typeof target === "number") return target;
    if (typeof target === "string") return this.kit.model.values[target];
    return null;
  }

  /** A vertical line with its name on top, kept inside the plot. */
  flag(x, y, value, text, colour, dash) {
    const { plot } = this;
    const at = Math.round(x.at(value)) + 0.5;
    plot.line([at, 17, at, y.from], colour, 1.75, dash);
    plot.font(12, "600");
    const half = plot.pen.measureText(text).width / 2;
    plot.pen.textAlign = "center";
    plot.pen.textBaseline = "top";
    plot.pen.fillStyle = colour;
    plot.pen.fillText(text, Math.min(x.to - half, Math.max(x.from + half, at)), 2);
  }

  drawBall(x, y) {
    const { plot } = this;
    const colours = this.kit.theme.colours;
    const value = this.kit.model.values[this.item.over];
    if (!Number.isFinite(this.height())) return;
    const at = x.at(value);
    const height = Math.min(y.from, Math.max(y.to, y.at(this.height())));
    const arrow = this.arrow();
    if (arrow) {
      const [dx, dy] = this.tangent(x, y, value, Math.sign(arrow));
      let length = 24 + 110 * Math.abs(arrow);
      // Held inside the plot, its head and all.
      if (dx) length = Math.min(length, (dx > 0 ? plot.width - 4 - at : at - 4) / Math.abs(dx));
      if (dy) length = Math.min(length, (dy > 0 ? y.from - 1 - height : height - 4) / Math.abs(dy));
      if (length > 14) plot.arrow(at, height, at + dx * length, height + dy * length, colours.gradient, 4);
      else this.stub(at, height, Math.sign(arrow), x);
    }
    plot.pen.beginPath();
    plot.pen.arc(at, height, 8.5, 0, 2 * Math.PI);
    plot.pen.fillStyle = colours.yours;
    plot.pen.strokeStyle = colours.surface;
    plot.pen.lineWidth = 3;
    plot.pen.stroke();
    plot.pen.fill();
  }

  /** The direction of the curve's tangent at the ball in pixels, downhill. */
  tangent(x, y, value, sign) {
    const raw = this.frame.gradients[this.item.over];
    const slope = typeof raw === "number" ? raw : raw[0];
    const perPixel = x.logarithmic ? (value * Math.log(x.high / x.low)) / (x.to - x.from) : (x.high - x.low) / (x.to - x.from);
    const dy = ((slope * perPixel * (y.to - y.from)) / (y.high - y.low)) * sign;
    const length = Math.hypot(1, dy);
    return [sign / length, dy / length];
  }

  /** Where there is no room for the tangent (on the floor or at an edge), a short level arrow says the direction. */
  stub(at, height, sign, x) {
    const end = Math.min(x.to + 10, Math.max(x.from - 10, at + sign * 24));
    if (Math.abs(end - at) > 12) this.plot.arrow(at, height, end, height, this.kit.theme.colours.gradient, 4);
  }

  destroy() {
    this.cancel?.();
    this.plot.destroy();
  }
}

/** Straight lines between every `stride`-th value, and level after the last. */
function fillBetween(ys, stride) {
  for (let n = 0; n < ys.length; n += 1) {
    const before = n - (n % stride);
    const after = Math.min(before + stride, ys.length - 1 - ((ys.length - 1) % stride));
    if (n !== before) ys[n] = after > before ? ys[before] + ((n - before) / stride) * (ys[after] - ys[before]) : ys[before];
  }
}
