/** The playing surface: pitch across, loudness up, for a pointer, a finger and the computer's keyboard. */

import { h } from "./dom.js";

const NAMES = ["C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B"];
/** The two rows of a computer's keyboard as a piano's, by place, whatever is printed on the keys. */
const KEYS = ["KeyA", "KeyW", "KeyS", "KeyE", "KeyD", "KeyF", "KeyT", "KeyG", "KeyY", "KeyH", "KeyU", "KeyJ", "KeyK", "KeyO", "KeyL", "KeyP", "Semicolon"];

export const noteOf = (frequency) => 69 + 12 * Math.log2(frequency / 440);
const frequencyOf = (note) => 440 * 2 ** ((note - 69) / 12);

/** "A4", or "A4 +20 cents". */
export function noteName(frequency) {
  const note = noteOf(frequency);
  const nearest = Math.round(note);
  const cents = Math.round(100 * (note - nearest));
  const name = `${NAMES[((nearest % 12) + 12) % 12]}${Math.floor(nearest / 12) - 1}`;
  return cents ? `${name} ${cents > 0 ? "+" : "−"}${Math.abs(cents)} cents` : name;
}

/** Calls `play({pitch, loudness}, held)` as the reader's hand moves. */
export class Surface {
  constructor(pitch, loudness, play) {
    this.pitch = pitch;
    this.loudness = loudness;
    this.play = play;
    this.at = { pitch: pitch.start, loudness: loudness.start };
    this.held = false;
    this.stack = [];
    this.octave = 0;
    this.ball = h("span", { class: "ddsp-ball", "aria-hidden": "true" });
    this.element = h(
      "div",
      {
        class: "ddsp-surface",
        tabindex: "0",
        role: "application",
        "aria-roledescription": "playing surface",
        "data-action": "surface",
        onpointerdown: (event) => this.pressed(event),
        onpointermove: (event) => this.moved(event),
        onpointerup: (event) => this.lifted(event),
        onpointercancel: (event) => this.lifted(event),
        onkeydown: (event) => this.keyDown(event),
        onkeyup: (event) => this.keyUp(event),
        onblur: () => this.release(),
      },
      this.lines(),
      h("span", { class: "ddsp-axis ddsp-axis-x", "aria-hidden": "true" }, "pitch →"),
      h("span", { class: "ddsp-axis ddsp-axis-y", "aria-hidden": "true" }, "loudness ↑"),
      this.ball,
    );
    this.show();
  }

  /** A line for each semitone, those of the black keys darker ground, the Cs by name. */
  lines() {
    const marks = [];
    for (let note = Math.ceil(noteOf(this.pitch.low)); note <= noteOf(this.pitch.high); note += 1) {
      const name = NAMES[note % 12];
      const mark = h("span", { class: `ddsp-note-line${name.length > 1 ? " ddsp-black" : ""}`, "aria-hidden": "true" }, name === "C" ? `C${Math.floor(note / 12) - 1}` : "");
      mark.style.left = `${100 * this.across(frequencyOf(note))}%`;
      mark.style.width = `${100 / (noteOf(this.pitch.high) - noteOf(this.pitch.low))}%`;
      marks.push(mark);
    }
    return marks;
  }

  across(frequency) {
    return Math.log(frequency / this.pitch.low) / Math.log(this.pitch.high / this.pitch.low);
  }

  up(level) {
    return (level - this.loudness.low) / (this.loudness.high - this.loudness.low);
  }

  set(pitch, loudness) {
    const within = (value, { low, high }) => Math.min(high, Math.max(low, value));
    this.at = { pitch: within(pitch, this.pitch), loudness: within(loudness, this.loudness) };
  }

  tell(held) {
    this.held = held;
    this.show();
    this.play(this.at, held);
  }

  show() {
    this.element.toggleAttribute("data-held", this.held);
    this.ball.style.left = `${100 * this.across(this.at.pitch)}%`;
    this.ball.style.bottom = `${100 * this.up(this.at.loudness)}%`;
    const words = `${noteName(this.at.pitch)}, ${Math.round(this.at.loudness)} ${this.loudness.unit}, ${this.held ? "sounding" : "silent"}`;
    this.element.setAttribute("aria-label", `Pitch across, loudness up. ${words}`);
  }

  fromPointer(event) {
    const box = this.element.getBoundingClientRect();
    const x = (event.clientX - box.left) / box.width;
    const y = 1 - (event.clientY - box.top) / box.height;
    this.set(this.pitch.low * (this.pitch.high / this.pitch.low) ** x, this.loudness.low + (this.loudness.high - this.loudness.low) * y);
  }

  pressed(event) {
    if (event.button > 0) return;
    event.preventDefault();
    this.element.focus({ preventScroll: true });
    this.element.setPointerCapture(event.pointerId);
    this.pointer = event.pointerId;
    this.fromPointer(event);
    this.tell(true);
  }

  moved(event) {
    if (this.pointer !== event.pointerId) return;
    this.fromPointer(event);
    this.tell(true);
  }

  lifted(event) {
    if (this.pointer !== event.pointerId) return;
    this.pointer = undefined;
    this.tell(false);
  }

  release() {
    this.stack = [];
    if (this.held) this.tell(false);
  }

  /** The lowest C of the surface, moved by whole octaves. */
  noteOfKey(index) {
    return 12 * Math.ceil(noteOf(this.pitch.low) / 12 - 1e-6) + 12 * this.octave + index;
  }

  keyDown(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.key === "Tab" || event.key === "Escape") return;
    event.stopPropagation(); // JupyterLab has shortcuts of its own
    const index = KEYS.indexOf(event.code);
    if (index >= 0) {
      event.preventDefault();
      if (event.repeat) return;
      this.stack = [...this.stack.filter((code) => code !== event.code), event.code];
      this.set(frequencyOf(this.noteOfKey(index)), this.at.loudness);
      this.tell(true);
      return;
    }
    const turn = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    const octave = { KeyZ: -1, KeyX: 1 }[event.code];
    if (turn) {
      const step = (this.loudness.high - this.loudness.low) / 20;
      this.set(this.at.pitch * 2 ** (turn[0] / 12), this.at.loudness + step * turn[1]);
      this.tell(this.held);
    } else if (octave) {
      const next = 12 * Math.ceil(noteOf(this.pitch.low) / 12) + 12 * (this.octave + octave);
      if (next >= noteOf(this.pitch.low) - 12 && next < noteOf(this.pitch.high)) this.octave += octave;
    } else if (event.key === " ") {
      if (!event.repeat) this.tell(!this.held);
    } else return;
    event.preventDefault();
  }

  keyUp(event) {
    if (!this.stack.includes(event.code)) return;
    event.stopPropagation();
    this.stack = this.stack.filter((code) => code !== event.code);
    if (!this.stack.length) {
      this.tell(false);
      return;
    }
    this.set(frequencyOf(this.noteOfKey(KEYS.indexOf(this.stack.at(-1)))), this.at.loudness);
    this.tell(true);
  }
}
