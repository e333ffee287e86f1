/** The sound of an instrument, block after block: what the audio thread runs, and where there is none, the page. */

/** Runs a compiled step. Its text is carried into the audio thread, so it uses nothing from outside. */
export class BlockCore {
  constructor(spec, bytes) {
    this.spec = spec;
    const { memory, address, run } = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports;
    const [variant] = spec.variants;
    const view = (entry) => {
      const length = entry.length ?? entry.shape.reduce((a, b) => a * b, 1);
      return new Float32Array(memory.buffer, address(entry.slot), length);
    };
    this.inputs = Object.fromEntries(variant.inputs.map((entry) => [entry.name, view(entry)]));
    this.outputs = Object.fromEntries(variant.outputs.map((entry) => [entry.name, view(entry)]));
    this.kept = Object.keys(spec.start);
    this.audio = this.outputs.audio;
    this.stage = run;
    run(0, 0);
    run(0, 1);
    this.reset();
    // The first blocks take long, until the code is compiled well: these are heard by nobody.
    const values = Object.fromEntries(Object.entries(this.inputs).filter(([name]) => !this.kept.includes(name)).map(([name, place]) => [name, place[0]]));
    for (let n = 0; n < 50; n += 1) this.next(values);
    this.reset();
  }

  reset() {
    for (const name of this.kept) this.inputs[name].set(this.spec.start[name]);
  }

  /** One block at these control values: a view, valid until the next. */
  next(values) {
    for (const [name, value] of Object.entries(values)) this.inputs[name][0] = value;
    this.stage(0, 2);
    for (const name of this.kept) this.inputs[name].set(this.outputs[name]);
    return this.audio;
  }
}

/** Makes samples at any rate from blocks at the instrument's own; opens and closes with the note; never beyond full scale, never NaN. */
export class Voice {
  constructor(core, rate, values) {
    this.core = core;
    this.step = core.spec.sampleRate / rate;
    this.values = values;
    this.gate = 0;
    this.gain = 0;
    this.resting = true;
    this.place = core.audio.length;
    this.last = 0;
    this.current = 0;
    this.block = new Float32Array(core.audio.length);
    this.rise = 1 / (0.008 * rate);
    this.fall = 1 / (0.12 * rate);
    this.blocks = 0;
    this.wanted = null;
  }

  /** New control values, whether the note is held, and a number that is answered once they are heard. */
  take(values, gate, asked) {
    this.values = values;
    if (gate && this.resting) {
      this.core.reset();
      this.resting = false;
      this.place = this.block.length;
    }
    this.gate = gate ? 1 : 0;
    this.wanted = asked;
  }

  sample() {
    if (this.place >= this.block.length) {
      this.place -= this.block.length;
      this.block.set(this.core.next(this.values));
      if (!Number.isFinite(this.block.reduce((a, b) => a + b, 0))) {
        this.block.fill(0);
        this.core.reset();
      }
      this.blocks += 1;
      this.heard = this.wanted;
    }
    const now = Math.floor(this.place);
    if (this.step === 1) this.current = this.block[now];
    else this.current += Math.min(1, this.step) * (this.block[now] - this.current);
    this.place += this.step;
    return this.current;
  }

  /** Fill a channel; returns the number of the gesture that is heard in it for the first time, or null. */
  fill(channel) {
    this.heard = null;
    if (this.resting) {
      channel.fill(0);
      return null;
    }
    for (let n = 0; n < channel.length; n += 1) {
      this.gain = Math.min(1, Math.max(0, this.gain + (this.gate ? this.rise : -this.fall)));
      channel[n] = Math.min(0.9, Math.max(-0.9, this.gain * this.sample()));
    }
    if (!this.gate && this.gain === 0) this.resting = true;
    if (this.heard !== null) this.wanted = null;
    return this.heard;
  }
}

/** The text of the audio thread's program. */
function workletSource() {
  return `${BlockCore}\n${Voice}\nregisterProcessor("ddsp-instrument", class extends AudioWorkletProcessor {
    constructor({ processorOptions: { spec, bytes, values } }) {
      super();
      this.voice = new Voice(new BlockCore(spec, bytes), sampleRate, values);
      this.last = Date.now();
      this.longest = 0;
      this.quanta = 0;
      this.port.onmessage = ({ data }) => {
        if (data.ask) {
          this.port.postMessage({ told: { blocks: this.voice.blocks, quanta: this.quanta, longest: this.longest } });
          this.longest = 0;
        } else if (data.end) this.ended = true;
        else this.voice.take(data.values, data.gate, data.asked);
      };
    }
    process(inputs, [[channel]]) {
      const now = Date.now();
      this.longest = Math.max(this.longest, now - this.last);
      this.last = now;
      this.quanta += 1;
      const heard = this.voice.fill(channel);
      if (heard !== null) this.port.postMessage({ heard });
      return !this.ended;
    }
  });`;
}

/** An AudioNode that plays the instrument on the audio thread. */
export async function workletSound(context, spec, bytes, values, heard) {
  await context.audioWorklet.addModule(`data:text/javascript;charset=utf-8,${encodeURIComponent(workletSource())}`);
  const options = { numberOfInputs: 0, outputChannelCount: [1], processorOptions: { spec, bytes, values } };
  const node = new AudioWorkletNode(context, "ddsp-instrument", options);
  let answer = null;
  node.port.onmessage = ({ data }) => {
    if (data.told) answer?.(data.told);
    else heard(data.heard);
  };
  return {
    how: "worklet",
    node,
    send: (message) => node.port.postMessage(message),
    ask: () => new Promise((resolve) => {
      answer = resolve;
      node.port.postMessage({ ask: true });
    }),
    end() {
      node.port.postMessage({ end: true });
      node.disconnect();
    },
  };
}

const PIECE = 1024;
const AHEAD = 0.2;

/** The same where there is no audio thread for us: buffers, put into the future by the page. */
export function scheduledSound(context, spec, bytes, values, heard) {
  const voice = new Voice(new BlockCore(spec, bytes), context.sampleRate, values);
  const node = new GainNode(context);
  let end = 0;
  const told = { blocks: 0, gaps: 0, longest: 0 };
  const timer = setInterval(() => {
    if (context.state !== "running" || voice.resting) return;
    if (end < context.currentTime) {
      if (end) told.gaps += 1;
      end = context.currentTime + 0.02;
    }
    while (end < context.currentTime + AHEAD && !voice.resting) {
      const buffer = context.createBuffer(1, PIECE, context.sampleRate);
      const number = voice.fill(buffer.getChannelData(0));
      const source = new AudioBufferSourceNode(context, { buffer });
      source.connect(node);
      source.start(end);
      end += PIECE / context.sampleRate;
      if (number !== null) heard(number);
    }
    if (voice.resting) end = 0;
    told.blocks = voice.blocks;
  }, 20);
  return {
    how: "scheduled",
    node,
    send: ({ values: now, gate, asked }) => voice.take(now, gate, asked),
    ask: async () => ({ ...told }),
    end() {
      clearInterval(timer);
      node.disconnect();
    },
  };
}
