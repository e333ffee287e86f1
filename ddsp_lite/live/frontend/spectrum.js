/** The spectrum panel: mean spectra of signals on a log axis, filter responses over them, a control's place marked. */

import { MeanSpectrum, sameNumbers } from "./dsp.js";
import { coverNode, nameOf, panelFrame, roleOf } from "./figures.js";
import { controlText } from "./format.js";
import { axisTicks, makeAxis, Plot } from "./plot.js";

const BOTTOM_DB = -74;
const LOWEST_HZ = 50;

/** Signals as spectra (the target as a filled shape, one's own as a line), responses as smooth lines (the target's dashed). */
export class SpectrumPanel {
  constructor(item, kit) {
    this.item = item;
    this.kit = kit;
    const nyquist = kit.spec.sampleRate / 2;
    this.mark = item.mark ? kit.model.controls.get(item.mark) : null;
    this.low = this.mark && this.mark.low < LOWEST_HZ ? Math.max(20, this.mark.low) : LOWEST_HZ;
    this.high = nyquist;
    this.top = 6;
    this.analyser = new MeanSpectrum(2048);
    this.spectra = new Map();
    this.plot = new Plot(kit.theme, () => this.draw());
    this.element = panelFrame("spectrum", item.response.length ? "Spectrum and filter" : "Spectrum", { keys: this.legend() }, this.plot.element);
    this.plot.element.append(coverNode("Covered for now"));
  }

  role(name) {
    return roleOf(this.kit.spec, name);
  }

  legend() {
    const { spec } = this.kit;
    const { signals, response } = this.item;
    const dashed = response.some((name) => this.role(name) === "target");
    const keys = signals.map((name) => [nameOf(spec, name), this.role(name), this.role(name) === "target" ? (dashed ? "both" : "area") : "line"]);
    for (const name of response) {
      // A response has the colour of its signal, and its name.
      if (!signals.some((signal) => this.role(signal) === this.role(name))) keys.push([nameOf(spec, name), this.role(name), this.role(name) === "target" ? "dashed" : "line"]);
    }
    return keys;
  }

  update(frame, changed) {
    this.frame = frame;
    // The axis grows with a resonance and keeps its size while one plays with it.
    if ([...changed.values()].includes("reset")) this.top = 6;
    for (const name of this.item.signals) {
      const samples = frame.outputs[name];
      const known = this.spectra.get(name);
      if (!known || !sameNumbers(known.samples, samples)) this.spectra.set(name, { samples, levels: this.analyser.levels(samples) });
    }
    for (const name of this.item.response) {
      for (const level of frame.outputs[name]) if (level > this.top && Number.isFinite(level)) this.top = Math.min(48, 6 + 12 * Math.ceil((level - 6) / 12));
    }
    this.plot.repaint();
    const place = this.mark ? ` ${this.mark.label} at ${controlText(this.mark, this.kit.model.values[this.item.mark])}.` : "";
    this.plot.describe(`Spectrum of ${this.item.signals.map((name) => nameOf(this.kit.spec, name)).join(" and ")}, level in decibels over frequency.${place}`);
  }

  redraw() {
    this.plot.repaint();
  }

  draw() {
    if (!this.frame) return;
    const { plot, kit } = this;
    const colours = kit.theme.colours;
    const left = 40;
    const right = plot.width - 4;
    const floor = plot.height - 26;
    const x = makeAxis(this.low, this.high, left, right, true);
    const y = makeAxis(BOTTOM_DB, this.top, floor, 8);
    const step = plot.height < 180 ? 24 : 12;
    const ticks = [];
    for (let level = Math.floor(this.top / 24) * 24; level > BOTTOM_DB + 4; level -= step) ticks.push(level);
    plot.yTicks(y, ticks, left, right, (level) => (level === 0 ? "0 dB" : String(level).replace("-", "−")));
    plot.xTicks(x, axisTicks(x, plot.width < 300 ? 5 : 9), floor, "Hz");
    plot.pen.save();
    plot.pen.beginPath();
    plot.pen.rect(left, 0, right - left, floor);
    plot.pen.clip();
    const ordered = [...this.item.signals].sort((a, b) => (this.role(b) === "target") - (this.role(a) === "target"));
    for (const name of ordered) this.drawSpectrum(x, y, floor, name);
    for (const name of this.item.response) {
      const target = this.role(name) === "target";
      plot.line(this.responsePoints(x, y, name), colours[this.role(name)], 2.25, target ? [6, 4] : []);
    }
    if (this.mark) {
      const at = Math.round(x.at(kit.model.values[this.item.mark])) + 0.5;
      plot.line([at, 4, at, floor], colours.yours, 1.5, [1.5, 3]);
    }
    plot.pen.restore();
  }

  drawSpectrum(x, y, floor, name) {
    const { levels } = this.spectra.get(name);
    const role = this.role(name);
    const colours = this.kit.theme.colours;
    const perBin = this.kit.spec.sampleRate / (2 * (levels.length - 1));
    const points = [];
    let before = x.inverse(x.from - 0.5) / perBin;
    for (let pixel = x.from; pixel <= x.to; pixel += 1) {
      const after = Math.min(levels.length - 1, x.inverse(pixel + 0.5) / perBin);
      points.push(pixel, y.at(Math.max(BOTTOM_DB - 2, levelBetween(levels, before, after))));
      before = after;
    }
    if (role === "target") this.plot.area(points, floor + 2, colours["target-fill"]);
    else this.plot.line(points, colours[role], 1.25);
  }

  responsePoints(x, y, name) {
    const levels = this.kit.model.frame.outputs[name];
    const grid = this.item.frequencies ? this.kit.model.frame.outputs[this.item.frequencies] : null;
    const points = [];
    const every = Math.max(1, Math.floor(levels.length / 600));
    for (let n = 0; n < levels.length; n += every) {
      const frequency = grid ? grid[n] : (n * this.high) / (levels.length - 1);
      if (frequency >= this.low * 0.9) points.push(x.at(frequency), y.at(levels[n]));
    }
    return points;
  }

  destroy() {
    this.plot.destroy();
  }
}

/** The highest level between two fractional bins, or the interpolated one when they lie closer than a bin. */
function levelBetween(levels, from, to) {
  const first = Math.ceil(from);
  const last = Math.floor(to);
  if (last < first) {
    const middle = (from + to) / 2;
    const bin = Math.min(levels.length - 2, Math.floor(middle));
    return levels[bin] + (middle - bin) * (levels[bin + 1] - levels[bin]);
  }
  let highest = levels[first];
  for (let bin = first + 1; bin <= last; bin += 1) if (levels[bin] > highest) highest = levels[bin];
  return highest;
}
