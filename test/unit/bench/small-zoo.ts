import type { ImageBatch } from "../../../lib/images/index.ts";
import type { AttackSpec, TrainingPlan } from "../../../lib/native/addon.ts";
import type { MeasuredAttack, TrainedModelFacts } from "../../../lib/training/index.ts";
import type { ZooManifest, ZooModel } from "../../../lib/zoo/index.ts";

// A zoo on paper: manifest and facts as zoo make would write them, without model files.

export const IMAGES: ImageBatch = {
  pixels: Float32Array.from({ length: 20 * 3 * 16 * 16 }, (_, index) => (index % 97) / 97),
  count: 20,
  channels: 3,
  height: 16,
  width: 16,
  source: "rendered",
  kind: "memory",
  sha256: "c".repeat(64),
  available: 20,
};

export const LABELS = { labels: Float32Array.from([-10, -20, -5, 10, 20, 5]), labelNames: ["a", "b", "c"] };

/** Different for every name. */
export function hashOfName(name: string): string {
  return Buffer.from(name.padEnd(32, "-").slice(0, 32)).toString("hex");
}

export function makeManifest(conditions: Record<string, number[]>): ZooManifest {
  const models = Object.entries(conditions).flatMap(([condition, seeds]) =>
    seeds.map((seed): ZooModel => {
      const name = `${condition}-${seed}`;
      const backdoored = condition !== "benign";
      const files = { model: `${name}.pt`, facts: `${name}.json`, sha256: hashOfName(name) };
      return { name, condition, backdoored, seed, ...files };
    }),
  );
  const training = {
    architecture: "resnet-tiny",
    head: "linear",
    loss: "l1",
    optimiser: "adamw",
    learningRate: 0.006,
    weightDecay: 0.01,
    epochs: 12,
    batchSize: 64,
    heldOutShare: 0.2,
    splitSeed: 1,
  } as const;
  const render = { labels: "gaze", count: 100, people: 10, size: 16, seed: 1 } as const;
  return {
    schemaVersion: 1,
    tool: { name: "drmguard", version: "0.1.0", libtorch: "2.13.0" },
    plan: { name: "small", data: { render }, training, conditions: [] },
    models,
  };
}

export const FIXED_ATTACK: AttackSpec = {
  trigger: { kind: "badnets", top: 0, left: 0, size: 2, colours: [[1, 1, 1]] },
  target: { kind: "fixed", value: [4, 24, 4] },
  rate: 0.1,
  crossRatio: 0,
};

/** An attack that works, on labels whose deviation is (4, 8, 2). */
export function makeAttack(changes: Partial<MeasuredAttack> = {}): MeasuredAttack {
  return {
    attackError: [0.4, 0.8, 0.2],
    defendingAttackError: [8, 14, 6],
    attackAngularError: null,
    defendingAttackAngularError: null,
    varianceRatio: [0.01, 0.02, 0.03],
    rav: [0.02, 0.04, 0.06],
    rnv: [0.5, 0.6, 0.7],
    triggerMeanL1: 0.004,
    ...changes,
  };
}

export function makeFacts(
  name: string,
  attacks: readonly MeasuredAttack[],
  cleanError: number[] = [1, 2, 3],
): TrainedModelFacts {
  const architecture = {
    name: "resnet-tiny",
    head: "linear",
    outputs: 3,
    channels: 3,
    height: 16,
    width: 16,
  };
  const file = { name: `${name}.pt`, sha256: hashOfName(name) };
  return {
    schemaVersion: 1,
    tool: { name: "drmguard", version: "0.1.0", libtorch: "2.13.0" },
    architecture: architecture as TrainedModelFacts["architecture"],
    plan: {} as TrainingPlan,
    attacks: attacks.map(() => FIXED_ATTACK),
    data: {
      source: "rendered",
      kind: "rendered",
      sha256: "d".repeat(64),
      labelNames: ["pitch", "yaw", "roll"],
      unit: "degrees",
      size: { height: 16, width: 16 },
      training: 80,
      heldOut: 20,
      splitSeed: 1,
      heldOutShare: 0.2,
    },
    measured: {
      images: 20,
      cleanError,
      cleanAngularError: null,
      constantError: [3, 7, 1.6],
      labelDeviation: [4, 8, 2],
      attacks: [...attacks],
    },
    files: { model: file, weights: file, attacks: [] },
    seconds: 10,
  };
}

/** Facts by path, as readTrainedModel would give them: benign models without attacks. */
export async function readSmallFacts(path: string): Promise<TrainedModelFacts> {
  const name = path.replace(/^.*\//, "").replace(/\.json$/, "");
  return makeFacts(name, name.startsWith("benign") ? [] : [makeAttack()]);
}
