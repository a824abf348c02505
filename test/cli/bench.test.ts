import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { attackTableSchema, identificationSchema } from "../../lib/bench/index.ts";
import { drmguard } from "./command.ts";
import { folderWithBrokenZoo, folderWithZoo } from "./tiny-models.ts";

// These need the native addon: they train a tiny zoo on rendered faces and scan it.

/** Three steps on few images: the numbers mean nothing, the way through is the whole one. */
const SETTINGS =
  "[contrast]\nsteps = 3\nbatchSize = 8\nwalks = 1\nforcedTargets = 1\nprobeStarts = 0\n[drmguard]\nsteps = 3\nbatchSize = 8\n";
/** Two benign and two backdoored models. */
const ZOO = { count: 100, people: 20, size: 32, heldOutShare: 0.3, trigger: "badnets", seeds: [0, 1] };

describe("bench", () => {
  it("scans a zoo with both methods, once, and tells of its attacks", async () => {
    const cwd = await folderWithZoo(ZOO, SETTINGS);
    const words = ["bench", "identify", "zoo", "--methods", "contrast,drmguard", "--images", "16"];
    const first = await drmguard([...words, "--out", "out"], { cwd });
    expect(first.stderr).not.toContain("ERR_");
    expect(first.code).toBe(0);
    expect(first.stdout).toMatch(/\| contrast \| badnets \| 1 \+ 1 \|/);
    expect((await readdir(join(cwd, "out"))).sort()).toEqual([
      "evidence",
      "identify.html",
      "identify.json",
      "identify.md",
    ]);
    expect(await readFile(join(cwd, "out", "identify.md"), "utf8")).toBe(first.stdout);
    const json = async (name: string) => JSON.parse(await readFile(join(cwd, name), "utf8")) as unknown;
    const bench = identificationSchema.parse(await json("out/identify.json"));
    expect(bench.images.count).toBe(16);
    expect(bench.models).toHaveLength(8);
    const model = await json("out/evidence/drmguard/badnets-1.json");
    expect(model).toMatchObject({ model: { name: "badnets-1.pt" }, images: { sha256: bench.images.sha256 } });

    const again = await drmguard([...words, "--out", "out", "--jobs", "1"], { cwd });
    expect(again.code).toBe(0);
    const repeated = identificationSchema.parse(await json("out/identify.json"));
    // Wall time to the last digit: nothing was scanned again.
    expect(repeated.models).toEqual(bench.models);

    const other = await drmguard([...words, "--out", "out", "--steps", "4"], { cwd });
    expect(other.stderr).toContain("another contrast.steps");
    expect(other.code).toBe(4);

    const rav = await drmguard(["bench", "rav", "zoo"], { cwd });
    expect(rav.code).toBe(0);
    expect(rav.stdout).toMatch(/\| badnets \| 2 \|/);
    const table = attackTableSchema.parse(await json("zoo/bench/rav.json"));
    expect(table.conditions.map(({ condition, models }) => [condition, models])).toEqual([["badnets", 2]]);
    expect(await readdir(join(cwd, "zoo", "bench"))).toEqual(["rav.html", "rav.json", "rav.md"]);
  });

  it.each([
    [["bench"], "Expected a command", 4],
    [["bench", "identify"], "missing required argument", 4],
    [["bench", "identify", "zoo", "--methods", "abs"], 'got "abs"', 4],
    [["bench", "identify", "zoo", "--methods", "contrast,contrast"], "contrast twice", 4],
    [["bench", "identify", "zoo", "--images", "1"], "--images: expected a whole number", 4],
    [["bench", "identify", "zoo", "--jobs", "0"], "--jobs: expected a whole number", 4],
    [["bench", "identify", "zoo", "--steps", "many"], "--steps: expected a whole number", 4],
    [["bench", "identify", "zoo", "--config", "gone.toml"], "gone.toml", 2],
    [["bench", "identify", "gone"], "manifest.json", 2],
    [["bench", "rav", "gone"], "manifest.json", 2],
    [["bench", "rav", "broken"], "Expected a zoo's manifest", 4],
    [["bench", "rav", "broken", "--jobs", "2"], "unknown option", 4],
  ])("says what is wrong: %j", async (words, message, expected) => {
    const { code, stdout, stderr } = await drmguard(words, { cwd: await folderWithBrokenZoo() });
    expect(stderr).toContain(message);
    expect(stdout).toBe("");
    expect(code).toBe(expected);
  });
});
