import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { mitigationBenchSchema } from "../../lib/bench/index.ts";
import { drmguard } from "./command.ts";
import { folderWithBrokenZoo, folderWithZoo } from "./tiny-models.ts";

// These need the native addon: they train a tiny zoo on rendered faces and take its backdoor out.

/** Three steps on few images: the numbers mean nothing, the way through is the whole one. */
const SETTINGS =
  '[contrast]\nfamilies = ["wave"]\nsteps = 3\nbatchSize = 8\nwalks = 1\nforcedTargets = 1\n[images]\nlimit = 16\n';
/** Mostly held out: what mitigations are measured on must be enough, however short the training. */
const ZOO = { count: 320, people: 40, size: 16, heldOutShare: 0.8, trigger: "input-aware", seeds: [0] };
const SHORT = ["--images", "40", "--rounds", "1", "--steps", "2", "--mask-steps", "2"];
const OWN_LABELS = ["--methods", "fine-tune", "--own-labels"];

/** A manifest that lists the backdoored model a second time, as a benign one. */
function withBenignTwin(text: string): string {
  const manifest = JSON.parse(text) as { models: { name: string }[] };
  const model = manifest.models.find(({ name }) => name === "input-aware-0");
  manifest.models.push({ ...model, name: "twin-1", condition: "twin", backdoored: false } as {
    name: string;
  });
  return JSON.stringify(manifest);
}

describe("bench mitigate", () => {
  it("works on a zoo with every method, once, and measures with the attacker's trigger", async () => {
    const cwd = await folderWithZoo(ZOO, SETTINGS);
    const words = ["bench", "mitigate", "zoo", ...SHORT, "--rescan", "--out", "out"];
    const first = await drmguard(words, { cwd });
    expect(first.stderr).not.toContain("ERR_");
    expect(first.code).toBe(0);
    expect(first.stdout).toMatch(/\| benign \| drmguard \| 1 \| – \|/);
    expect(first.stdout).toMatch(/\| input-aware \| anp \| 1 \| \d/);
    expect((await readdir(join(cwd, "out"))).sort()).toEqual([
      "benign-reference",
      "evidence",
      "mitigate.html",
      "mitigate.json",
      "mitigate.md",
      "results",
    ]);
    expect(await readFile(join(cwd, "out", "mitigate.md"), "utf8")).toBe(first.stdout);
    const json = async (name: string) => JSON.parse(await readFile(join(cwd, name), "utf8")) as unknown;
    const bench = mitigationBenchSchema.parse(await json("out/mitigate.json"));
    expect(bench.images).toMatchObject({ given: 40, scanned: 16 });
    expect(bench.images.measured).toBeGreaterThanOrEqual(200);
    expect(bench.models).toHaveLength(8);
    expect(bench.error.kind).toBe("angle");
    const facts = await json("zoo/input-aware-0.json");
    for (const { condition, outcome } of bench.models) {
      expect(outcome.before.images).toBe(bench.images.measured);
      expect(outcome.before.attacks).toHaveLength(condition === "input-aware" ? 1 : 0);
      // Stripes and patches always score something.
      expect(outcome.rescan?.family).toEqual(expect.any(String));
    }
    // The states of the trigger came from the zoo: it changes images as much as it did when they were trained.
    const trained = (facts as { measured: { attacks: { triggerMeanL1: number }[] } }).measured.attacks[0];
    const measured = bench.models.find(({ condition }) => condition === "input-aware")?.outcome.before
      .attacks[0];
    expect(measured?.triggerMeanL1).toBeCloseTo(trained?.triggerMeanL1 ?? Number.NaN, 3);

    const again = await drmguard([...words, "--jobs", "1"], { cwd });
    expect(again.code).toBe(0);
    const repeated = mitigationBenchSchema.parse(await json("out/mitigate.json"));
    // Wall time to the last digit: nothing was done again.
    expect(repeated.models).toEqual(bench.models);

    // The triggers are the attacker's and the model is the benign one: with the attacker's own model counted as benign,
    // the median is half-way between its error and the benign model's.
    const [alone] = repeated.references[0]?.defendingAttackErrors ?? [];
    const own = repeated.models.find(({ condition }) => condition === "input-aware")?.outcome.before
      .attacks[0];
    expect(repeated.benignModels).toEqual(["benign-0"]);
    expect(alone).not.toBeCloseTo(own?.defendingAttackAngularError ?? Number.NaN, 3);
    const path = join(cwd, "zoo", "manifest.json");
    const manifest = await readFile(path, "utf8");
    await writeFile(path, withBenignTwin(manifest));
    const chosen = await drmguard([...words, "--conditions", "input-aware"], { cwd });
    expect(chosen.code).toBe(0);
    await writeFile(path, manifest);
    const twins = mitigationBenchSchema.parse(await json("out/mitigate.json"));
    expect(twins.benignModels).toEqual(["benign-0", "twin-1"]);
    const halfway = ((alone ?? Number.NaN) + (own?.defendingAttackAngularError ?? Number.NaN)) / 2;
    expect(twins.references[0]?.defendingAttackErrors?.[0]).toBeCloseTo(halfway, 3);
    expect(twins.models).toEqual(repeated.models.filter(({ condition }) => condition === "input-aware"));

    const other = await drmguard([...words, "--own-labels"], { cwd });
    expect(other.stderr).toContain("its labels were given");
    expect(other.code).toBe(4);

    // A model that cannot be measured is a row of its own; the others go on.
    await writeFile(join(cwd, "zoo", "input-aware-0.attack-0.safetensors"), "another file");
    const broken = await drmguard(["bench", "mitigate", "zoo", ...SHORT, ...OWN_LABELS], { cwd });
    expect(broken.stderr).toContain("input-aware-0, fine-tune");
    expect(broken.stderr).toContain("input-aware-0, benign reference");
    expect(broken.stdout).toMatch(/\| benign \| fine-tune \| 1 \|.*\| 0 \|$/m);
    expect(broken.stdout).toMatch(/\| input-aware \| fine-tune \| 1 \|.*\| 1 × ERR\\_CONFIG \|$/m);
    expect(broken.stdout).toContain("taught the model's own answers");
    expect(broken.code).toBe(2);
    const kept = join(cwd, "zoo", "bench", "mitigate", "results", "fine-tune");
    expect(await readdir(kept)).toEqual(["benign-0.json"]);
  });

  it.each([
    [["bench", "mitigate", "zoo", "--methods", "abs"], 'got "abs"', 4],
    [["bench", "mitigate", "zoo", "--images", "31"], "--images: expected a whole number", 4],
    [["bench", "mitigate", "zoo", "--bound", "-1"], "--bound: expected", 4],
    [["bench", "mitigate", "gone"], "manifest.json", 2],
    [["bench", "mitigate", "broken"], "Expected a zoo's manifest", 4],
  ])("says what is wrong: %j", async (words, message, expected) => {
    const { code, stdout, stderr } = await drmguard(words, { cwd: await folderWithBrokenZoo() });
    expect(stderr).toContain(message);
    expect(stdout).toBe("");
    expect(code).toBe(expected);
  });
});
