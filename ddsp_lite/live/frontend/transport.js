/** The row of buttons: play, which sound, step, follow, reset, volume and level. */

import { commonGain, Player, safeSamples } from "./audio.js";
import { h, icon, uid } from "./dom.js";
import { peakOf, wavFile } from "./dsp.js";
import { significant } from "./format.js";

const METER_FLOOR_DB = -48;

/** Plays one of the demo's signals and switches between them without a click; asks the kit for everything else. */
export class Transport {
  constructor(kit) {
    this.kit = kit;
    this.item = kit.spec.show.find((item) => item.kind === "player") ?? null;
    this.current = 0;
    const row = [];
    if (this.item) row.push(...this.soundButtons());
    if (kit.spec.descend) row.push(...this.descentButtons());
    this.reset = h("button", { type: "button", class: "ddsp-button", "data-action": "reset", onclick: () => kit.reset() }, "Reset");
    row.push(this.reset);
    this.volume = this.item ? this.levels() : null;
    this.element = h("div", { class: "ddsp-transport", role: "group", "aria-label": "Sound and descent" }, row);
  }

  soundButtons() {
    this.player = new Player(this.kit.spec.sampleRate, () => this.showPlaying());
    this.playLabel = h("span", {}, "Play");
    this.playButton = h("button", { type: "button", class: "ddsp-button ddsp-button-main ddsp-play", "data-action": "play", "aria-keyshortcuts": "Space", onclick: () => this.toggle() }, icon("play"), this.playLabel);
    if (this.item.signals.length < 2) return [this.playButton];
    const name = uid("signal");
    this.radios = this.item.signals.map((signal, n) =>
      h("input", { type: "radio", name, value: n, checked: n === 0, "data-signal": signal, onchange: () => this.select(n) }),
    );
    const segments = this.item.signals.map((signal, n) => h("label", { class: "ddsp-segment" }, this.radios[n], h("span", {}, this.item.labels?.[n] ?? signal)));
    return [this.playButton, h("div", { class: "ddsp-segments ddsp-signals", role: "radiogroup", "aria-label": "Which sound" }, segments)];
  }

  descentButtons() {
    this.step = h("button", { type: "button", class: "ddsp-button ddsp-button-gradient", "data-action": "step", "aria-keyshortcuts": "G", onclick: () => this.kit.step() }, "Step");
    this.follow = h("button", { type: "button", class: "ddsp-button ddsp-button-gradient", "data-action": "descend", onclick: () => this.kit.toggleFollow() }, "Follow gradient");
    return [this.step, this.follow];
  }

  levels() {
    const id = uid("volume");
    const range = h("input", {
      type: "range",
      id,
      min: 0,
      max: 100,
      step: 1,
      value: 40,
      "aria-label": "Volume",
      "aria-valuetext": "40 per cent",
      oninput: () => {
        this.player.setVolume(range.value / 100);
        range.setAttribute("aria-valuetext", `${range.value} per cent`);
        volume.style.setProperty("--at", range.value / 100);
      },
    });
    this.meter = h("span", { class: "ddsp-meter", "aria-hidden": "true" }, h("span"));
    this.limit = h("span", { class: "ddsp-limit" });
    const volume = h("div", { class: "ddsp-volume" }, icon("speaker"), h("div", { class: "ddsp-track" }, range), this.meter, this.limit);
    volume.style.setProperty("--at", 0.4);
    return volume;
  }

  /** Step and follow may be locked while the reader listens. */
  setLocked(locked) {
    if (this.step) this.step.disabled = locked;
    if (this.follow) this.follow.disabled = locked;
  }

  showFollowing(following) {
    if (!this.follow) return;
    this.follow.textContent = following ? "Stop following" : "Follow gradient";
    this.follow.classList.toggle("ddsp-on", following);
  }

  toggle() {
    if (this.player?.playing) this.player.stop();
    else this.play();
  }

  play() {
    if (!this.player || this.player.playing) return;
    this.player.play(this.samples());
    this.showPlaying();
    this.runMeter();
    this.kit.played();
  }

  /** The next of the signals, as the T key does. */
  swap() {
    if (!this.radios) return;
    const next = (this.current + 1) % this.radios.length;
    this.radios[next].checked = true;
    this.select(next);
  }

  select(n) {
    this.current = n;
    this.player.change(this.samples());
  }

  /** What may sound of the chosen signal: all signals share one gain, so that a comparison stays fair. */
  samples() {
    const { outputs } = this.kit.model.frame;
    const sounds = this.item.signals.map((name) => outputs[name]);
    const gain = commonGain(sounds);
    const chosen = sounds[this.current];
    const invalid = Number.isNaN(peakOf(chosen));
    const decibels = 20 * Math.log10(gain);
    const note = invalid ? "no sound here" : decibels < -0.5 ? `limited ${significant(decibels, 2)} dB` : "";
    if (this.limit.textContent !== note) this.limit.textContent = note;
    return safeSamples(chosen, gain);
  }

  /** After a result: follow it with the sound, if anything sounds. */
  update() {
    if (!this.player?.playing) return;
    const samples = this.samples();
    this.player.change(samples);
  }

  wav() {
    return wavFile(this.samples(), this.kit.spec.sampleRate);
  }

  /** The label of the chosen signal, for a file's name. */
  get label() {
    return (this.item.labels?.[this.current] ?? this.item.signals[this.current]).toLowerCase();
  }

  showPlaying() {
    const { playing } = this.player;
    this.playLabel.textContent = playing ? "Stop" : "Play";
    this.playButton.firstChild.replaceWith(icon(playing ? "stop" : "play"));
    this.kit.root.toggleAttribute("data-playing", playing);
  }

  runMeter() {
    const show = () => {
      const level = this.player.level();
      this.meter.style.setProperty("--level", Math.min(1, Math.max(0, 1 - level / METER_FLOOR_DB)).toFixed(3));
      if (this.player.playing) requestAnimationFrame(show);
      else this.meter.style.setProperty("--level", 0);
    };
    requestAnimationFrame(show);
  }

  destroy() {
    this.player?.destroy();
  }
}
