// The engine: instantiates a compiled model and runs it. Values in, sound, loss and gradients out.
// A model has one variant for each combination of choices. Stage 0 of a variant runs once, stage 1 when a sound or a
// target moved, stage 2 on every run.

/** Decode base64 text to bytes. */
export function bytesOfBase64(text) {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

/** Unpack and compile the module of an engine's spec: off the main thread, so the page stays at hand. */
export async function compileEngine(engineSpec) {
  const packed = new Blob([bytesOfBase64(engineSpec.wasm)]).stream();
  const bytes = await new Response(packed.pipeThrough(new DecompressionStream("deflate"))).arrayBuffer();
  return WebAssembly.compile(bytes);
}

/** Instantiate the engine part of a demo's spec from its compiled module. */
export function createEngine(engineSpec, module) {
  const { memory, address, run: stage } = new WebAssembly.Instance(module).exports;
  const places = new Map();
  const prepared = engineSpec.variants.map(() => false); // stage 0 has run
  const slowInputs = engineSpec.variants.map(() => null); // what stage 1 last ran with

  function view(slot, length) {
    if (!places.has(slot)) places.set(slot, address(slot));
    return new Float32Array(memory.buffer, places.get(slot), length);
  }

  function read(entry) {
    if (entry.length !== undefined) return entry.length === 1 ? view(entry.slot, 1)[0] : view(entry.slot, entry.length);
    const length = entry.shape.reduce((a, b) => a * b, 1);
    return entry.shape.length === 0 ? view(entry.slot, 1)[0] : view(entry.slot, length);
  }

  function variantFor(values) {
    const index = engineSpec.variants.findIndex((v) =>
      Object.entries(v.choices).every(([name, value]) => values[name] === value));
    if (index < 0) throw new Error("no compiled variant for these choices");
    return index;
  }

  /** Copy the inputs in; say whether one that stage 1 depends on has changed since it last ran. */
  function load(variant, index, values) {
    const known = slowInputs[index];
    let changed = known === null;
    const now = {};
    for (const input of variant.inputs) {
      const value = values[input.name];
      const target = view(input.slot, input.length);
      if (typeof value === "number") target[0] = value;
      else target.set(value);
      if (input.stage !== "slow") continue;
      now[input.name] = value;
      if (!changed && known[input.name] !== value) changed = true;
    }
    slowInputs[index] = now;
    return changed;
  }

  /** Run the model at these control values. Arrays in the result are views: valid until the next run. */
  function run(values) {
    const started = performance.now();
    const index = variantFor(values);
    const variant = engineSpec.variants[index];
    const changed = load(variant, index, values);
    if (!prepared[index]) {
      stage(index, 0);
      prepared[index] = true;
    }
    if (changed) stage(index, 1);
    stage(index, 2);
    const outputs = {};
    for (const entry of variant.outputs) outputs[entry.name] = read(entry);
    const gradients = {};
    for (const entry of variant.gradients) gradients[entry.name] = read(entry);
    const loss = variant.loss === null ? null : outputs.loss;
    return { outputs, loss, gradients, ms: performance.now() - started };
  }

  return { run, spec: engineSpec };
}
