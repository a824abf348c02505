import { appendFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { parseEvidence } from "../../lib/evidence/read-evidence.ts";
import { encodeNpy, renderFaces } from "../../lib/render/index.ts";
import type { ModelEntry, ScanReport } from "../../lib/report/index.ts";
import { drmguard, temporaryFolder } from "./command.ts";

// These need the native addon: they run whole scans, short ones, of models with random weights.

const SIDE = 32;
const COUNT = 24;
const model = (file: string) => fileURLToPath(new URL(`../fixtures/models/${file}`, import.meta.url));

/** A folder with rendered faces in the models' size. */
async function folderWithImages(): Promise<string> {
  const cwd = await temporaryFolder();
  const { pixels } = renderFaces({ count: COUNT, seed: 5, size: SIDE });
  await writeFile(join(cwd, "faces.npy"), encodeNpy(pixels, [COUNT, SIDE, SIDE, 3]));
  return cwd;
}

const settings = (steps: number) => `
threads = 1
[contrast]
steps = ${steps}
batchSize = 8
walks = 1
forcedTargets = 1
probeStarts = 0
# The dear families as well, whatever the others say of a model that was never trained.
doubt = 0
# So few steps collapse little: with the usual tolerance there would be no yardstick to run.
tolerance = 1
`;

async function folderFor(steps: number): Promise<string> {
  const cwd = await folderWithImages();
  await writeFile(join(cwd, "drmguard.toml"), settings(steps));
  return cwd;
}

type Scanned = Extract<ModelEntry, { outcome: "scanned" }>;
const CODES = { clean: 0, backdoored: 1, inconclusive: 2 } as const;

describe("scan", () => {
  it("ends at its budget with what it has, marked as incomplete", async () => {
    const cwd = await folderFor(5);
    await appendFile(join(cwd, "drmguard.toml"), 'families = ["additive-pattern", "smooth-warp"]\n');
    const words = ["scan", model("resnet18.trace.pt"), "--images", "faces.npy", "--output", "json"];
    const { code, stdout } = await drmguard([...words, "--max-steps", "7", "--budget", "1h"], { cwd });
    const report = JSON.parse(stdout) as ScanReport;
    const { evidence, verdict } = report.models[0] as Scanned;
    expect(evidence.complete).toBe(false);
    expect(evidence.incompleteReason).toBe("its budget of 3600 s and 7 steps was spent after 7 of 20 steps");
    expect(evidence.inversions.map(({ role }) => role)).toEqual(["free", "forced"]);
    expect(evidence.inversions[0]?.curve.at(-1)?.step).toBe(5);
    expect(evidence.inversions[1]?.curve.at(-1)?.step).toBe(2);
    expect(verdict.label).not.toBe("clean");
    expect(code).toBe(CODES[verdict.label]);
  });

  it.each([
    ["--budget", "soon"],
    ["--budget", "0s"],
    ["--max-steps", "1.5"],
  ])("refuses %s %s", async (flag, value) => {
    const cwd = await temporaryFolder();
    const { code, stderr } = await drmguard(["scan", "m.pt", "--images", "x", flag, value], { cwd });
    expect(code).toBe(4);
    expect(stderr).toContain(flag);
  });

  it("writes the report to stdout and files, and ends with the code of its verdict", async () => {
    const cwd = await folderFor(5);
    const words = ["scan", model("resnet18.trace.pt"), "--images", "faces.npy", "--output", "json"];
    const { code, stdout, stderr } = await drmguard([...words, "--output", "html:report.html"], { cwd });
    const report = JSON.parse(stdout) as ScanReport;
    expect(report.complete).toBe(true);
    const { evidence, verdict } = report.models[0] as Scanned;
    expect(evidence.images).toMatchObject({ count: COUNT, height: SIDE, width: SIDE, source: "faces.npy" });
    const ran = evidence.inversions.map(({ family, role }) => `${family} ${role}`);
    expect([...new Set(ran)]).toEqual([
      "wave free",
      "central-wave free",
      "patch free",
      "central-patch free",
      "offset-patch free",
      "additive-pattern free",
      "additive-pattern forced",
      // Five steps bring no warp near: its yardstick is left out.
      "smooth-warp free",
    ]);
    const count = (family: string) => ran.filter((name) => name.startsWith(family)).length;
    expect(["wave", "central-wave", "patch", "central-patch"].map(count)).toEqual([12, 12, 6, 6]);
    expect(parseEvidence(stdout)).toHaveLength(1);
    expect(code).toBe(CODES[verdict.label]);
    expect(stderr).toContain("using the settings of");
    expect(stderr).toMatch(/inversion \d+\/35 /);
    expect(await readFile(join(cwd, "report.html"), "utf8")).toMatch(/^<!doctype html>/i);
  });

  it("gives the same numbers for the same seed, and others for another", async () => {
    const cwd = await folderFor(5);
    const inversionsOf = async (seed: string) => {
      const words = ["scan", model("resnet18.trace.pt"), "--images", "faces.npy", "--output", "json"];
      const { stdout } = await drmguard([...words, "--seed", seed, "-q"], { cwd });
      return ((JSON.parse(stdout) as ScanReport).models[0] as Scanned).evidence.inversions;
    };
    const first = await inversionsOf("1");
    expect(await inversionsOf("1")).toEqual(first);
    expect(await inversionsOf("2")).not.toEqual(first);
  });

  it("goes on after a model that fails, and says nothing but errors with -q", async () => {
    const cwd = await folderFor(3);
    const models = ["gone.pt", model("hostile/truncated.pt"), model("resnet18.pt2")];
    const words = ["scan", ...models, "--images", "faces.npy", "--output", "json", "-q"];
    const { code, stdout, stderr } = await drmguard(words, { cwd });
    const report = JSON.parse(stdout) as ScanReport;
    expect(report.models.map(({ outcome }) => outcome)).toEqual(["error", "error", "scanned"]);
    expect(report.models[0]).toMatchObject({ path: "gone.pt", error: { code: "ERR_FILE_NOT_FOUND" } });
    expect(report.models[1]).toMatchObject({ error: { code: "ERR_MODEL_TRUNCATED" } });
    expect(report.complete).toBe(false);
    expect(stderr.trim().split("\n")).toHaveLength(4);
    expect(code).toBe(report.summary.backdoored > 0 ? 1 : 2);
  });

  it("ends with 2 when the only model is missing, or the images are", async () => {
    const cwd = await folderFor(3);
    const gone = await drmguard(["scan", "gone.pt", "--images", "faces.npy"], { cwd });
    expect(gone.code).toBe(2);
    expect(gone.stdout).toContain("ERR_FILE_NOT_FOUND");
    const words = ["scan", model("resnet18.trace.pt"), "--images", "gone"];
    const noImages = await drmguard(words, { cwd });
    expect(noImages).toMatchObject({ code: 2, stdout: "" });
    expect(noImages.stderr).toContain("ERR_FILE_NOT_FOUND");
  });

  it("tells what it leaves out of a folder", async () => {
    const cwd = await folderFor(3);
    await mkdir(join(cwd, "models"));
    await writeFile(join(cwd, "models", "b.pt"), await readFile(model("resnet18.trace.pt")));
    await writeFile(join(cwd, "models", "c.onnx"), "");
    await writeFile(join(cwd, "models", "notes.txt"), "");
    const words = ["scan", "models", "--images", "faces.npy", "--output", "json"];
    const { stdout, stderr } = await drmguard(words, { cwd });
    const { models, summary } = JSON.parse(stdout) as ScanReport;
    expect(models.map(({ path, outcome }) => [path, outcome])).toEqual([
      [join("models", "b.pt"), "scanned"],
      [join("models", "c.onnx"), "skipped"],
    ]);
    expect(summary.skipped).toBe(1);
    expect(stderr).toContain("files of the folders that are no models: 1");
  });
});

describe("Ctrl-C", () => {
  // Uninterrupted, this scan would take hours.
  it("ends a scan that is under way with 130 and a report that is not complete", async () => {
    const cwd = await folderFor(100_000);
    const words = ["scan", model("resnet18.trace.pt"), "--images", "faces.npy", "--output", "json"];
    const { code, stdout } = await drmguard(words, { cwd, onStderr: interruptAt(/ inversion \d/) });
    expect(code).toBe(130);
    const report = JSON.parse(stdout) as ScanReport;
    expect(report.complete).toBe(false);
    expect(report.models[0]).toMatchObject({ outcome: "error", error: { code: "ERR_CANCELLED" } });
  });

  it("keeps the reports of the models that were finished before", async () => {
    const cwd = await folderFor(40);
    const models = [model("resnet18.trace.pt"), model("vit.trace.pt"), model("resnet18.pt2")];
    const words = ["scan", ...models, "--images", "faces.npy", "--output", "json:report.json"];
    const { code } = await drmguard(words, { cwd, onStderr: interruptAt(/\[2\/3\]/) });
    expect(code).toBe(130);
    const report = JSON.parse(await readFile(join(cwd, "report.json"), "utf8")) as ScanReport;
    expect(report.models.map(({ outcome }) => outcome)).toEqual(["scanned", "error", "skipped"]);
    expect(report.complete).toBe(false);
  });
});

/** Presses Ctrl-C once, as soon as stderr shows this. */
function interruptAt(sign: RegExp) {
  let pressed = false;
  return (child: { kill(signal: "SIGINT"): boolean }, stderr: string) => {
    if (pressed || !sign.test(stderr)) return;
    pressed = true;
    child.kill("SIGINT");
  };
}
