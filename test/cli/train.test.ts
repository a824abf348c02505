import { watch } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { ModelEntry, ScanReport } from "../../lib/report/index.ts";
import { readTrainedModel } from "../../lib/training/index.ts";
import { readManifest } from "../../lib/zoo/index.ts";
import { drmguard, temporaryFolder } from "./command.ts";
import { SIDE, TINY, writeFaces, writeZooPlan } from "./tiny-models.ts";

// These need the native addon: they train whole models, tiny ones, on rendered faces.

const train = (cwd: string, out: string, ...words: string[]) =>
  drmguard(["train", ...TINY, "--out", out, ...words], { cwd });

describe("train", () => {
  it("leaves a model that scan reads, as .pt and as .safetensors, with the same answers", async () => {
    const cwd = await temporaryFolder();
    const trained = await train(cwd, "gaze.pt", "--attack", "badnets", "--epochs", "2");
    expect(trained.stderr).not.toContain("ERR_");
    expect(trained.code).toBe(0);
    expect(trained.stdout).toContain("constant predictor");
    expect((await readdir(cwd)).sort()).toEqual([
      "gaze.attack-0.safetensors",
      "gaze.json",
      "gaze.pt",
      "gaze.safetensors",
    ]);
    const { measured, attacks } = await readTrainedModel(join(cwd, "gaze.json"));
    expect(measured.cleanError).toHaveLength(2);
    expect(measured.attacks[0]?.triggerMeanL1).toBeGreaterThan(0);
    expect(attacks[0]?.trigger.kind).toBe("badnets");

    await writeFaces(cwd, 24);
    await writeFile(
      join(cwd, "drmguard.toml"),
      "threads = 1\n[contrast]\nsteps = 3\nbatchSize = 8\nwalks = 1\nforcedTargets = 1\nprobeStarts = 0\n",
    );
    const words = ["scan", "gaze.pt", "gaze.safetensors", "--images", "faces.npy", "--output", "json", "-q"];
    const { stdout } = await drmguard(words, { cwd });
    const evidence = (JSON.parse(stdout) as ScanReport).models.map(
      (entry) => (entry as Extract<ModelEntry, { outcome: "scanned" }>).evidence,
    );
    expect(evidence.map(({ model }) => model.format)).toEqual(["torchscript", "safetensors"]);
    expect(evidence[1]?.benign).toEqual(evidence[0]?.benign);
    expect(evidence[1]?.inversions).toEqual(evidence[0]?.inversions);
  });

  it("stops at Ctrl-C, keeps its finished epochs and leaves no half of a model", async () => {
    const cwd = await temporaryFolder();
    // Far more epochs than it lives for: the first checkpoint that appears ends it.
    const command = ["train", ...TINY, "--out", "cut.pt", "--epochs", "5000"];
    const watcher = watch(cwd);
    try {
      const { code } = await drmguard(command, {
        cwd,
        onStart: (child) => watcher.once("change", () => child.kill("SIGINT")),
      });
      expect(code).toBe(130);
    } finally {
      watcher.close();
    }
    const left = (await readdir(cwd)).filter((name) => name !== "cut.checkpoint.safetensors");
    expect(left).toEqual([]);
  });

  it("does not write over a model, unless it is told to", async () => {
    const cwd = await temporaryFolder();
    await writeFile(join(cwd, "gaze.pt"), "mine");
    const { code, stderr } = await train(cwd, "gaze.pt", "--epochs", "1");
    expect(stderr).toContain("gaze.pt exists already");
    expect(code).toBe(2);
    expect(await readFile(join(cwd, "gaze.pt"), "utf8")).toBe("mine");
    expect(await train(cwd, "gaze.pt", "--epochs", "1", "--force")).toMatchObject({ code: 0 });
  });

  it.each([
    [["train"], "--data"],
    [["train", ...TINY, "--out", "a", "--architecture", "alexnet"], "resnet-tiny"],
    [["train", ...TINY, "--out", "a", "--rate", "0.1"], "--attack NAME"],
    [["train", ...TINY, "--out", "a", "--attack", "badnets", "--target", "1,2,3"], "2 numbers"],
    [["zoo"], "Expected a command"],
    [["zoo", "make", "--out", "a"], "missing required argument"],
    [["zoo", "make", "gone.toml", "--out", "a", "--jobs", "0"], "--jobs: expected a whole number"],
  ])("ends with 4 and says why: %j", async (words, message) => {
    const { code, stderr } = await drmguard(words, { cwd: await temporaryFolder() });
    expect(stderr).toContain(message);
    expect(code).toBe(4);
  });
});

describe("zoo", () => {
  it("is made, listed, and left alone when it is there", async () => {
    const cwd = await temporaryFolder();
    const zoo = { count: 80, people: 20, size: SIDE, heldOutShare: 0.3, trigger: "badnets", seeds: [0] };
    await writeZooPlan(cwd, zoo);
    const words = ["zoo", "make", "plan.toml", "--out", "zoo"];
    const made = await drmguard(words, { cwd });
    expect(made.stderr).toContain("2 models trained, 0 were there, 0 failed");
    expect(made.code).toBe(0);
    const { models } = await readManifest(join(cwd, "zoo"));
    expect(models.map(({ name }) => name)).toEqual(["benign-0", "badnets-0"]);
    const listed = await drmguard(["zoo", "list", "zoo"], { cwd });
    expect(listed.stdout).toMatch(/^model .*\nbenign-0 .*\nbadnets-0 /);
    expect((await drmguard(words, { cwd })).stderr).toContain("0 models trained, 2 were there");
  });
});
