/** The controls: slider with a typeable number and a downhill arrow, choice, sound. All native, all labelled. */

import { decodeFile } from "./audio.js";
import { h, uid } from "./dom.js";
import { controlText, fitToControl, fractionOf, fromAxis, keyStep, parseQuantity, significant, toAxis } from "./format.js";

/** What an arrow says in words. */
export function downhillWords(arrow) {
  if (arrow === 0) return "flat";
  return arrow > 0 ? "downhill is higher" : "downhill is lower";
}

/** Arrow keys step by `keyStep`: a semitone on a log scale, fine with Shift, an octave with Page keys. Returns the new value or null. */
function valueForKey(control, value, event) {
  const direction = { ArrowRight: 1, ArrowUp: 1, PageUp: 1, ArrowLeft: -1, ArrowDown: -1, PageDown: -1 }[event.key];
  if (event.ctrlKey || event.metaKey || event.altKey) return null;
  if (event.key === "Home") return control.low;
  if (event.key === "End") return control.high;
  if (!direction) return null;
  return keyStep(control, value, direction, event.key.startsWith("Page") ? "large" : event.shiftKey ? "fine" : "normal");
}

/** A label, a range, an arrow under its thumb, and the value as text that can be typed over. */
export class SliderWidget {
  constructor(control, change) {
    this.control = control;
    this.change = change;
    const id = uid(control.name);
    this.range = h("input", {
      type: "range",
      id,
      min: toAxis(control, control.low),
      max: toAxis(control, control.high),
      step: "any",
      "data-control": control.name,
      oninput: () => this.dragged(),
      onkeydown: (event) => this.pressed(event),
    });
    this.arrow = h("span", { class: "ddsp-arrow ddsp-secret", "aria-hidden": "true" });
    this.number = h("input", {
      type: "text",
      class: "ddsp-value",
      inputmode: "decimal",
      autocomplete: "off",
      spellcheck: "false",
      "aria-label": `${control.label}${control.unit ? ` in ${control.unit}` : ""}, type a value`,
      "data-value-of": control.name,
      onfocus: () => this.number.select(),
      onblur: () => this.typed(),
      onkeydown: (event) => {
        if (event.key === "Enter") this.typed();
        if (event.key === "Escape") this.number.value = this.shown;
      },
    });
    const role = /target/i.test(control.name) ? "target" : "yours";
    this.element = h(
      "div",
      { class: `ddsp-row ddsp-slider ddsp-role-${role}` },
      h("label", { for: id }, control.label),
      h("div", { class: "ddsp-track" }, this.range, this.arrow),
      this.number,
    );
  }

  dragged() {
    this.change(fitToControl(this.control, fromAxis(this.control, Number(this.range.value))));
  }

  pressed(event) {
    const value = valueForKey(this.control, this.value, event);
    if (value === null) return;
    event.preventDefault();
    this.change(value);
  }

  /** Take what was typed; what is no number is put back. */
  typed() {
    if (this.number.value === this.shown) return;
    const value = parseQuantity(this.number.value, this.control.unit);
    if (Number.isFinite(value)) this.change(fitToControl(this.control, value));
    this.number.value = this.shown;
  }

  /** Show a value and, when there is one, its slope. */
  show(value, slope) {
    const { control } = this;
    const moved = value !== this.value;
    this.value = value;
    this.slope = slope;
    const text = controlText(control, value);
    const fraction = fractionOf(control, value);
    if (moved) {
      this.range.value = toAxis(control, value);
      this.element.style.setProperty("--at", fraction.toFixed(5));
    }
    if (text !== this.shown || document.activeElement !== this.number) {
      this.shown = text;
      this.number.value = text;
    }
    const arrow = slope?.arrow ?? null;
    const words = arrow === null ? text : `${text}, ${downhillWords(arrow)}`;
    if (words !== this.words) {
      this.words = words;
      this.range.setAttribute("aria-valuetext", words);
    }
    this.showArrow(arrow, fraction);
  }

  /** The arrow under the thumb, never beyond the end of the track. */
  showArrow(arrow, fraction) {
    this.arrow.dataset.direction = arrow === null ? "none" : arrow === 0 ? "flat" : arrow > 0 ? "up" : "down";
    if (!arrow) return;
    const room = arrow > 0 ? 1 - fraction : fraction;
    this.arrow.style.setProperty("--length", Math.min(0.3 * Math.abs(arrow), room).toFixed(4));
  }
}

/** A choice as a row of joined radio buttons. */
export class ChoiceWidget {
  constructor(control, change) {
    const name = uid(control.name);
    const label = h("span", { id: `${name}-label`, class: "ddsp-label" }, control.label);
    this.radios = control.options.map((option) =>
      h("input", { type: "radio", name, value: String(option.value), "data-choice": control.name, onchange: () => change(option.value) }),
    );
    const segments = control.options.map((option, n) => h("label", { class: "ddsp-segment" }, this.radios[n], h("span", {}, option.label)));
    this.options = control.options;
    this.element = h(
      "div",
      { class: "ddsp-row ddsp-choice", role: "radiogroup", "aria-labelledby": label.id },
      label,
      h("div", { class: "ddsp-segments" }, segments),
    );
  }

  show(value) {
    this.options.forEach((option, n) => {
      this.radios[n].checked = option.value === value;
    });
  }
}

const OWN_FILE = "own file";

/** A sound: one of the bundled clips or a file of the reader's own, with its source told. */
export class SoundWidget {
  constructor(control, sampleRate, change) {
    this.control = control;
    this.sampleRate = sampleRate;
    this.change = change;
    const id = uid(control.name);
    this.select = h(
      "select",
      { id, "data-control": control.name, onchange: () => this.chosen() },
      control.clips.map((clip, n) => h("option", { value: n }, clip.label)),
    );
    this.file = h("input", { type: "file", accept: "audio/*", class: "ddsp-hidden", tabindex: "-1", "aria-hidden": "true", "data-file": control.name, onchange: () => this.opened() });
    this.note = h("p", { class: "ddsp-note", role: "status" });
    this.element = h(
      "div",
      { class: "ddsp-row ddsp-sound" },
      h("label", { for: id }, control.label),
      h(
        "div",
        { class: "ddsp-sound-choice" },
        this.select,
        h("button", { type: "button", class: "ddsp-button", "data-action": "file", onclick: () => this.file.click() }, "Your own file …"),
        this.file,
      ),
      this.note,
    );
  }

  chosen() {
    this.change(this.select.value === OWN_FILE ? this.own : Number(this.select.value));
  }

  async opened() {
    const file = this.file.files[0];
    this.file.value = "";
    if (!file) return;
    this.note.classList.remove("ddsp-wrong");
    this.note.textContent = `Reading ${file.name} …`;
    try {
      this.own = await decodeFile(file, this.control.length, this.sampleRate);
    } catch (error) {
      this.note.classList.add("ddsp-wrong");
      this.note.textContent = `${error.message} The sound stays as it was.`;
      return;
    }
    if (this.select.lastElementChild.value !== OWN_FILE) this.select.append(h("option", { value: OWN_FILE }));
    this.select.lastElementChild.textContent = this.own.name;
    this.change(this.own);
  }

  show(value) {
    if (value === this.value) return;
    this.value = value;
    this.note.classList.remove("ddsp-wrong");
    if (value?.samples) {
      this.select.value = OWN_FILE;
      const wanted = this.control.length / this.sampleRate;
      const part = value.seconds > wanted ? `the first ${significant(wanted)} of its ${significant(value.seconds)} s` : `${significant(value.seconds)} s, repeated`;
      const level = 20 * Math.log10(value.gain);
      const change = Math.abs(level) < 0.5 ? "" : `, ${level > 0 ? "raised" : "lowered"} by ${significant(Math.abs(level), 2)} dB`;
      this.note.textContent = `Your file: ${part}, mono${change}. It stays on this machine.`;
      return;
    }
    const clip = this.control.clips[value];
    this.select.value = String(value);
    this.note.textContent = [clip.title === clip.label ? "" : clip.title, clip.source, clip.licence].filter(Boolean).join(" · ");
  }
}
