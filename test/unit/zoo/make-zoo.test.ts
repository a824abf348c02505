import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { readTrainedModel } from "../../../lib/training/index.ts";
import {
  type MakeZooOptions,
  makeZoo,
  readManifest,
  type ZooPlan,
  zooImages,
} from "../../../lib/zoo/index.ts";
import { parseZooPlan } from "../../../lib/zoo/read-plan.ts";
import { loadZooSets } from "../../../lib/zoo/zoo-data.ts";
import { StubTraining } from "../training/stub-addon.ts";

let out: string;
beforeEach(async () => {
  const made = await mkdtemp(join(tmpdir(), "drmguard-zoo-"));
  out = join(made, "zoo");
  onTestFinished(() => rm(made, { recursive: true }));
});

const WRITTEN = {
  name: "small",
  data: { render: { count: 48, people: 12, size: 16, seed: 1 } },
  training: { epochs: 2, batchSize: 8, heldOutShare: 0.4 },
  conditions: [
    { name: "benign", seeds: { from: 0, to: 1 } },
    { name: "several", trigger: "badnets", backdoors: 2, seeds: [0, 4] },
    { name: "offset", trigger: "blended", target: { offset: [0.1, 0] }, seeds: [1], training: { epochs: 1 } },
  ],
};
const planOf = (change: object = {}): ZooPlan => parseZooPlan({ ...WRITTEN, ...change }, "plan");
const NAMES = ["benign-0", "benign-1", "several-0", "several-4", "offset-1"];

const make = (stub: StubTraining, options: MakeZooOptions = {}, plan = planOf()) =>
  makeZoo(plan, out, { addon: stub.addon(), jobs: 2, ...options });

async function manifestNames(): Promise<string[]> {
  return (await readManifest(out)).models.map(({ name }) => name);
}

describe("makeZoo", () => {
  it("trains every condition with every seed and lists them in the plan's order", async () => {
    const { manifest, skipped, failures } = await make(new StubTraining());
    expect([skipped, failures]).toEqual([0, []]);
    expect(await readManifest(out)).toEqual(manifest);
    expect(manifest.models.map(({ name }) => name)).toEqual(NAMES);
    expect(manifest.models.map(({ backdoored }) => backdoored)).toEqual([false, false, true, true, true]);
    expect(manifest.plan).toEqual(planOf());
    const facts = await Promise.all(
      manifest.models.map(({ facts: name }) => readTrainedModel(join(out, name))),
    );
    expect(facts.map(({ attacks }) => attacks.length)).toEqual([0, 0, 2, 2, 1]);
    expect(facts.map(({ plan }) => [plan.epochs, plan.seed, plan.threads])).toEqual([
      [2, 0, 1],
      [2, 1, 1],
      [2, 0, 1],
      [2, 4, 1],
      [1, 1, 1],
    ]);
    expect(facts.map(({ files }) => files.model.sha256)).toEqual(manifest.models.map(({ sha256 }) => sha256));
    expect((await readdir(out)).filter((name) => /partial|checkpoint/.test(name))).toEqual([]);
  });

  it("trains as many at once as it has jobs, and never more", async () => {
    for (const { jobs, most } of [
      { jobs: 1, most: 1 },
      { jobs: 3, most: 3 },
      { jobs: 64, most: 5 },
    ]) {
      await rm(out, { recursive: true, force: true });
      const stub = new StubTraining();
      stub.meet = most;
      await make(stub, { jobs });
      expect(stub.mostAtOnce).toBe(most);
      expect(stub.disposed).toBe(5);
    }
  });

  it("skips what is there, and takes more seeds and conditions", async () => {
    await make(new StubTraining(), {}, planOf({ conditions: WRITTEN.conditions.slice(0, 1) }));
    const stub = new StubTraining();
    expect((await make(stub)).skipped).toBe(2);
    expect(stub.created).toBe(3);
    expect(await manifestNames()).toEqual(NAMES);
    const again = new StubTraining();
    expect((await make(again)).skipped).toBe(5);
    expect(again.created).toBe(0);
  });

  it("goes on where it was interrupted, and ends with the same zoo", async () => {
    await make(new StubTraining(), { jobs: 1 });
    const whole = (await readManifest(out)).models;
    await rm(out, { recursive: true });

    const controller = new AbortController();
    const stub = new StubTraining();
    stub.onBatch = (seed, epoch, batch) => {
      if (seed === 1 && epoch === 1 && batch === 2) controller.abort();
    };
    await expect(make(stub, { jobs: 1, signal: controller.signal })).rejects.toMatchObject({
      code: "ERR_CANCELLED",
    });
    expect(await manifestNames()).toEqual(["benign-0"]);
    expect(await readdir(out)).toContain("benign-1.checkpoint.safetensors");
    const second = new StubTraining();
    await make(second, { jobs: 1 });
    expect(second.begun[0]).toBe("1:1");
    expect((await readManifest(out)).models).toEqual(whole);
  });

  it("goes on when one model fails, and says which", async () => {
    const stub = new StubTraining();
    stub.onBatch = (seed) => {
      if (seed === 4) throw Object.assign(new Error("no numbers"), { code: "ERR_NONFINITE" });
    };
    const { failures, manifest } = await make(stub);
    expect(failures).toEqual([
      { name: "several-4", error: expect.objectContaining({ code: "ERR_NONFINITE" }) },
    ]);
    expect(manifest.models.map(({ name }) => name)).toEqual(NAMES.filter((name) => name !== "several-4"));
    expect((await make(new StubTraining())).skipped).toBe(4);
  });

  it("reports models that are finished, and shares of those that are not", async () => {
    const fractions: number[] = [];
    await make(new StubTraining(), { onProgress: ({ fraction }) => fractions.push(fraction) });
    expect(fractions.toSorted((a, b) => a - b)).toEqual(fractions);
    expect(fractions.at(-1)).toBe(1);
    expect(new Set(fractions).size).toBeGreaterThan(10);
  });

  it.each<[string, object]>([
    ["other settings", { training: { ...WRITTEN.training, learningRate: 1e-3 } }],
    ["other images", { data: { render: { ...WRITTEN.data.render, seed: 2 } } }],
    ["others held out", { training: { ...WRITTEN.training, splitSeed: 9 } }],
    ["fewer models", { conditions: WRITTEN.conditions.slice(1) }],
  ])("refuses to mix with a zoo of %s", async (_title, change) => {
    await make(new StubTraining(), {}, planOf({ conditions: WRITTEN.conditions.slice(0, 2) }));
    const before = await readFile(join(out, "manifest.json"));
    const stub = new StubTraining();
    await expect(make(stub, {}, planOf(change))).rejects.toMatchObject({ code: "ERR_CONFIG" });
    expect(stub.created).toBe(0);
    expect(Buffer.compare(await readFile(join(out, "manifest.json")), before)).toBe(0);
  });

  it("refuses a model that is no longer what its facts say", async () => {
    await make(new StubTraining());
    await writeFile(join(out, "several-0.pt"), "another");
    await expect(make(new StubTraining())).rejects.toMatchObject({
      code: "ERR_CONFIG",
      message: expect.stringContaining("several-0.pt"),
    });
  });

  it("gives conditions that differ in one thing the same attacks", async () => {
    const conditions = [
      { name: "plain", trigger: "badnets", seeds: [3] },
      { name: "adaptive-0.2", trigger: "badnets", adaptiveWeight: 0.2, seeds: [3] },
    ];
    await make(new StubTraining(), {}, planOf({ conditions }));
    const [plain, adaptive] = await Promise.all(
      ["plain-3", "adaptive-0.2-3"].map((name) => readTrainedModel(join(out, `${name}.json`))),
    );
    expect(adaptive?.attacks).toEqual(plain?.attacks);
    expect(adaptive?.plan.adaptiveWeight).toBe(0.2);
  });
});

describe("zooImages", () => {
  it("gives the images that were held out, of people that no model saw", async () => {
    const { manifest } = await make(new StubTraining());
    const { images, labels, labelNames } = await zooImages(manifest, out);
    const sets = await loadZooSets(planOf());
    expect(labelNames).toEqual(["pitch", "yaw"]);
    expect(labels).toEqual(sets.heldOutLabels);
    expect(images.sha256).toBe(sets.heldOut.sha256);
    expect(images.count + sets.training.count).toBe(48);
    const people = new Set(sets.training.subjects);
    expect(people.size).toBeLessThan(12);
    expect(images.count).toBe((12 - people.size) * 4);
  });

  it("refuses images that the models were not trained on", async () => {
    const { manifest } = await make(new StubTraining());
    const other = { ...manifest, plan: planOf({ data: { render: { ...WRITTEN.data.render, seed: 5 } } }) };
    await expect(zooImages(other, out)).rejects.toMatchObject({ code: "ERR_CONFIG" });
  });
});

describe("readManifest", () => {
  it.each([
    ["no JSON", () => "nonsense"],
    ["a path out of the folder", (json: string) => json.replace('"several-0.pt"', '"../several-0.pt"')],
    ["an absolute path", (json: string) => json.replace('"several-0.json"', '"/etc/passwd"')],
    ["a model twice", (json: string) => json.replaceAll('"name": "several-4"', '"name": "several-0"')],
    ["an unknown key", (json: string) => json.replace('"schemaVersion"', '"more": 1, "schemaVersion"')],
    ["another version", (json: string) => json.replace('"schemaVersion": 1', '"schemaVersion": 2')],
    ["a plan that is none", (json: string) => json.replace('"trigger": "badnets"', '"trigger": "trojan"')],
  ])("refuses %s", async (_title, damage) => {
    await make(new StubTraining());
    const path = join(out, "manifest.json");
    const json = await readFile(path, "utf8");
    expect(damage(json)).not.toBe(json);
    await writeFile(path, damage(json));
    await expect(readManifest(out)).rejects.toMatchObject({ code: "ERR_CONFIG" });
  });
});
