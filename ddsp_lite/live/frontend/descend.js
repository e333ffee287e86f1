/** Down the gradient: slopes as arrows and words, SGD and Adam steps, and a walk of many steps that knows when to stop. */

import { reducedMotion } from "./dom.js";
import { gradientUnit } from "./format.js";

const PATIENCE = 25;
const WORTHWHILE = 1e-3;
const STEPS_PER_JUMP = 10;
const JUMP_MS = 300;

/** The controls that descent may move: sliders and bars with a gradient. */
export function parametersOf(spec) {
  return spec.controls.filter((control) => (control.kind === "slider" || control.kind === "bars") && control.gradient !== false && !control.hidden);
}

/** d value / d coordinate: how far a unit step of the descent's own coordinate moves the value. */
function stretch(control, value, per) {
  if (per === "value") return 1;
  return control.scale === "log" ? value * Math.LN2 : control.high - control.low;
}

/** A slope over the control's whole travel, in units of `scale`, as an arrow from -1 to 1 that points downhill; 0 when flat. */
function arrowOf(control, value, gradient, per, scale) {
  // One of many bars holds a small share of the loss: its arrow is drawn larger, so that it can be seen.
  const share = Math.sqrt(control.n ?? 1);
  if (!Number.isFinite(gradient)) return 0;
  let travel = control.high - control.low;
  if (control.scale === "log") {
    const middle = Math.sqrt(control.low * control.high);
    travel = (per === "value" ? middle : value) * Math.log(control.high / control.low);
  }
  const length = 1 - Math.exp(-(Math.abs(gradient * travel) * share) / (4 * scale));
  return length < 5e-4 ? 0 : -Math.sign(gradient) * length;
}

/** How far, in shares of a control's travel, a step of plain descent moves it for each unit of the rate: downhill is positive towards `high`. */
export function downhillShare(control, value, gradient, per) {
  const step = -gradient * stretch(control, value, per);
  if (control.scale === "log") return per === "value" ? step / (value * Math.log(control.high / control.low)) : step / Math.log2(control.high / control.low);
  return per === "value" ? step / (control.high - control.low) : step;
}

/** For each parameter: the gradient in the unit that is told, that unit, and the arrow. Bars have arrays. */
export function slopesOf(spec, values, gradients, per, scale) {
  const slopes = {};
  for (const control of parametersOf(spec)) {
    const gradient = gradients[control.name];
    if (gradient === undefined || gradient === null) continue;
    const told = (value, slope) => (control.scale === "log" && per === "coordinate" ? slope * value * Math.LN2 : slope);
    const unit = gradientUnit(control, per);
    if (control.kind === "bars") {
      const bars = Array.from(values[control.name]);
      slopes[control.name] = {
        unit,
        gradient: bars.map((value, n) => told(value, gradient[n])),
        arrow: bars.map((value, n) => arrowOf(control, value, gradient[n], per, scale)),
      };
    } else {
      const value = values[control.name];
      const slope = typeof gradient === "number" ? gradient : gradient[0];
      slopes[control.name] = { unit, gradient: told(value, slope), arrow: arrowOf(control, value, slope, per, scale) };
    }
  }
  return slopes;
}

/** Gradient descent or Adam in the demo's coordinates (octaves or ranges, or plain values). */
export class Optimiser {
  constructor(spec) {
    this.parameters = parametersOf(spec);
    this.forget();
  }

  /** Forget the moments, as after a change by hand. */
  forget() {
    this.count = 0;
    this.moments = new Map();
  }

  /** The next values, within bounds, and the largest movement as a fraction of a control's travel. */
  step(values, gradients, { optimizer, rate, per }) {
    this.count += 1;
    const next = {};
    let moved = 0;
    for (const control of this.parameters) {
      const gradient = gradients[control.name];
      if (gradient === undefined || gradient === null) continue;
      const current = control.kind === "bars" ? values[control.name] : [values[control.name]];
      const slopes = typeof gradient === "number" ? [gradient] : gradient;
      if (!this.moments.has(control.name)) {
        this.moments.set(control.name, { mean: new Float64Array(current.length), square: new Float64Array(current.length) });
      }
      const moment = this.moments.get(control.name);
      const logarithmic = control.scale === "log" && per === "coordinate";
      const result = Array.from(current, (value, n) => {
        const factor = stretch(control, value, per);
        const change = this.change(moment, n, slopes[n] * factor, optimizer) * rate;
        let updated = value - change;
        if (per === "coordinate") updated = logarithmic ? value * 2 ** -change : value - change * factor;
        updated = Math.min(control.high, Math.max(control.low, updated));
        const travel = logarithmic ? Math.log(control.high / control.low) : control.high - control.low;
        const distance = logarithmic ? Math.log(updated / value) : updated - value;
        moved = Math.max(moved, Math.abs(distance) / travel);
        return updated;
      });
      next[control.name] = control.kind === "bars" ? Float32Array.from(result) : result[0];
    }
    return { values: next, moved };
  }

  change(moment, n, slope, optimizer) {
    if (optimizer === "sgd") return slope;
    moment.mean[n] = 0.9 * moment.mean[n] + 0.1 * slope;
    moment.square[n] = 0.999 * moment.square[n] + 0.001 * slope * slope;
    const mean = moment.mean[n] / (1 - 0.9 ** this.count);
    const square = moment.square[n] / (1 - 0.999 ** this.count);
    return mean / (Math.sqrt(square) + 1e-8);
  }
}

/** Whether a frame's loss and all its gradients are finite. */
export function isUsable(frame) {
  if (!Number.isFinite(frame.loss)) return false;
  return Object.values(frame.gradients).every((gradient) => (typeof gradient === "number" ? Number.isFinite(gradient) : gradient.every(Number.isFinite)));
}

/** A learning rate for another optimiser or coordinate that makes the first step from the start about as long as the author's. */
export function equivalentRate(spec, frame, values, optimizer, per) {
  const author = spec.descend;
  const lead = parametersOf(spec).find((control) => control.kind === "slider") ?? parametersOf(spec)[0];
  if (!lead || (optimizer === author.optimizer && per === author.per)) return author.learningRate;
  const at = (thing) => (lead.kind === "bars" ? thing[0] : typeof thing === "number" ? thing : thing[0]);
  const value = at(values[lead.name]);
  const slope = Math.abs(at(frame.gradients[lead.name] ?? [0]));
  const firstStep = (how, coordinate) => (how === "adam" ? 1 : slope * stretch(lead, value, coordinate));
  const wanted = author.learningRate * firstStep(author.optimizer, author.per) * (stretch(lead, value, author.per) / stretch(lead, value, per));
  const rate = wanted / firstStep(optimizer, per);
  return Number.isFinite(rate) && rate > 0 ? Number(rate.toPrecision(1)) : author.learningRate;
}

/** Walks downhill, a step a frame, until it converges, meets NaN, or has made all its steps. */
export class Follower {
  constructor(model, optimiser, ended) {
    this.model = model;
    this.optimiser = optimiser;
    this.ended = ended;
    this.running = false;
  }

  /** One step now; false when the loss or gradient cannot be used. */
  single() {
    const { model } = this;
    if (!isUsable(model.frame)) return false;
    const { values, moved } = this.optimiser.step(model.values, model.frame.gradients, model.settings);
    this.moved = moved;
    model.setAll(values, "descent");
    model.compute();
    return true;
  }

  start({ steps, patience = PATIENCE, settle = false }) {
    Object.assign(this, { steps, patience, settle, running: true, count: 0, still: 0 });
    this.rememberBest();
    this.since = 0;
    this.next();
  }

  next() {
    if (reducedMotion()) this.handle = setTimeout(() => this.advance(STEPS_PER_JUMP), JUMP_MS);
    else this.handle = requestAnimationFrame(() => this.advance(1));
  }

  advance(steps) {
    if (!this.running) return;
    let reason = null;
    for (let n = 0; n < steps && !reason; n += 1) reason = this.judge();
    this.model.notify();
    if (reason) this.finish(reason);
    else this.next();
  }

  /** Make one step; a reason to stop, or null. */
  judge() {
    const { model } = this;
    if (this.count >= this.steps) return "steps";
    if (!this.single()) return "nan";
    this.count += 1;
    if (!isUsable(model.frame)) return "nan";
    this.still = this.moved < 1e-7 ? this.still + 1 : 0;
    if (this.still >= 5) return "flat";
    if (model.frame.loss < this.best.loss) {
      if (model.frame.loss < this.best.loss * (1 - WORTHWHILE)) this.since = 0;
      this.rememberBest();
    } else this.since += 1;
    if (this.since >= this.patience) return "converged";
    return this.count >= this.steps ? "steps" : null;
  }

  rememberBest() {
    const values = {};
    for (const control of this.optimiser.parameters) values[control.name] = this.model.values[control.name];
    this.best = { loss: this.model.frame.loss, values };
  }

  /** The world has changed under the walk (another target, another input): forget what was best. */
  disturb() {
    if (!this.running) return;
    this.since = 0;
    this.still = 0;
    this.rememberBest();
  }

  finish(reason) {
    this.cancel();
    if (reason === "nan" || reason === "converged" || this.settle) {
      this.model.setAll(this.best.values, "descent");
      this.model.flush();
    }
    this.ended(reason, this.count);
  }

  /** Stop without a word. */
  cancel() {
    this.running = false;
    cancelAnimationFrame(this.handle);
    clearTimeout(this.handle);
  }
}
