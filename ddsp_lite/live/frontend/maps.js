/** Losses over two controls: a heat map each, one ball on all of them, the way down, and the path that descent has walked. */

import { downhillShare } from "./descend.js";
import { followPointer, h, whenIdle } from "./dom.js";
import { coverNode, panelFrame } from "./figures.js";
import { controlText, fitToControl, inSentence, significant, valueAtFraction } from "./format.js";
import { contoursOf, gridOf, pictureOf } from "./heights.js";
import { axisTicks, makeAxis, Plot } from "./plot.js";
import { downhillWords } from "./widgets.js";

const MAP_PASS_MS = 150;
const MAPS_KEPT = 12;
const PATHS_KEPT = 3;

/** Computes the maps anew in idle time when another control moves; maps that were seen are remembered. */
export class MapPanel {
  constructor(item, kit) {
    this.item = item;
    this.kit = kit;
    this.x = kit.model.controls.get(item.x);
    this.y = kit.model.controls.get(item.y);
    const tables = item.tables.map((table) => Float64Array.from(table));
    this.grid = gridOf(item.size[0], item.size[1], tables);
    this.seen = new Map([[this.situation(), this.grid]]);
    this.fresh = true;
    this.path = [];
    this.former = [];
    this.maps = item.outputs.map((output, n) => this.mapOf(output, n));
    const many = this.maps.length > 1;
    const title = many ? "Loss" : item.labels[0][0].toUpperCase() + item.labels[0].slice(1);
    const boxes = this.maps.map(({ box }) => box);
    this.element = panelFrame(
      "map",
      `${title} over ${inSentence(this.x.label)} and ${inSentence(this.y.label)}`,
      { note: many ? "drag the ball on any map; dark is high" : "drag the ball; dark is high", wide: many, secret: true },
      many ? h("div", { class: "ddsp-maps" }, boxes) : boxes[0],
    );
    /** What is drawn now, as numbers, for tests and the curious. */
    this.element.ddspMap = () => ({ nx: this.grid.nx, ny: this.grid.ny, tables: this.grid.tables.map((table) => Array.from(table)), fresh: this.fresh });
  }

  /** One map: its plot, and where there are several, a heading. */
  mapOf(output, n) {
    const plot = new Plot(this.kit.theme, () => this.draw(n));
    plot.element.classList.add("ddsp-drag", "ddsp-map");
    plot.element.append(coverNode("Covered for now"));
    plot.element.addEventListener("pointerdown", (event) => this.grab(event, plot));
    const heading = h("p", { class: "ddsp-map-title" }, this.item.labels[n]);
    const box = this.item.outputs.length > 1 ? h("div", { class: "ddsp-map-box", "data-map": output }, heading, plot.element) : plot.element;
    return { output, plot, box, label: this.item.labels[n] };
  }

  /** All values that the maps depend on, as a key: while it stays the same, so do they. */
  situation() {
    const { model } = this.kit;
    const parts = [];
    for (const name of model.controls.keys()) {
      if (name === this.item.x || name === this.item.y || this.item.ignoring.includes(name)) continue;
      const value = model.values[name];
      parts.push(value?.samples ? `${value.name}${value.samples[100]}` : String(value));
    }
    return parts.join(";");
  }

  update(frame, changed) {
    this.frame = frame;
    const key = this.situation();
    if (key !== this.key) {
      if (this.key !== undefined) this.former = [];
      this.key = key;
      this.recompute(key);
    }
    this.walk(changed);
    this.redraw();
    this.maps.forEach((map, n) => map.plot.describe(this.words(n)));
  }

  /** Add where descent has come to; begin a new path when anybody else has moved the ball. */
  walk(changed) {
    const { values } = this.kit.model;
    const now = [values[this.item.x], values[this.item.y]];
    const origins = [this.item.x, this.item.y].map((name) => changed.get(name)).filter(Boolean);
    if (origins.some((origin) => origin !== "descent")) {
      if (this.path.length > 1) this.former = [...this.former, this.path].slice(-PATHS_KEPT);
      this.path = [now];
    } else if (origins.length || !this.path.length) this.path.push(now);
    this.element.dataset.path = this.path.length;
    this.element.dataset.former = this.former.length;
  }

  /** What the picture says, for those who cannot see it. */
  words(n) {
    const { x, y } = this;
    const { values } = this.kit.model;
    const at = (a, b) => `${inSentence(x.label)} ${controlText(x, a)}, ${inSentence(y.label)} ${controlText(y, b)}`;
    const table = this.grid.tables[n];
    let lowest = 0;
    for (let k = 1; k < table.length; k += 1) if (table[k] < table[lowest]) lowest = k;
    const place = at(valueAtFraction(x, (lowest % this.grid.nx) / (this.grid.nx - 1)), valueAtFraction(y, Math.floor(lowest / this.grid.nx) / (this.grid.ny - 1)));
    const { slopes } = this.frame;
    const ways = this.followed(n) ? [x, y].map((control) => (slopes[control.name] ? ` For ${inSentence(control.label)}, ${downhillWords(slopes[control.name].arrow)}.` : "")).join("") : "";
    return `Map of the loss "${this.maps[n].label}". The ball is at ${at(values[x.name], values[y.name])}, where the loss is ${significant(this.frame.outputs[this.maps[n].output])}.${ways} Lowest on the map at ${place}.`;
  }

  /** Show the maps for the present values of the other controls: from memory, or computed in idle time. */
  recompute(key) {
    this.fresh = this.seen.has(key);
    if (this.fresh) this.grid = this.seen.get(key);
    else this.cancel ??= whenIdle((left) => this.pass(left));
  }

  /** Compute maps, a few milliseconds at a time; while the other controls keep moving coarse ones, and then fine ones. */
  pass(left) {
    const { item } = this;
    const { model } = this.kit;
    this.now ??= this.begin();
    const { nx, ny, tables, values, key, whole } = this.now;
    do {
      const k = this.now.next;
      const inputs = { ...values, [item.x]: valueAtFraction(this.x, (k % nx) / (nx - 1)), [item.y]: valueAtFraction(this.y, Math.floor(k / nx) / (ny - 1)) };
      const { outputs } = model.evaluate(inputs);
      item.outputs.forEach((name, n) => (tables[n][k] = outputs[name]));
      this.now.next += 1;
    } while (this.now.next < nx * ny && left() > 3);
    if (this.now.next < nx * ny) {
      this.cancel = whenIdle((more) => this.pass(more));
      return;
    }
    this.grid = gridOf(nx, ny, tables);
    this.now = null;
    this.cancel = null;
    if (whole) {
      if (this.seen.size >= MAPS_KEPT) this.seen.delete(this.seen.keys().next().value);
      this.seen.set(key, this.grid);
    }
    this.recompute(this.situation());
    this.redraw();
    this.maps.forEach((map, n) => map.plot.describe(this.words(n)));
  }

  /** The values that hold during one pass, and how fine it is: so that it is over soon while they still move. */
  begin() {
    const key = this.situation();
    const whole = key === this.lastKey;
    this.lastKey = key;
    const [nx, ny] = this.item.size;
    const stride = whole ? 1 : Math.min(4, Math.max(1, Math.ceil(Math.sqrt((nx * ny * this.frame.ms) / MAP_PASS_MS))));
    const coarse = (count) => Math.max(2, Math.ceil((count - 1) / stride) + 1);
    const size = { nx: coarse(nx), ny: coarse(ny) };
    const tables = this.item.outputs.map(() => new Float64Array(size.nx * size.ny).fill(NaN));
    return { key, ...size, tables, whole: stride === 1, next: 0, values: { ...this.kit.model.values } };
  }

  /** Whether it is this loss that descent follows: by that name, or as the one of several that is followed now. */
  followed(n) {
    const { output } = this.maps[n];
    return output === "loss" || this.frame.outputs[output] === this.frame.outputs.loss;
  }

  grab(event, plot) {
    if (event.button !== 0 || this.kit.locked()) return;
    const box = plot.element;
    const move = (moved) => {
      const frame = box.getBoundingClientRect();
      const { x, y } = this.axes(plot);
      this.kit.change(this.item.x, fitToControl(this.x, x.inverse(moved.clientX - frame.left)));
      this.kit.change(this.item.y, fitToControl(this.y, y.inverse(moved.clientY - frame.top)));
    };
    followPointer(box, event, move);
  }

  axes(plot) {
    const { x, y } = this;
    return {
      x: makeAxis(x.low, x.high, 36, plot.width - 8, x.scale === "log"),
      y: makeAxis(y.low, y.high, plot.height - 26, 6, y.scale === "log"),
    };
  }

  redraw() {
    for (const { plot } of this.maps) plot.repaint();
  }

  draw(n) {
    if (!this.frame) return;
    const { plot, box } = this.maps[n];
    const { colours } = this.kit.theme;
    const { pen } = plot;
    const { x, y } = this.axes(plot);
    plot.yTicks(y, axisTicks(y, plot.height < 180 ? 3 : 5), x.from, x.to);
    plot.xTicks(x, axisTicks(x, plot.width < 300 ? 4 : 7), y.from, this.x.unit);
    pen.globalAlpha = this.fresh ? 1 : 0.55;
    pen.imageSmoothingQuality = "high";
    const { nx, ny } = this.grid;
    pen.drawImage(pictureOf(this.grid, n, colours), 0.5, 0.5, nx - 1, ny - 1, x.from, y.to, x.to - x.from, y.from - y.to);
    pen.strokeStyle = colours.loss;
    pen.lineWidth = 0.75;
    pen.globalAlpha *= 0.6;
    pen.beginPath();
    const lines = contoursOf(this.grid, n);
    for (let k = 0; k < lines.length; k += 4) {
      pen.moveTo(x.from + lines[k] * (x.to - x.from), y.from + lines[k + 1] * (y.to - y.from));
      pen.lineTo(x.from + lines[k + 2] * (x.to - x.from), y.from + lines[k + 3] * (y.to - y.from));
    }
    pen.stroke();
    pen.globalAlpha = 1;
    box.toggleAttribute("data-followed", this.followed(n) && this.maps.length > 1);
    const pixels = (path) => path.flatMap(([a, b]) => [x.at(a), y.at(b)]);
    for (const path of this.former) plot.line(pixels(path), colours.ink, 1.25, [3, 3]);
    if (this.path.length > 1) {
      plot.line(pixels(this.path), colours.surface, 5);
      plot.line(pixels(this.path), colours.gradient, 2.25);
    }
    this.drawTarget(plot, x, y);
    this.drawBall(plot, x, y, this.followed(n));
  }

  /** Where the target lies: a dashed ring with a cross, told apart from the ball by shape too. */
  drawTarget(plot, x, y) {
    const { target } = this.item;
    if (!target) return;
    const [a, b] = target.map((each) => (typeof each === "string" ? this.kit.model.values[each] : each));
    const { pen } = plot;
    const { colours } = this.kit.theme;
    const at = [x.at(a), y.at(b)];
    for (const [colour, width, dash] of [[colours.surface, 5, []], [colours.ink, 2, [4, 3]]]) {
      pen.beginPath();
      pen.arc(at[0], at[1], 9, 0, 2 * Math.PI);
      pen.strokeStyle = colour;
      pen.lineWidth = width;
      pen.setLineDash(dash);
      pen.stroke();
    }
    pen.setLineDash([]);
    plot.line([at[0] - 4, at[1], at[0] + 4, at[1]], colours.ink, 1.75);
    plot.line([at[0], at[1] - 4, at[0], at[1] + 4], colours.ink, 1.75);
  }

  drawBall(plot, x, y, followed) {
    const { pen } = plot;
    const { colours } = this.kit.theme;
    const { values, settings } = this.kit.model;
    const at = [x.at(values[this.item.x]), y.at(values[this.item.y])];
    if (followed) this.drawArrow(plot, at, x, y, settings.per);
    pen.beginPath();
    pen.arc(at[0], at[1], 7, 0, 2 * Math.PI);
    pen.strokeStyle = colours.surface;
    pen.lineWidth = 4;
    pen.stroke();
    pen.fillStyle = colours.yours;
    pen.fill();
  }

  /** The way that a step of plain descent goes, in the coordinates in which steps are made; its length says how steep it is. */
  drawArrow(plot, at, x, y, per) {
    const { gradients, slopes } = this.frame;
    const { values } = this.kit.model;
    const share = (control) => {
      const raw = gradients[control.name];
      if (raw === undefined || !slopes[control.name]) return 0;
      return downhillShare(control, values[control.name], typeof raw === "number" ? raw : raw[0], per);
    };
    const dx = share(this.x) * (x.to - x.from);
    const dy = share(this.y) * (y.to - y.from);
    const size = Math.hypot(dx, dy);
    const steep = Math.max(...[this.x, this.y].map((control) => Math.abs(slopes[control.name]?.arrow ?? 0)));
    if (!(size > 0) || !steep) return;
    let length = 20 + 60 * steep;
    // Held inside the plot, its head and all.
    if (dx) length = Math.min(length, ((dx > 0 ? plot.width - 4 - at[0] : at[0] - 4) * size) / Math.abs(dx));
    if (dy) length = Math.min(length, ((dy > 0 ? plot.height - 4 - at[1] : at[1]) * size) / Math.abs(dy));
    plot.arrow(at[0], at[1], at[0] + (length * dx) / size, at[1] + (length * dy) / size, this.kit.theme.colours.gradient, 4);
  }

  destroy() {
    this.cancel?.();
    for (const { plot } of this.maps) plot.destroy();
  }
}
