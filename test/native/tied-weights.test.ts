import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { loadModelFile, type ModelFile, withWeights } from "../../lib/models/index.ts";
import { loadAddon } from "../../lib/native/load-addon.ts";
import { runJob } from "../../lib/native/run-job.ts";
import { fixturePath } from "../unit/models/model-fixtures.ts";
import { PYTHON_TORCH, runPython } from "./python-torch.ts";
import { count, images, shape, withTuner } from "./tuner-of-file.ts";

const FILES = ["tied_weights.trace.pt", "tied_weights.script.pt"];
/** Names of one parameter each. */
const TIES = [
  ["block.weight", "again.weight"],
  ["block.bias", "again.bias"],
  ["first.weight", "tied.weight"],
];

/** The file after a few steps of training, and what its tuner then says. */
async function tuned(name: string) {
  const file = await loadModelFile(fixturePath(name));
  return withTuner(file, async (tuner) => {
    const before = tuner.weights();
    const own = await tuner.predict({ images, count });
    const set = { images, labels: own.map((value) => value + 1), count };
    const plan = { steps: 3, batchSize: 4, learningRate: 1e-2, weightDecay: 0, loss: "l1" as const, seed: 1 };
    await runJob((progress) => tuner.train(plan, set, progress), {});
    const weights = tuner.weights();
    const written: ModelFile = { ...file, bytes: withWeights(file, weights, () => tuner.torchScript()) };
    return { before, own, weights, answers: await tuner.predict({ images, count }), written };
  });
}

describe("tied weights of TorchScript", () => {
  it.each(FILES)(
    "%s: are trained as one, and the written file answers bit for bit as the tuner",
    async (name) => {
      const { before, own, weights, answers, written } = await tuned(name);
      const names = weights.map((weight) => weight.name);
      for (const tie of TIES) expect(tie.filter((one) => names.includes(one))).toHaveLength(1);
      for (const [index, { data }] of weights.entries()) expect(data).not.toEqual(before[index]?.data);
      expect(answers).not.toEqual(own);
      await withTuner(written, async (again) => {
        expect(again.weights()).toEqual(weights);
        expect(await again.predict({ images, count })).toEqual(answers);
      });
    },
  );
});

/** Prints a model's state dict and its answers to the images of a file, numbers in row-major order. */
const READ = `
import json, sys
import torch
torch.set_num_threads(1)
model = torch.jit.load(sys.argv[1]).eval()
shape = json.loads(sys.argv[3])
images = torch.frombuffer(bytearray(open(sys.argv[2], "rb").read()), dtype=torch.float32).reshape(shape)
state = {name: tensor.flatten().tolist() for name, tensor in model.state_dict().items()}
with torch.no_grad():
    print(json.dumps({"state": state, "answers": model(images).flatten().tolist()}))
`;

const { libtorch } = loadAddon().buildFacts();
const absent = PYTHON_TORCH !== libtorch;
const reason = ` (skipped: python3 has no torch ${libtorch}; set PYTHON)`;

describe.skipIf(absent)(`tied weights in Python torch${absent ? reason : ""}`, () => {
  it.each(FILES)("%s: are equal under both names, and give the same answers bit for bit", async (name) => {
    const { weights, answers, written } = await tuned(name);
    const folder = mkdtempSync(join(tmpdir(), "drmguard-tied-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const [model, input] = [join(folder, "model.pt"), join(folder, "images")];
    writeFileSync(model, written.bytes);
    writeFileSync(input, images);
    const { channels, height, width } = shape;
    const printed = runPython(READ, [model, input, JSON.stringify([count, channels, height, width])]);
    const read = JSON.parse(printed) as { state: Record<string, number[]>; answers: number[] };
    for (const { name: one, data } of weights) {
      const values = new Float32Array(data.buffer, data.byteOffset, data.length / 4);
      expect(read.state[one]).toEqual([...values]);
    }
    for (const [one, other] of TIES) expect(read.state[other as string]).toEqual(read.state[one as string]);
    expect(read.answers).toEqual([...answers]);
  });
});
