import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { BENIGN_RATIO, makeEvidence, makeInversions, makeModel } from "../fixtures/evidence/make-evidence.ts";
import { drmguard, temporaryFolder } from "./command.ts";

/** A folder with the scans of `scores.length` benign models, and of one that scores 4. */
async function folderWithScans(scores: readonly number[]): Promise<{ cwd: string; benign: string[] }> {
  const cwd = await temporaryFolder();
  const write = (name: string, score: number, index: number) => {
    const evidence = makeEvidence({ inversions: makeInversions(0.003, 0.003 * score * BENIGN_RATIO) });
    evidence.model = makeModel({ name, sha256: index.toString(16).padStart(64, "0") });
    return writeFile(join(cwd, `${name}.json`), JSON.stringify(evidence));
  };
  await write("suspect", 4, 1000);
  for (const [index, score] of scores.entries()) await write(`benign-${index}`, score, index);
  return { cwd, benign: scores.map((_, index) => `benign-${index}.json`) };
}

describe("calibrate", () => {
  it("writes a reference that judge decides by", async () => {
    const { cwd, benign } = await folderWithScans(Array.from({ length: 19 }, (_, index) => 4.1 + index / 10));
    const made = await drmguard(["calibrate", ...benign, "--out", "reference.json"], { cwd });
    expect(made.code).toBe(0);
    expect(made.stdout).toBe("");
    expect(made.stderr).toContain("19 models");
    expect(JSON.parse(await readFile(join(cwd, "reference.json"), "utf8")).models).toHaveLength(19);

    // By the plan's own lines a score of 4 is backdoored; beside benign models that score higher it is not.
    const judged = await drmguard(["judge", "suspect.json", "--reference", "reference.json"], { cwd });
    expect(judged.stdout).toContain("CLEAN");
    expect(judged.stdout).toMatch(/p-value +1 beside 19 benign models, significance 0\.05/);
    expect(judged.code).toBe(0);
  });

  it("says when the models are too few to decide", async () => {
    const { cwd, benign } = await folderWithScans([1.1, 1.2]);
    const made = await drmguard(["calibrate", ...benign, "--out", "reference.json"], { cwd });
    expect(made.stderr).toContain("fewer than 19 models decide nothing at 0.05");
    const judged = await drmguard(["judge", "suspect.json", "--reference", "reference.json"], { cwd });
    expect(judged.stdout).toMatch(/BACKDOORED.*p-value +0\.333 beside 2/s);
    expect(judged.code).toBe(1);
    const loose = ["--reference", "reference.json", "--significance", "0.34"];
    expect((await drmguard(["judge", "suspect.json", ...loose], { cwd })).code).toBe(1);
  });

  it("replaces nothing unless told to", async () => {
    const { cwd, benign } = await folderWithScans([1.1]);
    await writeFile(join(cwd, "mine.json"), "mine");
    const refused = await drmguard(["calibrate", ...benign, "--out", "mine.json"], { cwd });
    expect(refused.code).toBe(4);
    expect(refused.stderr).toContain("--force");
    expect(await readFile(join(cwd, "mine.json"), "utf8")).toBe("mine");
    expect((await drmguard(["calibrate", ...benign, "--out", "mine.json", "--force"], { cwd })).code).toBe(0);
  });

  it.each([
    [["judge", "suspect.json", "--significance", "0.1"], "--significance needs --reference"],
    [["judge", "suspect.json", "--reference", "benign-0.json"], "is no reference"],
    [["judge", "suspect.json", "--reference", "none.json"], "none.json"],
    [["judge", "suspect.json", "--reference", "reference.json", "--clean", "1"], "one or the other"],
    [["scan", "m.pt", "--images", "i", "--reference", "reference.json", "--steps", "7"], "contrast.steps"],
    [["scan", "m.pt", "--images", "i", "--reference", "reference.json", "--method", "drmguard"], "drmguard"],
  ])("refuses %j before it works", async (words, message) => {
    const { cwd, benign } = await folderWithScans([1.1]);
    await drmguard(["calibrate", ...benign, "--out", "reference.json"], { cwd });
    const { code, stderr } = await drmguard(words, { cwd });
    expect(stderr).toContain(message);
    expect([2, 4]).toContain(code);
  });
});
