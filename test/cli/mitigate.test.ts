import { watch } from "node:fs";
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type MitigationFacts,
  type RoundFacts,
  stillThere,
  writeMitigationCheckpoint,
} from "../../lib/mitigation/index.ts";
import { drmguard, temporaryFolder } from "./command.ts";
import { SIDE, TINY, writeFaces } from "./tiny-models.ts";

// These need the native addon: they train a tiny model, scan it and work on it. The numbers mean nothing.

const COUNT = 40;
const SETTINGS =
  'threads = 1\n[contrast]\nfamilies = ["wave"]\nsteps = 3\nbatchSize = 8\n[images]\nlimit = 24\n';
const SHORT = ["--rounds", "2", "--steps", "2", "--batch-size", "8", "--bound", "10", "--anyway"];
/** Of a run that was cut. */
const ROUND: RoundFacts = {
  families: ["patch"],
  triggers: 1,
  score: null,
  pruned: 0,
  loss: null,
  cleanError: [0.1, 0.2],
  relativeError: 0.1,
  steps: 0,
  rolledBack: 0,
  accepted: true,
  seconds: 1,
};

let made: string;

beforeAll(async () => {
  made = await mkdtemp(join(tmpdir(), "drmguard-mitigate-"));
  const cwd = made;
  await writeFile(join(cwd, "drmguard.toml"), SETTINGS);
  const attack = ["--attack", "badnets", "--epochs", "1"];
  await drmguard(["train", ...TINY, ...attack, "--out", "gaze.pt"], { cwd });
  await writeFaces(cwd, COUNT);
  const render = ["render", "--count", `${COUNT}`, "--size", `${SIDE}`, "--people", "10", "--seed", "5"];
  await drmguard([...render, "--out", "faces.npz"], { cwd });
  const scanned = ["scan", "gaze.pt", "gaze.safetensors", "--images", "faces.npy", "-q"];
  await drmguard([...scanned, "--output", "json:evidence.json", "--exit-zero"], { cwd });
}, 300_000);

afterAll(() => rm(made, { recursive: true, force: true }));

/** A folder with a backdoored model, its evidence, and images with and without labels. */
async function folderWithModel(): Promise<string> {
  const cwd = await temporaryFolder();
  await cp(made, cwd, { recursive: true });
  return cwd;
}

const mitigateWords = (model: string, out: string, ...words: string[]) => [
  ...["mitigate", model, "--images", "faces.npy", "--evidence", "evidence.json", "--out", out],
  ...SHORT,
  ...words,
];
const mitigate = (cwd: string, model: string, out: string, ...words: string[]) =>
  drmguard(mitigateWords(model, out, ...words), { cwd });

const factsOf = async (path: string) => JSON.parse(await readFile(path, "utf8")) as MitigationFacts;

describe("mitigate", () => {
  it("writes a model in the format of the one given, which stays as it is, and scans it", async () => {
    const cwd = await folderWithModel();
    const before = await readFile(join(cwd, "gaze.pt"));
    for (const [model, out, files] of [
      ["gaze.pt", "fixed.pt", ["fixed.mitigation.json", "fixed.pt", "fixed.safetensors"]],
      ["gaze.safetensors", "weights.safetensors", ["weights.mitigation.json", "weights.safetensors"]],
    ] as const) {
      const done = await mitigate(cwd, model, out, "--exit-zero");
      expect(done.stderr).not.toContain("ERR_");
      expect(done.code).toBe(0);
      expect(done.stdout).toMatch(/no labels were given/);
      const stem = out.replace(/[.].*/, "");
      expect((await readdir(cwd)).filter((name) => name.startsWith(stem)).sort()).toEqual([...files]);
      const facts = await factsOf(join(cwd, `${stem}.mitigation.json`));
      expect(facts.labels).toBe("own answers");
      // Rounds are added where the clean error is beyond the bound, which this model's may be by its last digits.
      expect(facts.plan.rounds).toBe(2);
      expect(facts.rounds.length).toBeGreaterThanOrEqual(2);
      expect(facts.rounds.length).toBeLessThanOrEqual(8);
      expect(facts.verdictAfter).not.toBeNull();
      expect(facts.images).toMatchObject({ training: 30, heldOut: 10 });
      const scanned = await drmguard(["scan", out, "--images", "faces.npy", "--exit-zero"], { cwd });
      expect(scanned.stderr).not.toContain("ERR_");
    }
    expect(await readFile(join(cwd, "gaze.pt"))).toEqual(before);
  });

  it("takes every round back where the answers may not move at all", async () => {
    const cwd = await folderWithModel();
    const done = await mitigate(cwd, "gaze.pt", "tight.pt", "--no-rescan", "--bound", "0.000001");
    expect(done.stderr).not.toContain("ERR_");
    const facts = await factsOf(join(cwd, "tight.mitigation.json"));
    // Nothing has moved beyond the bound, so that no round is added.
    expect(facts.rounds.map(({ accepted }) => accepted)).toEqual([false, false]);
    expect(facts.growth).toBe(0);
    expect(done.stdout).toContain("taken back: the clean error grew too much");
    // What was found works as before, which no other report has to tell.
    for (const { before, after } of facts.triggers) expect(after).toBe(before);
    expect(done.stdout).toContain("NOT repaired");
    expect(done.code).toBe(1);
  });

  it("takes labels, and leaves a model alone that its evidence calls clean", async () => {
    const cwd = await folderWithModel();
    const words = ["--images", "faces.npz", "--labels", "labels.0,labels.1", "--no-rescan"];
    const done = await mitigate(cwd, "gaze.pt", "fixed.pt", ...words);
    expect(done.stderr).not.toContain("ERR_");
    expect((await factsOf(join(cwd, "fixed.mitigation.json"))).labels).toBe("given");

    const report = JSON.parse(await readFile(join(cwd, "evidence.json"), "utf8"));
    for (const { evidence } of report.models) {
      for (const inversion of evidence.inversions) inversion.collapse = inversion.reference;
      evidence.statistics.score = 0.5;
    }
    await writeFile(join(cwd, "clean.json"), JSON.stringify(report));
    const clean = await drmguard(
      ["mitigate", "gaze.pt", "--images", "faces.npy", "--evidence", "clean.json", "--out", "none.pt"],
      { cwd },
    );
    expect(clean.stderr).toContain("nothing was written");
    expect(clean.code).toBe(0);
    expect((await readdir(cwd)).filter((name) => name.startsWith("none"))).toEqual([]);
  });

  it("leaves no half of a model at Ctrl-C, and goes on to the same weights", async () => {
    const cwd = await folderWithModel();
    // In the fourth round small triggers are searched anew.
    const words = ["--no-rescan", "--rounds", "4", "--steps", "30"];
    const whole = await mitigate(cwd, "gaze.pt", "whole.pt", ...words);
    // So short a work may leave a trigger that works.
    const { triggers, rounds } = await factsOf(join(cwd, "whole.mitigation.json"));
    expect(rounds[3]?.triggers).toBeGreaterThan(rounds[2]?.triggers ?? Number.NaN);
    expect(whole.code).toBe(stillThere(triggers) ? 1 : 0);
    const watcher = watch(cwd);
    try {
      const cut = await drmguard(mitigateWords("gaze.pt", "cut.pt", ...words), {
        cwd,
        onStart: (child) =>
          watcher.on("change", (_, name) => {
            if (name === "cut.mitigation-checkpoint.safetensors") child.kill("SIGINT");
          }),
      });
      expect(cut.code).toBe(130);
    } finally {
      watcher.close();
    }
    const left = (await readdir(cwd)).filter((name) => name.startsWith("cut"));
    expect(left).toEqual(["cut.mitigation-checkpoint.safetensors"]);
    const other = await mitigate(cwd, "gaze.pt", "cut.pt", ...words, "--seed", "9");
    expect([other.code, other.stderr]).toEqual([4, expect.stringContaining("ERR_CONFIG")]);
    const resumed = await mitigate(cwd, "gaze.pt", "cut.pt", ...words);
    expect(resumed.stderr).toMatch(/going on after [123] of 4 rounds/);
    expect(await readFile(join(cwd, "cut.safetensors"))).toEqual(
      await readFile(join(cwd, "whole.safetensors")),
    );
  });

  it("replaces a checkpoint when it is to start over, and no other file", async () => {
    const cwd = await folderWithModel();
    const checkpoint = join(cwd, "fixed.mitigation-checkpoint.safetensors");
    await writeFile(checkpoint, "my notes");
    const refused = await mitigate(cwd, "gaze.pt", "fixed.pt", "--no-rescan", "--restart");
    expect(refused.stderr).toMatch(/ERR_FILE_WRITE.*fixed[.]mitigation-checkpoint[.]safetensors, found/s);
    expect(refused.code).toBe(2);
    // A method that writes no checkpoint takes none away.
    const pruned = await mitigate(cwd, "gaze.pt", "fixed.pt", "--no-rescan", "--method", "fine-prune");
    expect(pruned.code).toBe(0);
    expect(await readFile(checkpoint, "utf8")).toBe("my notes");

    await writeMitigationCheckpoint(checkpoint, "0".repeat(64), { rounds: [ROUND], weights: [[]] });
    const words = ["--no-rescan", "--force"];
    expect((await mitigate(cwd, "gaze.pt", "fixed.pt", ...words)).stderr).toContain("ERR_CONFIG");
    expect((await mitigate(cwd, "gaze.pt", "fixed.pt", ...words, "--restart")).code).toBe(0);
    expect(await readdir(cwd)).not.toContain(basename(checkpoint));
  });

  it.each([
    ["the model itself as --out", "gaze.pt", ["--out", "gaze.pt", "--force"], 4, "ERR_USAGE"],
    ["a model without evidence", "gaze.pt", ["--evidence", "other.json"], 4, "ERR_CONFIG"],
    [
      "labels that are not the model's outputs",
      "gaze.pt",
      ["--images", "faces.npz", "--labels", "labels.0"],
      4,
      "ERR_CONFIG",
    ],
    ["a number that is none", "gaze.pt", ["--rounds", "many"], 4, "ERR_USAGE"],
  ])("refuses %s", async (_, model, words, code, error) => {
    const cwd = await folderWithModel();
    const report = JSON.parse(await readFile(join(cwd, "evidence.json"), "utf8"));
    for (const entry of report.models) entry.evidence.model.sha256 = "0".repeat(64);
    await writeFile(join(cwd, "other.json"), JSON.stringify(report));
    const before = await readFile(join(cwd, "gaze.pt"));
    const refused = await mitigate(cwd, model, "fixed.pt", ...words);
    expect(refused.code).toBe(code);
    expect(refused.stderr).toContain(error);
    expect(await readFile(join(cwd, "gaze.pt"))).toEqual(before);
    expect((await readdir(cwd)).filter((name) => name.startsWith("fixed"))).toEqual([]);
  });
});
