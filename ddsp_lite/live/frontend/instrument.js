/** An instrument to be played: surface, sliders, a phrase that plays itself, volume and level. */

import { Player } from "./audio.js";
import { BlockCore, scheduledSound, workletSound } from "./blocks.js";
import { h, icon, uid, watchTheme } from "./dom.js";
import { bytesOfBase64 } from "./engine.js";
import { noteName, Surface } from "./surface.js";
import { SliderWidget } from "./widgets.js";

const METER_FLOOR = -48;
const REST_MS = 20000;

async function unpackedBytes(text) {
  const packed = new Blob([bytesOfBase64(text)]).stream();
  return new Response(packed.pipeThrough(new DecompressionStream("deflate"))).arrayBuffer();
}

/** Audio for one instrument: the thread where there is one, else buffers; others fall silent. */
class InstrumentSound extends Player {
  constructor(spec, bytes, values, heard, stopped) {
    super(spec.sampleRate, stopped);
    Object.assign(this, { spec, bytes, values, heard });
    this.held = false;
    this.number = 0;
  }

  get playing() {
    return this.held;
  }

  /** Make all that a first note needs, and wait. */
  prepare() {
    if (this.context) return;
    this.build();
    this.making = this.make();
    this.rest = setTimeout(() => this.sleep(), REST_MS);
  }

  async open() {
    this.prepare();
    clearTimeout(this.rest);
    this.sounding.add(this);
    if (this.context.state !== "running") this.context.resume();
    return this.making;
  }

  async make() {
    const settings = [this.context, this.spec.engine, this.bytes, this.values, (number) => this.heard(number)];
    try {
      if (this.spec.scheduled || !this.context.audioWorklet) throw new Error("no audio thread");
      this.source = await workletSound(...settings);
    } catch {
      this.source = scheduledSound(...settings);
    }
    this.source.node.connect(this.loop.output);
  }

  /** Hold or let go a note at these values; resolves once the sound has them. */
  async send(values, held) {
    this.values = values;
    if (held && !this.held) document.dispatchEvent(new CustomEvent("ddsp-sounding", { detail: this }));
    this.held = held;
    this.number += 1;
    const asked = this.number;
    if (!held && !this.source) return asked;
    await this.open();
    if (asked === this.number) this.source.send({ values, gate: held, asked });
    if (!held) this.rest = setTimeout(() => this.sleep(), REST_MS);
    return asked;
  }

  sleep() {
    this.sounding.delete(this);
    if (!this.sounding.size) this.context.suspend();
  }

  stop() {
    if (!this.held) return;
    this.send(this.values, false);
    this.stopped();
  }

  destroy() {
    clearTimeout(this.rest);
    super.destroy();
    this.source?.end();
  }
}

/** The instrument as a panel. `host` is Jupyter's, or null in a page. */
class InstrumentPanel {
  constructor(root, spec, bytes, host) {
    Object.assign(this, { root, spec, bytes, host });
    this.values = Object.fromEntries(spec.controls.map(({ name, start }) => [name, host?.get(name) ?? start]));
    this.heardAt = new Map();
    this.sound = new InstrumentSound(spec, bytes, { ...this.values }, (number) => this.noted(number), () => this.silenced());
    const [pitch, loudness, ...others] = spec.controls;
    this.surface = new Surface(pitch, loudness, (at, held) => this.play(at, held));
    this.surface.set(this.values.pitch, this.values.loudness);
    this.sliders = others.map((control) => new SliderWidget(control, (value) => this.set(control.name, value)));
    others.forEach(({ name }, n) => this.sliders[n].show(this.values[name], null));
    this.say = h("output", { class: "ddsp-played", "aria-live": "off" });
    this.phraseLabel = h("span", {}, "Play a phrase");
    this.phraseButton = h("button", { type: "button", class: "ddsp-button ddsp-button-main", "data-action": "phrase", onclick: () => this.togglePhrase() }, icon("play"), this.phraseLabel);
    const hint = h("p", { class: "ddsp-note", id: uid("hint") }, "Press and drag on the surface, or put the focus there and play the keys A W S E D F T G Y H U J K as a piano's; Z and X change the octave, the arrow keys pitch and loudness, Space holds the note.");
    this.surface.element.setAttribute("aria-describedby", hint.id);
    const card = h(
      "div",
      { class: "ddsp-card" },
      h("p", { class: "ddsp-title", id: uid("title") }, spec.title),
      this.surface.element,
      hint,
      h("div", { class: "ddsp-controls" }, this.sliders.map((slider) => slider.element)),
      h("div", { class: "ddsp-playing", role: "group", "aria-label": "Phrase and volume" }, this.phraseButton, this.levels(), this.say),
    );
    root.replaceChildren(card);
    root.setAttribute("role", "group");
    root.setAttribute("aria-label", spec.title);
    this.theme = watchTheme(root, () => {});
    root.addEventListener("pointerenter", () => this.wake());
    root.addEventListener("focusin", () => this.wake());
    this.show();
  }

  /** The hand comes near: be ready before the note. */
  wake() {
    if (this.played) this.sound.open();
    else this.sound.prepare();
  }

  levels() {
    const range = h("input", {
      type: "range", min: 0, max: 100, step: 1, value: 40, "aria-label": "Volume", "aria-valuetext": "40 per cent",
      oninput: () => {
        this.sound.volume = range.value / 100;
        this.sound.setVolume(range.value / 100);
        range.setAttribute("aria-valuetext", `${range.value} per cent`);
        volume.style.setProperty("--at", range.value / 100);
      },
      onkeydown: (event) => event.stopPropagation(),
    });
    this.meter = h("span", { class: "ddsp-meter", "aria-hidden": "true" }, h("span"));
    const volume = h("div", { class: "ddsp-volume" }, icon("speaker"), h("div", { class: "ddsp-track" }, range), this.meter);
    volume.style.setProperty("--at", 0.4);
    return volume;
  }

  runMeter() {
    if (this.metering) return;
    this.metering = true;
    const show = () => {
      const level = this.sound.analyser ? this.sound.level() : -Infinity;
      this.meter.style.setProperty("--level", Math.min(1, Math.max(0, 1 - level / METER_FLOOR)).toFixed(3));
      this.metering = this.sound.held;
      if (this.metering) requestAnimationFrame(show);
      else this.meter.style.setProperty("--level", 0);
    };
    requestAnimationFrame(show);
  }

  /** The reader plays: a phrase that runs ends. */
  async play(at, held) {
    this.endPhrase();
    await this.sounds(at, held);
  }

  async sounds(at, held) {
    const started = performance.now();
    this.played ||= held;
    Object.assign(this.values, at);
    this.host?.set("pitch", at.pitch);
    this.host?.set("loudness", at.loudness);
    this.show();
    const sent = this.sound.send({ ...this.values }, held);
    this.heardAt.set(this.sound.number, { started, at: null });
    if (held) this.runMeter();
    await sent;
  }

  noted(number) {
    const told = this.heardAt.get(number);
    if (told) {
      told.at = performance.now();
      const { baseLatency = 0 } = this.sound.context;
      this.latency = told.at - told.started + 1000 * baseLatency;
    }
    this.heardAt.clear();
  }

  set(name, value) {
    this.values[name] = value;
    this.host?.set(name, value);
    this.take(name, value);
    if (this.sound.source) this.sound.send({ ...this.values }, this.sound.held);
  }

  /** Show a value that came from a slider, or from Python. */
  take(name, value) {
    this.values[name] = value;
    const n = this.spec.controls.findIndex((control) => control.name === name);
    if (n > 1) this.sliders[n - 2].show(value, null);
    else this.surface.set(this.values.pitch, this.values.loudness);
    this.surface.show();
    this.show();
  }

  show() {
    const { pitch, loudness } = this.values;
    this.say.textContent = `${noteName(pitch)} · ${Math.round(pitch)} Hz · ${Math.round(loudness)} ${this.spec.controls[1].unit}`.trim();
    this.root.dataset.pitch = pitch;
    this.root.dataset.held = this.sound.held;
  }

  silenced() {
    this.endPhrase();
    this.surface.held = false;
    this.surface.show();
    this.show();
  }

  togglePhrase() {
    if (this.phrase) {
      this.endPhrase();
      this.surface.tell(false);
      return;
    }
    const { phrase, engine: { block }, sampleRate } = this.spec;
    const names = this.spec.controls.slice(0, 2).map(({ name }) => name);
    const started = performance.now();
    this.showPhrase(true);
    const go = () => {
      const n = Math.floor(((performance.now() - started) / 1000) * (sampleRate / block));
      const ended = n >= phrase.length;
      const [pitch, loudness] = phrase[Math.min(n, phrase.length - 1)];
      this.surface.set(pitch, loudness);
      this.surface.held = !ended;
      this.surface.show();
      if (ended) this.endPhrase();
      this.sounds(Object.fromEntries(names.map((name) => [name, this.surface.at[name]])), !ended);
    };
    this.phrase = setInterval(go, 16);
    go();
  }

  endPhrase() {
    if (!this.phrase) return;
    clearInterval(this.phrase);
    this.phrase = null;
    this.showPhrase(false);
  }

  showPhrase(playing) {
    this.phraseLabel.textContent = playing ? "Stop" : "Play a phrase";
    this.phraseButton.firstChild.replaceWith(icon(playing ? "stop" : "play"));
  }

  /** The phrase, computed here at once: for comparison with PyTorch; and the time of each block in ms. */
  render(phrase) {
    const core = new BlockCore(this.spec.engine, this.bytes);
    const size = core.audio.length;
    const audio = new Float32Array(size * phrase.length);
    const times = phrase.map((row, n) => {
      const started = performance.now();
      const block = core.next(Object.fromEntries(this.spec.controls.map(({ name }, k) => [name, row[k]])));
      const time = performance.now() - started;
      audio.set(block, n * size);
      return time;
    });
    return { audio, times };
  }

  destroy() {
    this.endPhrase();
    this.sound.destroy();
    this.theme.stop();
  }
}

/** Put an instrument into `root`. */
export async function mountInstrument(root, spec, host) {
  const bytes = await unpackedBytes(spec.engine.wasm);
  const panel = new InstrumentPanel(root, spec, bytes, host);
  root.ddsp = panel;
  root.dataset.ready = "true";
  return panel;
}
