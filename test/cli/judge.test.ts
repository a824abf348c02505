import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { BENIGN_RATIO, makeEvidence, makeInversions } from "../fixtures/evidence/make-evidence.ts";
import { drmguard, temporaryFolder } from "./command.ts";

/** Evidence with a score of 0.012 / 0.003 = 4 by its plan's own lines of 2.5 and 2. */
async function evidenceFile(): Promise<{ cwd: string; file: string }> {
  const cwd = await temporaryFolder();
  const evidence = makeEvidence({ inversions: makeInversions(0.003, 0.012 * BENIGN_RATIO) });
  evidence.plan.thresholds = {
    backdoored: 2.5,
    clean: 2,
    epsilon: 0.03,
    maskShare: 0.006,
    featureScore: -0.75,
  };
  await writeFile(join(cwd, "evidence.json"), JSON.stringify(evidence));
  return { cwd, file: "evidence.json" };
}

describe("judge", () => {
  it.each([
    [[], 1, "backdoored"],
    [["--backdoored", "8", "--clean", "5"], 0, "clean"],
    [["--backdoored", "8"], 2, "inconclusive"],
    [["--backdoored", "8", "--fail-on", "backdoored"], 0, "inconclusive"],
    [["--exit-zero"], 0, "backdoored"],
  ])("draws the lines of %j: exit code %i, %s", async (lines, expected, label) => {
    const { cwd, file } = await evidenceFile();
    const { code, stdout, stderr } = await drmguard(["judge", file, ...lines, "--output", "json"], { cwd });
    const report = JSON.parse(stdout);
    expect(report.models[0].verdict.label).toBe(label);
    expect(report.models[0].verdict.score).toBeCloseTo(4);
    expect(report.summary[label]).toBe(1);
    expect(stderr).toBe("");
    expect(code).toBe(expected);
  });

  it("judges the report that it wrote again, and leaves the evidence as it is", async () => {
    const { cwd, file } = await evidenceFile();
    const before = await readFile(join(cwd, file), "utf8");
    const first = await drmguard(
      ["judge", file, "--output", "json:report.json", "--output", "html:report.html"],
      {
        cwd,
      },
    );
    expect(first.code).toBe(1);
    expect(first.stdout).toContain("BACKDOORED");
    expect(first.stdout).not.toContain("\u001b");
    expect(await readFile(join(cwd, "report.html"), "utf8")).toMatch(/^<!doctype html>/i);
    expect(await readFile(join(cwd, file), "utf8")).toBe(before);

    const second = await drmguard(["judge", "report.json", "--backdoored", "8", "--clean", "5"], { cwd });
    expect(second.code).toBe(0);
    expect(second.stdout).toContain("clean: 1 · backdoored: 0");
  });

  it("reports a file that is no evidence beside the others, and a finding wins", async () => {
    const { cwd, file } = await evidenceFile();
    await writeFile(join(cwd, "broken.json"), '{"schemaVersion": 1}');
    const both = await drmguard(["judge", "broken.json", file, "gone.json", "--output", "json"], { cwd });
    const report = JSON.parse(both.stdout);
    expect(report.summary).toMatchObject({ backdoored: 1, errors: 2 });
    expect(report.complete).toBe(false);
    expect(both.stderr).toContain("ERR_EVIDENCE");
    expect(both.stderr).toContain("ERR_FILE_NOT_FOUND");
    expect(both.code).toBe(1);
    expect((await drmguard(["judge", "broken.json"], { cwd })).code).toBe(2);
    expect((await drmguard(["judge", "gone.json"], { cwd })).code).toBe(2);
  });

  it("ends with 4 for lines in the wrong order", async () => {
    const { cwd, file } = await evidenceFile();
    const { code, stdout, stderr } = await drmguard(["judge", file, "--backdoored", "1.5"], { cwd });
    expect(code).toBe(4);
    expect(stdout).toBe("");
    expect(stderr).toContain("--clean at most --backdoored, got 2 and 1.5");
  });
});
