import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { NativeInversionPlan, SessionOptions } from "../../lib/native/addon.ts";
import { loadAddon } from "../../lib/native/load-addon.ts";
import { Session } from "../../lib/native/session.ts";

const side = 32;
const count = 24;

/** Integers made into pixels: images without a file. */
const images = Float32Array.from(
  { length: count * 3 * side * side },
  (_, index) => ((index * 7919 + Math.floor(index / 97)) % 256) / 255,
);

const options: SessionOptions = {
  device: "cpu",
  threads: 1,
  count,
  channels: 3,
  height: side,
  width: side,
  pixels: { channelOrder: "rgb", scale: 1, mean: [0], deviation: [1] },
  featureValue: null,
  outputOnly: false,
};

/** A session on the small ResNet of the fixtures. The model itself is freed: the session keeps its weights. */
export async function openResnetSession(): Promise<Session> {
  const path = fileURLToPath(new URL("../fixtures/models/resnet18.trace.pt", import.meta.url));
  const model = await loadAddon().loadTorchScript(Uint8Array.from(readFileSync(path)));
  try {
    return await Session.open(model, options, images);
  } finally {
    model.dispose();
  }
}

export const shortPlan: NativeInversionPlan = {
  family: "additive-pattern",
  objective: { kind: "constrained", tolerance: 0.02 },
  starts: [
    { target: null, walk: "still", patch: null, wave: null, content: null, reference: 1 },
    {
      target: [0.2, 0.1],
      walk: "anywhere",
      patch: { top: 2, left: 3, size: 5, colour: [1, 0, 1] },
      wave: null,
      content: null,
      reference: 1,
    },
  ],
  steps: 8,
  batchSize: 8,
  learningRate: 0.02,
  seed: 11,
  threads: 1,
  seconds: 0,
  hopelessCollapse: 0,
  outcomeImages: 0,
  heldOut: 0,
  others: new Float32Array(0),
  otherCount: 0,
  samples: [1, 4],
};

/** Runs far longer than any test waits; its curve's first point comes after 1 % of the steps. */
export const endlessPlan: NativeInversionPlan = { ...shortPlan, steps: 2000 };
