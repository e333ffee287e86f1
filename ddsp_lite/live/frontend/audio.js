/** Sound out and in: loops that change without clicks, a bound on the level, one demo at a time, files decoded to mono. */

import { fitToLoop, peakOf } from "./dsp.js";

const FADE_SECONDS = 0.03;
const RAMP_SECONDS = 0.02;
/** Changes are set for this much later, since one that comes late would click; more on a machine that is busy. */
const AHEAD_SECONDS = 0.02;
const AHEAD_AT_MOST_SECONDS = 0.1;
/** No sample is played above this (-3 dB full scale). */
const CEILING = 10 ** (-3 / 20);
const REST_AFTER_MS = 400;
const SOUNDING = "ddsp-sounding";

/** A rising raised cosine; its mirror image falls, and the two sum to one. */
const RISE = Float32Array.from({ length: 129 }, (_, n) => 0.5 - 0.5 * Math.cos((Math.PI * n) / 128));
const FALL = RISE.slice().reverse();

/** One AudioContext per sample rate, shared by all demos of the page; made at the first click. At the sound's own rate the browser's good resampler does the conversion, not the loop's linear one. */
function sharedContext(sampleRate) {
  const key = Symbol.for("ddsp-audio-contexts");
  globalThis[key] ??= new Map();
  if (!globalThis[key].has(sampleRate)) {
    let context;
    try {
      context = new AudioContext({ sampleRate, latencyHint: "interactive" });
    } catch {
      context = new AudioContext({ latencyHint: "interactive" });
    }
    globalThis[key].set(sampleRate, { context, sounding: new Set() });
  }
  return globalThis[key].get(sampleRate);
}

/** The gain in (0, 1] that brings all of `sounds` under the ceiling together, so that their levels stay comparable. */
export function commonGain(sounds) {
  let peak = 0;
  for (const samples of sounds) {
    const own = peakOf(samples);
    if (own > peak) peak = own;
  }
  return peak > CEILING ? CEILING / peak : 1;
}

/** `samples` times `gain` as something that may be played or saved: silence when a sample is not finite, never beyond full scale. */
export function safeSamples(samples, gain) {
  const safe = new Float32Array(samples.length);
  if (Number.isNaN(peakOf(samples))) return safe;
  for (let n = 0; n < safe.length; n += 1) safe[n] = Math.min(1, Math.max(-1, samples[n] * gain));
  return safe;
}

/** A loop whose sound can be replaced while it plays: in phase, by a raised-cosine cross-fade, one fade at a time, the newest sound wins. */
export class Loop {
  constructor(context, output, sampleRate) {
    this.context = context;
    this.output = output;
    this.sampleRate = sampleRate;
    this.voice = null;
    this.pending = null;
    this.fadeEnd = 0;
    this.timer = null;
    this.origin = 0;
    this.ahead = Math.max(AHEAD_SECONDS, 2 * (context.baseLatency || 0));
  }

  get playing() {
    return this.voice !== null;
  }

  start(samples) {
    this.stop();
    const voice = this.prepare(samples);
    const time = this.nextFrame();
    this.origin = time;
    this.voice = this.launch(voice, time, RAMP_SECONDS);
    this.fadeEnd = time + RAMP_SECONDS;
  }

  /** Replace what is playing; while a fade is in flight only the newest replacement is kept. */
  swap(samples) {
    if (!this.voice) return;
    if (this.context.currentTime < this.fadeEnd + 0.005) {
      this.pending = samples;
      this.timer ??= setTimeout(() => this.takePending(), 1000 * Math.max(0.001, this.fadeEnd + 0.006 - this.context.currentTime));
      return;
    }
    const voice = this.prepare(samples);
    const time = this.nextFrame();
    const old = this.voice;
    this.voice = this.launch(voice, time, FADE_SECONDS);
    old.gain.gain.setValueCurveAtTime(FALL, time, FADE_SECONDS);
    old.source.stop(time + FADE_SECONDS + 0.01);
    this.fadeEnd = time + FADE_SECONDS;
  }

  stop() {
    clearTimeout(this.timer);
    this.timer = null;
    this.pending = null;
    if (!this.voice) return;
    // A fade may still be in flight: its curve must end before another may begin.
    const time = Math.max(this.context.currentTime + 0.002, this.fadeEnd + 0.001);
    this.voice.gain.gain.setValueCurveAtTime(FALL, time, RAMP_SECONDS);
    this.voice.source.stop(time + RAMP_SECONDS + 0.01);
    this.voice = null;
  }

  takePending() {
    this.timer = null;
    const newest = this.pending;
    this.pending = null;
    if (newest) this.swap(newest);
  }

  /** The first instant, a whole number of samples, that is safely ahead. */
  nextFrame() {
    return Math.ceil((this.context.currentTime + this.ahead) * this.sampleRate) / this.sampleRate;
  }

  prepare(samples) {
    const { context, sampleRate } = this;
    const buffer = context.createBuffer(1, samples.length, sampleRate);
    buffer.copyToChannel(samples, 0);
    const source = new AudioBufferSourceNode(context, { buffer, loop: true });
    const gain = new GainNode(context, { gain: 0 });
    source.connect(gain).connect(this.output);
    source.onended = () => gain.disconnect();
    return { source, gain };
  }

  /** Let a prepared voice rise from `time` on, at the place in its loop where it would be had it sounded from the first. */
  launch(voice, time, fade) {
    const { source, gain } = voice;
    const played = Math.round((time - this.origin) * this.sampleRate) % source.buffer.length;
    gain.gain.setValueCurveAtTime(RISE, time, fade);
    source.start(time, played / this.sampleRate);
    const isClose = this.context.currentTime > time - this.ahead / 2;
    if (isClose) this.ahead = Math.min(AHEAD_AT_MOST_SECONDS, 1.5 * this.ahead);
    return voice;
  }
}

/** A demo's player: loop, hard bound at full scale, volume, level meter. Nothing is created before the first `play`. */
export class Player {
  constructor(sampleRate, stopped) {
    this.sampleRate = sampleRate;
    this.stopped = stopped;
    this.volume = 0.4;
    this.context = null;
    this.loop = null;
    this.hush = (event) => {
      if (event.detail !== this && this.playing) this.stop();
    };
    document.addEventListener(SOUNDING, this.hush);
  }

  get playing() {
    return this.loop?.playing ?? false;
  }

  /** Start `samples` as a loop; other demos fall silent. */
  play(samples) {
    if (!this.context) this.build();
    document.dispatchEvent(new CustomEvent(SOUNDING, { detail: this }));
    this.sounding.add(this);
    this.context.resume();
    this.loop.start(samples);
  }

  /** Change what sounds, if anything does. */
  change(samples) {
    this.loop?.swap(samples);
  }

  stop() {
    if (!this.playing) return;
    this.loop.stop();
    this.sounding.delete(this);
    this.stopped();
    setTimeout(() => {
      if (!this.sounding.size) this.context.suspend();
    }, REST_AFTER_MS);
  }

  setVolume(volume) {
    this.volume = volume;
    if (this.fader) this.fader.gain.setTargetAtTime(volume, this.context.currentTime, RAMP_SECONDS / 3);
  }

  /** Root-mean-square level of what is heard now, in dB full scale. */
  level() {
    if (!this.playing) return -Infinity;
    this.analyser.getFloatTimeDomainData(this.meterBlock);
    let sum = 0;
    for (const sample of this.meterBlock) sum += sample * sample;
    return 10 * Math.log10(sum / this.meterBlock.length + 1e-12);
  }

  build() {
    const { context, sounding } = sharedContext(this.sampleRate);
    Object.assign(this, { context, sounding });
    const bound = new WaveShaperNode(this.context, { curve: new Float32Array([-1, 0, 1]) });
    this.fader = new GainNode(this.context, { gain: this.volume });
    this.analyser = new AnalyserNode(this.context, { fftSize: 1024 });
    this.meterBlock = new Float32Array(1024);
    bound.connect(this.fader).connect(this.analyser).connect(this.context.destination);
    this.loop = new Loop(this.context, bound, this.sampleRate);
  }

  destroy() {
    this.stop();
    document.removeEventListener(SOUNDING, this.hush);
    this.fader?.disconnect();
    setTimeout(() => this.analyser?.disconnect(), 200);
  }
}

/** Decode a file of the reader's to `length` mono samples at `sampleRate`, peak at -3 dB; rejects with a message for the reader. */
export async function decodeFile(file, length, sampleRate) {
  const bytes = await file.arrayBuffer();
  let decoded;
  try {
    // A context at the wanted rate makes the browser resample while it decodes.
    decoded = await new OfflineAudioContext(1, 1, sampleRate).decodeAudioData(bytes);
  } catch {
    throw new Error(`“${file.name}” could not be read as sound. Try a WAV, MP3, FLAC or Ogg file.`);
  }
  const mono = new Float32Array(decoded.length);
  for (let channel = 0; channel < decoded.numberOfChannels; channel += 1) {
    const samples = decoded.getChannelData(channel);
    for (let n = 0; n < mono.length; n += 1) mono[n] += samples[n] / decoded.numberOfChannels;
  }
  const peak = peakOf(mono);
  if (!(peak > 1e-5)) throw new Error(`“${file.name}” is silent.`);
  const samples = fitToLoop(mono, length, sampleRate);
  const loudest = peakOf(samples);
  const gain = loudest > 0 ? CEILING / loudest : 1;
  for (let n = 0; n < length; n += 1) samples[n] *= gain;
  return { name: file.name, samples, seconds: decoded.duration, gain };
}
