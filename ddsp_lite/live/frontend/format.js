/** Numbers as text and text as numbers; a control's scale between its value and a position from 0 to 1. */

const SUPERSCRIPTS = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };

/** What stands where a number has no finite value. */
export const DASH = "–";

/** `value` with `digits` significant digits, a true minus sign, and a power of ten when very large or small. */
export function significant(value, digits = 3) {
  if (!Number.isFinite(value)) return DASH;
  if (value === 0) return "0";
  const size = Math.abs(value);
  let text;
  if (size < 1e-3 || size >= 1e6) {
    const [mantissa, exponent] = value.toExponential(digits - 1).split("e");
    text = `${mantissa} × 10${[...exponent.replace("+", "")].map((sign) => SUPERSCRIPTS[sign]).join("")}`;
  } else {
    const rounded = Number(value.toPrecision(digits));
    const decimals = Math.max(0, digits - 1 - Math.floor(Math.log10(Math.abs(rounded))));
    text = rounded.toFixed(decimals);
  }
  return text.replace("-", "−");
}

/** As `significant`, with a plus sign for positive numbers. */
export function signed(value, digits = 3) {
  return (value > 0 ? "+" : "") + significant(value, digits);
}

/** A value with its unit, in the size a reader would choose: 2410 Hz is "2.41 kHz", 0.035 s is "35.0 ms". */
export function quantity(value, unit, digits = 3) {
  if (!Number.isFinite(value)) return DASH;
  if (unit === "Hz" && Math.abs(value) >= 999.5) return `${significant(value / 1000, digits)} kHz`;
  if (unit === "s" && value !== 0 && Math.abs(value) < 0.9995) return `${significant(value * 1000, digits)} ms`;
  return unit ? `${significant(value, digits)} ${unit}` : significant(value, digits);
}

/** A control's value as text: three digits of its own on a log scale, three digits of the range's ends on a linear one. */
export function controlText(control, value) {
  const size = Math.abs(value);
  const scaled = (control.unit === "Hz" && size >= 999.5) || (control.unit === "s" && size < 0.9995);
  if (control.scale === "log" || scaled || !Number.isFinite(value)) return quantity(value, control.unit);
  const finest = control.step || 10 ** (Math.floor(Math.log10(Math.max(Math.abs(control.low), Math.abs(control.high)))) - 2);
  const decimals = Math.min(6, Math.max(0, Math.ceil(-Math.log10(finest) - 1e-9)));
  const text = value.toFixed(decimals).replace(/^-(?=[0.]*$)/, "").replace("-", "−");
  return control.unit ? `${text} ${control.unit}` : text;
}

/** Read what a reader typed ("2.4 kHz", "2400", "2,4k", "−6 dB"); NaN when it is no number. */
export function parseQuantity(text, unit) {
  const plain = text.trim().replace(/[−–]/g, "-").replace(",", ".").toLowerCase();
  const match = plain.match(/^([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)\s*(.*)$/);
  if (!match) return NaN;
  const number = Number(match[1]);
  const suffix = match[2].trim();
  if (suffix === "" || suffix === unit.toLowerCase()) return number;
  if (unit === "Hz" && (suffix === "k" || suffix === "khz")) return number * 1000;
  if (unit === "s" && suffix === "ms") return number / 1000;
  return NaN;
}

/** A control's value on the axis on which its slider is even: octaves for a log scale, the value itself otherwise. */
export function toAxis(control, value) {
  return control.scale === "log" ? Math.log2(value) : value;
}

/** The inverse of `toAxis`. */
export function fromAxis(control, position) {
  return control.scale === "log" ? 2 ** position : position;
}

/** Where a value lies between the control's ends, from 0 to 1. */
export function fractionOf(control, value) {
  const low = toAxis(control, control.low);
  const high = toAxis(control, control.high);
  return Math.min(1, Math.max(0, (toAxis(control, value) - low) / (high - low)));
}

/** The inverse of `fractionOf`. */
export function valueAtFraction(control, fraction) {
  const low = toAxis(control, control.low);
  const high = toAxis(control, control.high);
  return fitToControl(control, fromAxis(control, low + fraction * (high - low)));
}

/** `value` held within the control's ends and on its steps; NaN becomes the control's start. */
export function fitToControl(control, value) {
  if (!Number.isFinite(value)) return Array.isArray(control.start) ? control.low : control.start;
  const stepped = control.step ? Math.round((value - control.low) / control.step) * control.step + control.low : value;
  return Math.min(control.high, Math.max(control.low, stepped));
}

/** The value one keyboard step away: a semitone on a log scale (a tenth of it when fine, an octave when large), else a hundredth of the range. */
export function keyStep(control, value, direction, size = "normal") {
  if (control.scale === "log") {
    const octaves = { fine: 1 / 120, normal: 1 / 12, large: 1 }[size];
    const moved = fitToControl(control, value * 2 ** (direction * octaves));
    if (moved !== value || !control.step) return moved;
    return fitToControl(control, value + direction * control.step);
  }
  const single = control.step || (control.high - control.low) / 100;
  const factor = { fine: control.step ? 1 : 0.1, normal: 1, large: control.step ? Math.max(1, Math.round((control.high - control.low) / control.step / 10)) : 10 }[size];
  return fitToControl(control, value + direction * single * factor);
}

/** The unit in which a control's gradient is told: per octave or per Hz and so on. */
export function gradientUnit(control, per) {
  if (control.scale === "log" && per === "coordinate") return control.unit === "Hz" ? "per octave" : "per doubling";
  return control.unit ? `per ${control.unit}` : "";
}

/** "Cutoff" in the middle of a sentence is "cutoff", but "Q" stays "Q". */
export function inSentence(label) {
  return /^[A-Z][a-z]/.test(label) ? label[0].toLowerCase() + label.slice(1) : label;
}

/** A number as Python would write it, with six significant digits. */
export function pythonNumber(value) {
  if (Number.isInteger(value)) return String(value);
  return String(Number(value.toPrecision(6)));
}
