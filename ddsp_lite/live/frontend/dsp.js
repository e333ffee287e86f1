/** The little signal processing that the pictures and files need: spectrum, PCM in and out, peaks. */

/** A complex Fourier transform of a fixed power-of-two size, in place. */
export class Fft {
  constructor(size) {
    this.size = size;
    this.cosines = new Float64Array(size / 2);
    this.sines = new Float64Array(size / 2);
    for (let k = 0; k < size / 2; k += 1) {
      this.cosines[k] = Math.cos((2 * Math.PI * k) / size);
      this.sines[k] = -Math.sin((2 * Math.PI * k) / size);
    }
    this.reversed = new Uint32Array(size);
    const bits = Math.log2(size);
    for (let n = 0; n < size; n += 1) {
      this.reversed[n] = (this.reversed[n >> 1] >> 1) | ((n & 1) << (bits - 1));
    }
  }

  transform(real, imaginary) {
    const { size, cosines, sines, reversed } = this;
    for (let n = 0; n < size; n += 1) {
      const other = reversed[n];
      if (other > n) {
        const re = real[n];
        const im = imaginary[n];
        real[n] = real[other];
        imaginary[n] = imaginary[other];
        real[other] = re;
        imaginary[other] = im;
      }
    }
    for (let half = 1, stride = size / 2; half < size; half *= 2, stride /= 2) {
      for (let start = 0; start < size; start += 2 * half) {
        for (let k = 0, t = 0; k < half; k += 1, t += stride) {
          const a = start + k;
          const b = a + half;
          const re = real[b] * cosines[t] - imaginary[b] * sines[t];
          const im = real[b] * sines[t] + imaginary[b] * cosines[t];
          real[b] = real[a] - re;
          imaginary[b] = imaginary[a] - im;
          real[a] += re;
          imaginary[a] += im;
        }
      }
    }
  }
}

const BLACKMAN_HARRIS = [0.35875, -0.48829, 0.14128, -0.01168];

/** Mean spectrum of a sound in dB full scale (a full-scale sine reads 0 dB): frames half overlapped, zero-padded twice, under a Blackman-Harris window, whose side lobes lie below the picture. */
export class MeanSpectrum {
  constructor(frame = 2048) {
    this.frame = frame;
    this.padded = 2 * frame;
    this.fft = new Fft(this.padded);
    this.real = new Float64Array(this.padded);
    this.imaginary = new Float64Array(this.padded);
    this.window = Float64Array.from({ length: frame }, (_, n) => BLACKMAN_HARRIS.reduce((sum, weight, k) => sum + weight * Math.cos((2 * Math.PI * k * n) / frame), 0));
  }

  /** Levels in dB at frequencies k * sampleRate / (2 * frame), k = 0 … frame. */
  levels(samples) {
    const { frame, padded, real, imaginary, window } = this;
    const power = new Float64Array(frame + 1);
    const starts = [];
    for (let start = 0; start === 0 || start + frame <= samples.length; start += frame / 2) starts.push(start);
    // Two real frames share one complex transform; only the sum of their powers is wanted.
    for (let pair = 0; pair < starts.length; pair += 2) {
      this.load(real, samples, starts[pair]);
      if (pair + 1 < starts.length) this.load(imaginary, samples, starts[pair + 1]);
      else imaginary.fill(0);
      this.fft.transform(real, imaginary);
      for (let k = 0; k <= frame; k += 1) {
        const mirror = (padded - k) % padded;
        power[k] += (real[k] ** 2 + imaginary[k] ** 2 + real[mirror] ** 2 + imaginary[mirror] ** 2) / 2;
      }
    }
    const reference = ((frame * BLACKMAN_HARRIS[0]) / 2) ** 2 * starts.length;
    const levels = new Float32Array(frame + 1);
    for (let k = 0; k <= frame; k += 1) levels[k] = 10 * Math.log10(power[k] / reference + 1e-12);
    return levels;
  }

  load(into, samples, start) {
    const { frame, window } = this;
    const end = Math.min(frame, samples.length - start);
    for (let n = 0; n < end; n += 1) into[n] = samples[start + n] * window[n];
    into.fill(0, end);
  }
}

/** Largest absolute sample, or NaN when one is not finite. */
export function peakOf(samples) {
  let peak = 0;
  for (let n = 0; n < samples.length; n += 1) {
    const size = Math.abs(samples[n]);
    if (size > peak) peak = size;
    else if (!(size <= peak)) return NaN;
  }
  return peak === Infinity ? NaN : peak;
}

/** Whether two arrays hold the same numbers. */
export function sameNumbers(a, b) {
  if (a === b) return true;
  if (!a || !b || a.length !== b.length) return false;
  for (let n = 0; n < a.length; n += 1) if (a[n] !== b[n]) return false;
  return true;
}

/** Base64 of little-endian 16-bit samples to floats in [-1, 1). */
export function samplesFromBase64(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  const samples = new Float32Array(bytes.length >> 1);
  for (let n = 0; n < samples.length; n += 1) samples[n] = view.getInt16(2 * n, true) / 32768;
  return samples;
}

/** A mono 16-bit WAV file of the samples, limited to full scale; NaN becomes silence. */
export function wavFile(samples, sampleRate) {
  const view = new DataView(new ArrayBuffer(44 + 2 * samples.length));
  const text = (offset, letters) => [...letters].forEach((letter, n) => view.setUint8(offset + n, letter.charCodeAt(0)));
  text(0, "RIFF");
  view.setUint32(4, 36 + 2 * samples.length, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, sampleRate, true);
  view.setUint32(28, 2 * sampleRate, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  text(36, "data");
  view.setUint32(40, 2 * samples.length, true);
  for (let n = 0; n < samples.length; n += 1) {
    const bounded = Math.min(1, Math.max(-1, samples[n])) || 0;
    view.setInt16(44 + 2 * n, Math.round(bounded * 32767), true);
  }
  return new Blob([view.buffer], { type: "audio/wav" });
}

/** Cut `samples` to `length` starting where the sound starts, or repeat it to fill `length`, so that the loop has no seam. */
export function fitToLoop(samples, length, sampleRate) {
  const peak = peakOf(samples);
  let start = 0;
  while (start < samples.length && Math.abs(samples[start]) < 0.01 * peak) start += 1;
  start = Math.max(0, start - Math.round(0.01 * sampleRate));
  const sound = samples.subarray(start);
  const fitted = new Float32Array(length);
  for (let n = 0; n < length; n += 1) fitted[n] = sound[n % sound.length];
  const seam = Math.min(Math.round(0.01 * sampleRate), length >> 2);
  for (let n = 0; n < seam; n += 1) {
    // The beginning fades in over what would have come after the end, so the loop runs through its seam.
    const rise = 0.5 - 0.5 * Math.cos((Math.PI * (n + 0.5)) / seam);
    const next = sound[(length + n) % sound.length];
    fitted[n] = rise * fitted[n] + (1 - rise) * next;
  }
  return fitted;
}
