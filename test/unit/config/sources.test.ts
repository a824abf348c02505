import { mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  findConfigFile,
  readConfigFile,
  resolvePlan,
  settingsOfEnvironment,
  settingsOfFlags,
  THRESHOLD_TEXTS,
} from "../../../lib/config/index.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "drmguard-config-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function written(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

describe("readConfigFile", () => {
  it("reads TOML", async () => {
    const path = await written(
      "a.toml",
      'method = "drmguard"\n[input]\nsize = "36x60"\npixels = "imagenet"\n[drmguard]\nsteps = 12\n',
    );
    const plan = resolvePlan(await readConfigFile(path));
    expect(plan.method).toBe("drmguard");
    expect(plan.input.size).toEqual({ height: 36, width: 60 });
    expect(plan.input.pixels.mean).toEqual([0.485, 0.456, 0.406]);
    expect(plan.drmguard.steps).toBe(12);
  });

  it("reads JSON", async () => {
    const path = await written("a.json", '{"input": {"size": null}, "contrast": {"walks": 1}}');
    expect(resolvePlan(await readConfigFile(path)).contrast.walks).toBe(1);
  });

  it("names file, setting, what was expected and what came", async () => {
    const path = await written("wrong.toml", "[contrast]\nsteps = 0\n");
    await expect(readConfigFile(path)).rejects.toMatchObject({
      code: "ERR_CONFIG",
      message: `${path}: contrast.steps: expected a whole number from 1 to 100000, got 0.`,
    });
  });

  it("suggests the nearest setting for an unknown one", async () => {
    const path = await written("unknown.toml", "[thresholds]\nbackdored = 3\n");
    await expect(readConfigFile(path)).rejects.toMatchObject({
      code: "ERR_CONFIG",
      message: `${path}: unknown setting "thresholds.backdored".`,
      hint: 'Did you mean "thresholds.backdoored"?',
    });
  });

  it("tells where the text is broken", async () => {
    const toml = await written("broken.toml", "seed = 1\nseed 2\n");
    await expect(readConfigFile(toml)).rejects.toMatchObject({
      code: "ERR_CONFIG",
      message: expect.stringContaining(`${toml}: line 2,`),
    });
    const json = await written("broken.json", '{"seed": ');
    await expect(readConfigFile(json)).rejects.toMatchObject({ code: "ERR_CONFIG" });
  });

  it("takes data only: a date, or code in another ending, is refused", async () => {
    const date = await written("date.toml", "seed = 2024-01-01\n");
    await expect(readConfigFile(date)).rejects.toMatchObject({ code: "ERR_CONFIG" });
    const script = await written("config.mjs", "process.exit(99);\n");
    await expect(readConfigFile(script)).rejects.toMatchObject({ code: "ERR_CONFIG" });
  });

  it("refuses files that are no config by their size, kind or absence", async () => {
    const large = await written("large.toml", "");
    await truncate(large, 2_000_000);
    await expect(readConfigFile(large)).rejects.toMatchObject({
      code: "ERR_CONFIG",
      message: expect.stringContaining("2000000"),
    });
    await expect(readConfigFile(folder)).rejects.toMatchObject({ code: "ERR_CONFIG" });
    await expect(readConfigFile(join(folder, "none.toml"))).rejects.toMatchObject({
      code: "ERR_FILE_NOT_FOUND",
    });
  });
});

describe("findConfigFile", () => {
  it("finds drmguard.toml in the folder, and nothing else", async () => {
    const inner = await mkdtemp(join(folder, "project-"));
    expect(await findConfigFile(inner)).toBeNull();
    await writeFile(join(inner, "drmguard.toml"), "seed = 1\n");
    expect(await findConfigFile(inner)).toBe(join(inner, "drmguard.toml"));
  });
});

describe("settingsOfFlags", () => {
  it("reads every kind of value", () => {
    const layers = settingsOfFlags({
      method: "drmguard",
      device: "cuda",
      seed: "0x10",
      "input-size": "60x80",
      channels: "3",
      pixels: "raw255",
      "channel-order": "bgr",
      scale: "2.5",
      mean: "1,2,3",
      deviation: "4",
      head: "features.5",
      steps: "7",
      "batch-size": "8",
      "learning-rate": "1e-3",
      limit: "40",
      threads: undefined,
    });
    const plan = resolvePlan(...layers);
    expect(plan).toMatchObject({
      method: "drmguard",
      device: "cuda:0",
      seed: 16,
      input: {
        size: { height: 60, width: 80 },
        channels: 3,
        pixels: { channelOrder: "bgr", scale: 2.5, mean: [1, 2, 3], deviation: [4] },
      },
      head: { featureValue: "features.5", outputOnly: false },
      images: { limit: 40 },
    });
    // Those that do not run are set as well: which one runs may be decided elsewhere.
    for (const settings of [plan.contrast, plan.drmguard, plan.neuralCleanse, plan.featureRe]) {
      expect(settings).toMatchObject({ steps: 7, batchSize: 8, learningRate: 1e-3 });
    }
  });

  it.each([
    ["seed", "-1", "--seed: expected a whole number from 0 to 4294967295, got -1."],
    ["seed", "", '--seed: expected a whole number from 0 to 4294967295, got "".'],
    ["steps", "many", '--steps: expected a whole number from 1 to 100000, got "many".'],
    ["channels", "2", "--channels: expected 1 or 3, got 2."],
    [
      "method",
      "magic",
      '--method: expected "contrast" or "drmguard" or "neural-cleanse" or "feature-re", got "magic".',
    ],
    ["device", "gpu", '--device: expected "cpu", "cuda" or "cuda:N", got "gpu".'],
    ["mean", "1,two,3", '--mean: expected one number, or one per channel, got "two".'],
    ["deviation", "0", "--deviation: expected one number above 0, or one per channel, got 0."],
    [
      "input-size",
      "0x5",
      '--input-size: expected HEIGHTxWIDTH with both from 1 to 4096, such as 64x64, got "0x5".',
    ],
  ])("refuses --%s %s with what was typed", (flag, text, message) => {
    expect(() => settingsOfFlags({ [flag]: text })).toThrow(
      expect.objectContaining({ code: "ERR_USAGE", message }),
    );
  });

  it("reads the verdict's lines from their own list", () => {
    expect(settingsOfFlags({ clean: "1.5" }, THRESHOLD_TEXTS)).toEqual([{ thresholds: { clean: 1.5 } }]);
    expect(settingsOfFlags({ clean: "1.5" })).toEqual([]);
  });
});

describe("settingsOfEnvironment", () => {
  it("reads DRMGUARD_* of the main settings and leaves other variables alone", () => {
    const plan = resolvePlan(
      ...settingsOfEnvironment({
        DRMGUARD_SEED: "5",
        DRMGUARD_BATCH_SIZE: "9",
        DRMGUARD_OUTPUT_ONLY: "1",
        DRMGUARD_METHOD: "",
        DRMGUARD_SKIP_NATIVE: "1",
        SEED: "6",
      }),
    );
    expect(plan.seed).toBe(5);
    expect(plan.contrast.batchSize).toBe(9);
    expect(plan.head.outputOnly).toBe(true);
    expect(plan.method).toBe("contrast");
  });

  it("names the variable that is wrong", () => {
    expect(() => settingsOfEnvironment({ DRMGUARD_LEARNING_RATE: "fast" })).toThrow(
      expect.objectContaining({
        code: "ERR_CONFIG",
        message: 'DRMGUARD_LEARNING_RATE: expected a number above 0, up to 10, got "fast".',
      }),
    );
    expect(() => settingsOfEnvironment({ DRMGUARD_OUTPUT_ONLY: "maybe" })).toThrow(
      expect.objectContaining({ code: "ERR_CONFIG" }),
    );
  });
});
