import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import { DrmGuardError } from "../../lib/errors/index.ts";
import { loadModelFile, type ModelFile, openModel, withWeights } from "../../lib/models/index.ts";
import type { TensorRecord, TuningSet } from "../../lib/native/addon.ts";
import { callNative } from "../../lib/native/call-native.ts";
import { loadAddon } from "../../lib/native/load-addon.ts";
import { runJob } from "../../lib/native/run-job.ts";
import { FIXTURES, fixturePath, referenceArrays } from "../unit/models/model-fixtures.ts";
import { count, images, pixels, shape, withTuner } from "./tuner-of-file.ts";

const reference = referenceArrays();
const models = FIXTURES.models.filter(({ name }) => name !== "control_flow");
const cases = models.flatMap(({ name, files }) => files.map(({ file }) => ({ file, name })));

/** ‖a − b‖ / ‖b‖ */
function distance(a: Float32Array, b: Float32Array): number {
  expect(a.length).toBe(b.length);
  const norm = Math.hypot(...b);
  return Math.hypot(...a.map((value, index) => value - (b[index] ?? Number.NaN))) / norm;
}

/** vitest compares bytes one by one, which takes minutes for a model. */
const same = (one: Uint8Array, other: Uint8Array) => Buffer.compare(one, other) === 0;
const digestOf = (weights: readonly TensorRecord[]) =>
  weights.map(({ name, shape, data }) => [name, shape, createHash("sha256").update(data).digest("hex")]);

async function answersOf(file: ModelFile): Promise<Float32Array> {
  const model = await openModel(loadAddon(), file);
  const options = {
    device: "cpu",
    threads: 1,
    count,
    ...shape,
    pixels,
    featureValue: null,
    outputOnly: true,
  };
  const session = await callNative(() => model.openSession(options, images));
  try {
    return session.facts.benignOutputs;
  } finally {
    session.dispose();
    model.dispose();
  }
}

it.each(cases)(
  "$file is tuned, and written in its own format with what it learned",
  async ({ file, name }) => {
    const given = await loadModelFile(fixturePath(file));
    const before = given.bytes.slice();
    await withTuner(given, async (tuner) => {
      const own = await tuner.predict({ images, count });
      expect(distance(own, reference.get(`${name}.outputs`) as Float32Array)).toBeLessThan(1e-5);
      // Own weights leave a torch.export file as it was; TorchScript archives are written anew.
      if (given.format === "torch.export") {
        expect(
          same(
            withWeights(given, tuner.weights(), () => tuner.torchScript()),
            before,
          ),
        ).toBe(true);
      }
      const set: TuningSet = { images, labels: own.map((value) => value + 1), count };
      const plan = {
        steps: 3,
        batchSize: 4,
        learningRate: 1e-3,
        weightDecay: 0,
        loss: "l1" as const,
        seed: 1,
      };
      await runJob((progress) => tuner.train(plan, set, progress), {});
      const after = await tuner.predict({ images, count });
      expect(distance(after, own)).toBeGreaterThan(1e-4);
      const bytes = withWeights(given, tuner.weights(), () => tuner.torchScript());
      const sha256 = createHash("sha256").update(bytes).digest("hex");
      const written: ModelFile = { ...given, bytes, sha256 };
      // Frozen for a scan, batch norms are folded: the same to single precision.
      expect(distance(await answersOf(written), after)).toBeLessThan(1e-5);
      const again = await withTuner(written, async (other) => other.weights());
      expect(digestOf(again)).toEqual(digestOf(tuner.weights()));
    });
    expect(same(given.bytes, before)).toBe(true);
  },
);

it("names parameters as Python does", async () => {
  const names = await withTuner(await loadModelFile(fixturePath("resnet18.trace.pt")), async (tuner) =>
    tuner.weights().map((weight) => weight.name),
  );
  const exported = await withTuner(await loadModelFile(fixturePath("resnet18.pt2")), async (tuner) =>
    tuner.weights().map((weight) => weight.name),
  );
  expect(names).toContain("blocks.0.conv1.weight");
  expect(names.toSorted()).toEqual(exported.toSorted());
});

it("refuses a model with control flow, which it could not train", async () => {
  const file = await loadModelFile(fixturePath("control_flow.script.pt"));
  const refusal = withTuner(file, async () => {});
  await expect(refusal).rejects.toBeInstanceOf(DrmGuardError);
  await expect(refusal).rejects.toMatchObject({
    code: "ERR_MODEL_UNSUPPORTED",
    message: expect.stringContaining("control flow") as unknown,
  });
});
