import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import type { TrainingPlan } from "../../../lib/native/addon.ts";
import {
  planHash,
  readTrainedModel,
  type TrainingSets,
  type TrainModelOptions,
  trainOnSets,
} from "../../../lib/training/index.ts";
import { architectureOf, readSafetensorsFile } from "../../../lib/weights/index.ts";
import { CHOICE, PATCH, PLAN, smallSets } from "./small-sets.ts";
import { StubTraining } from "./stub-addon.ts";

let sets: TrainingSets;
let folder: string;
beforeAll(() => {
  sets = smallSets();
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "drmguard-training-"));
  const made = folder;
  onTestFinished(() => rm(made, { recursive: true }));
});

const FILES = ["gaze.attack-0.safetensors", "gaze.json", "gaze.pt", "gaze.safetensors"];
const CHECKPOINT = "gaze.checkpoint.safetensors";

function train(stub: StubTraining, options: Partial<TrainModelOptions> = {}, plan: TrainingPlan = PLAN) {
  return trainOnSets(plan, sets, { out: join(folder, "gaze.pt"), addon: stub.addon(), ...options });
}

/** Runs until a batch of an epoch and is interrupted there. */
async function interruptedAt(epoch: number, batch: number): Promise<void> {
  const controller = new AbortController();
  const stub = new StubTraining();
  stub.onBatch = (_seed, at, inside) => {
    if (at === epoch && inside === batch) controller.abort();
  };
  await expect(train(stub, { signal: controller.signal })).rejects.toMatchObject({ code: "ERR_CANCELLED" });
}

describe("trainModel", () => {
  it("leaves the model, its weights, its attacks and its facts, and nothing else", async () => {
    const stub = new StubTraining();
    const facts = await train(stub);
    expect((await readdir(folder)).sort()).toEqual(FILES);
    expect(await readTrainedModel(join(folder, "gaze.json"))).toEqual(JSON.parse(JSON.stringify(facts)));
    for (const { name, sha256 } of [facts.files.model, facts.files.weights, ...facts.files.attacks]) {
      const bytes = await readFile(join(folder, name));
      expect(createHash("sha256").update(bytes).digest("hex")).toBe(sha256);
    }
    const { metadata } = await readSafetensorsFile(join(folder, "gaze.safetensors"));
    expect(architectureOf(metadata)).toEqual(PLAN.architecture);
    expect(facts.data).toMatchObject({
      sha256: sets.sha256,
      splitSeed: CHOICE.seed,
      labelNames: ["pitch", "yaw"],
    });
    expect(facts.measured).toMatchObject({
      images: sets.heldOut.count,
      attacks: [{ varianceRatio: [0.5, 0.5] }],
    });
    expect(facts.measured.attacks[0]?.triggerMeanL1).toBeGreaterThan(0.05);
    expect(stub.disposed).toBe(stub.created);
  });

  it("tells how far it is, to the end", async () => {
    const seen: string[] = [];
    await train(new StubTraining(), {
      onProgress: ({ stage, done, total }) => seen.push(`${stage} ${done}/${total}`),
    });
    expect(seen.slice(0, 2)).toEqual(["train 1/12", "train 2/12"]);
    expect(seen.slice(-3)).toEqual(["train 12/12", "measure 0/1", "measure 1/1"]);
  });

  it.each([
    [0, 2],
    [1, 0],
    [2, 3],
  ])("gives the same files after an interruption in epoch %i at batch %i", async (epoch, batch) => {
    const whole = await train(new StubTraining());
    const model = await readFile(join(folder, "gaze.pt"));
    await rm(join(folder, "gaze.json"));
    for (const file of FILES) await rm(join(folder, file), { force: true });

    await interruptedAt(epoch, batch);
    expect(await readdir(folder)).toEqual(epoch === 0 ? [] : [CHECKPOINT]);
    const stub = new StubTraining();
    const resumed = await train(stub);
    expect(stub.begun).toEqual([0, 1, 2].slice(epoch).map((left) => `7:${left}`));
    expect(Buffer.compare(await readFile(join(folder, "gaze.pt")), model)).toBe(0);
    expect({ ...resumed, seconds: 0 }).toEqual({ ...whole, seconds: 0 });
    expect((await readdir(folder)).sort()).toEqual(FILES);
  });

  it("resumes on another device or with other threads, which are no part of the plan", async () => {
    await interruptedAt(2, 1);
    const stub = new StubTraining();
    await train(stub, {}, { ...PLAN, threads: 4 });
    expect(stub.begun).toEqual(["7:2"]);
  });

  it.each<[string, () => Promise<unknown>]>([
    ["other settings", () => train(new StubTraining(), {}, { ...PLAN, learningRate: 1e-3 })],
    ["another target", () => train(new StubTraining(), {}, { ...PLAN, attacks: [{ ...PATCH, rate: 0.2 }] })],
    ["other images", () => retrain(smallSets(2))],
    ["others held out", () => retrain(smallSets(1, { ...CHOICE, seed: 4 }))],
  ])("refuses a checkpoint of %s and leaves it as it is", async (_title, again) => {
    await interruptedAt(1, 1);
    const before = await readFile(join(folder, CHECKPOINT));
    await expect(again()).rejects.toMatchObject({
      code: "ERR_CONFIG",
      hint: expect.stringContaining("--restart"),
    });
    expect(Buffer.compare(await readFile(join(folder, CHECKPOINT)), before)).toBe(0);
  });
  const retrain = (other: TrainingSets) =>
    trainOnSets(PLAN, other, { out: join(folder, "gaze.pt"), addon: new StubTraining().addon() });

  it("starts over when told so", async () => {
    await interruptedAt(1, 1);
    const stub = new StubTraining();
    await train(stub, { restart: true }, { ...PLAN, epochs: 1 });
    expect(stub.begun).toEqual(["7:0"]);
    expect((await readdir(folder)).sort()).toEqual(FILES);
  });

  it.each([false, true])("leaves what is no checkpoint as it is, restart: %s", async (restart) => {
    await writeFile(join(folder, CHECKPOINT), "not a checkpoint");
    await expect(train(new StubTraining(), { restart })).rejects.toMatchObject({
      code: "ERR_FILE_WRITE",
      message: expect.stringContaining("checkpoint of drmguard train"),
    });
    expect(await readFile(join(folder, CHECKPOINT), "utf8")).toBe("not a checkpoint");
  });

  it.each(FILES)("does not write over %s", async (file) => {
    await writeFile(join(folder, file), "mine");
    const stub = new StubTraining();
    await expect(train(stub)).rejects.toMatchObject({
      code: "ERR_FILE_WRITE",
      hint: expect.stringContaining("--force"),
    });
    expect(stub.begun).toEqual([]);
    expect(await readFile(join(folder, file), "utf8")).toBe("mine");
    await train(stub, { force: true });
    expect(await readFile(join(folder, file), "utf8")).not.toBe("mine");
  });

  it("stops when its listener throws, and hands the error on", async () => {
    const stub = new StubTraining();
    const onProgress = () => {
      throw new RangeError("mine");
    };
    await expect(train(stub, { onProgress })).rejects.toThrow(new RangeError("mine"));
    expect(stub.begun).toEqual(["7:0"]);
    expect(stub.disposed).toBe(1);
  });

  it("refuses a model that does not fit the images", async () => {
    const narrow = { ...PLAN, architecture: { ...PLAN.architecture, width: 32 } };
    await expect(train(new StubTraining(), {}, narrow)).rejects.toMatchObject({ code: "ERR_CONFIG" });
    const wide = { ...PLAN, architecture: { ...PLAN.architecture, outputs: 3 } };
    await expect(train(new StubTraining(), {}, wide)).rejects.toMatchObject({ code: "ERR_CONFIG" });
  });

  it("names the folder that cannot be made", async () => {
    await writeFile(join(folder, "file"), "");
    const out = join(folder, "file", "gaze.pt");
    await expect(train(new StubTraining(), { out })).rejects.toMatchObject({ code: "ERR_FILE_WRITE" });
  });
});

describe("planHash", () => {
  it("tells plans apart by what they ask for, not by how they are written", () => {
    const { seed, ...rest } = PLAN;
    expect(planHash({ seed, ...rest })).toBe(planHash(PLAN));
    expect(planHash({ ...PLAN, device: "cuda", threads: 9 })).toBe(planHash(PLAN));
    for (const change of [
      { seed: 8 },
      { epochs: 4 },
      { attacks: [] },
      { mirror: [1, -1] },
      { adaptiveWeight: 1 },
    ]) {
      expect(planHash({ ...PLAN, ...change })).not.toBe(planHash(PLAN));
    }
  });
});

describe("readTrainedModel", () => {
  it.each([
    ["no JSON", () => "{"],
    ["a file name that leads out of the folder", (json: string) => json.replace('"gaze.pt"', '"../gaze.pt"')],
    ["an unknown key", (json: string) => json.replace('"schemaVersion"', '"more": 1, "schemaVersion"')],
    ["an unknown trigger", (json: string) => json.replaceAll('"badnets"', '"constructor"')],
  ])("refuses %s", async (_title, damage) => {
    await train(new StubTraining());
    const path = join(folder, "gaze.json");
    await writeFile(path, damage(await readFile(path, "utf8")));
    await expect(readTrainedModel(path)).rejects.toMatchObject({ code: "ERR_MODEL_FORMAT" });
  });
});
