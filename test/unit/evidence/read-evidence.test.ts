import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseEvidence, readEvidenceFile } from "../../../lib/evidence/read-evidence.ts";
import { buildReport, renderJson } from "../../../lib/report/index.ts";
import { judge } from "../../../lib/verdict/judge.ts";
import { makeBaselineEvidence, makeEvidence, makeModel } from "../../fixtures/evidence/make-evidence.ts";

/** JSON of valid evidence with the value at a dotted path replaced. */
function evidenceWith(path: string, value: unknown): string {
  const evidence = JSON.parse(JSON.stringify(makeEvidence()));
  const keys = path.split(".");
  const last = keys.pop() as string;
  let holder = evidence;
  for (const key of keys) holder = holder[key];
  holder[last] = value;
  return JSON.stringify(evidence);
}

function refusal(json: string): { code: string; message: string } {
  try {
    parseEvidence(json, "scan.json");
  } catch (error) {
    return error as { code: string; message: string };
  }
  throw new Error("it was accepted");
}

describe("evidence that is read", () => {
  it("is one evidence, named after its model", () => {
    const evidence = makeEvidence({ model: makeModel({ name: "gaze.pt" }) });
    expect(parseEvidence(JSON.stringify(evidence))).toEqual([
      { outcome: "scanned", path: "gaze.pt", evidence },
    ]);
  });

  it("is a whole report, with its errors and skips, without its verdicts", () => {
    const evidence = makeEvidence();
    const error = { code: "ERR_MODEL_FORMAT" as const, message: "no zip", hint: "give a zip" };
    const report = buildReport([
      { outcome: "scanned", path: "a.pt", evidence, verdict: judge(evidence) },
      { outcome: "error", path: "b.pt", error },
      { outcome: "skipped", path: "c.txt", reason: "not a model" },
    ]);
    expect(parseEvidence(renderJson(report))).toEqual([
      { outcome: "scanned", path: "a.pt", evidence },
      { outcome: "error", path: "b.pt", error },
      { outcome: "skipped", path: "c.txt", reason: "not a model" },
    ]);
  });
});

describe("evidence of a baseline", () => {
  it.each(["neural-cleanse", "feature-re"] as const)("is read as it was written (%s)", (method) => {
    const evidence = makeBaselineEvidence(method, 0.003);
    expect(parseEvidence(JSON.stringify(evidence))[0]).toMatchObject({ outcome: "scanned", evidence });
  });

  it("need not be there: evidence from before the baselines gets their defaults", () => {
    const evidence = makeEvidence();
    const old = JSON.parse(JSON.stringify(evidence));
    delete old.baseline;
    delete old.plan.neuralCleanse;
    delete old.plan.featureRe;
    delete old.plan.thresholds.maskShare;
    delete old.plan.thresholds.featureScore;
    const [read] = parseEvidence(JSON.stringify(old));
    if (read?.outcome !== "scanned") throw new Error("not read");
    expect(read.evidence).toEqual({ ...evidence, baseline: null });
    expect(judge(read.evidence)).toEqual(judge(evidence));
  });

  it.each([
    [
      "baseline.best",
      (evidence: ReturnType<typeof makeEvidence>) => Object.assign(evidence.baseline ?? {}, { best: 2 }),
    ],
    ["baseline.starts", (evidence: ReturnType<typeof makeEvidence>) => evidence.baseline?.starts.pop()],
    ["baseline", (evidence: ReturnType<typeof makeEvidence>) => Object.assign(evidence, { baseline: null })],
    [
      "baseline",
      (evidence: ReturnType<typeof makeEvidence>) => Object.assign(evidence.plan, { method: "contrast" }),
    ],
  ])("is refused when %s contradicts the rest", (field, spoil) => {
    const evidence = makeBaselineEvidence("neural-cleanse", 0.003);
    spoil(evidence);
    const { code, message } = refusal(JSON.stringify(evidence));
    expect(code).toBe("ERR_EVIDENCE");
    expect(message).toContain(`${field}:`);
  });
});

describe("evidence that is refused", () => {
  it.each([
    ["inversions.3.cost", "0.1", "inversions[3].cost"],
    ["inversions.0.cost", -1, "inversions[0].cost"],
    ["model.sha256", "xyz", "model.sha256"],
    ["complete", 1, "complete"],
    ["plan.thresholds.clean", null, "plan.thresholds.clean"],
    ["reversedTrigger.samples.0.benign", '"><script>', "reversedTrigger.samples[0].benign"],
    ["seconds.extra", 1, "seconds"],
    ["benign.mean", [1, 2], "benign.mean"],
    ["inversions.2.target", [1], "inversions[2].target"],
    ["reversedTrigger.samples.1.outputAfter", [1, 2, 3, 4], "reversedTrigger.samples[1].outputAfter"],
    ["reversedTrigger.inversion", 7, "reversedTrigger.inversion"],
  ])("names the wrong field: %s = %j", (path, value, field) => {
    const { code, message } = refusal(evidenceWith(path, value));
    expect(code).toBe("ERR_EVIDENCE");
    expect(message).toContain(`scan.json: ${field}: `);
  });

  it("does not take infinity for a number", () => {
    const json = JSON.stringify(makeEvidence()).replace('"cost":0.0021', '"cost":1e999');
    expect(refusal(json).message).toContain("inversions[1].cost");
  });

  it("says which schema version is supported", () => {
    expect(refusal(evidenceWith("schemaVersion", 1)).message).toBe(
      "scan.json: schemaVersion: 1 is not supported, this version reads 2",
    );
    expect(refusal("{}").message).toContain("schemaVersion: nothing is not supported, this version reads 2");
    const report = {
      schemaVersion: 2,
      models: [{ outcome: "scanned", path: "a", evidence: { schemaVersion: 9 } }],
    };
    expect(refusal(JSON.stringify(report)).message).toContain(
      "models[0].evidence.schemaVersion: 9 is not supported",
    );
  });

  it("names a wrong field inside a report", () => {
    const evidence = { ...makeEvidence(), complete: "yes" };
    const report = {
      schemaVersion: 2,
      models: [
        { outcome: "skipped", path: "a", reason: "" },
        { outcome: "scanned", path: "b", evidence },
      ],
    };
    expect(refusal(JSON.stringify(report)).message).toContain("models[1].evidence.complete");
    expect(refusal('{"schemaVersion":2,"models":{}}').message).toContain("models: ");
  });

  it("quotes and cuts a key that the file chose", () => {
    const operators = { [`\u001b[31m${"x".repeat(5000)}`]: 0 };
    const { message } = refusal(evidenceWith("model.operators", operators));
    expect(message.length).toBeLessThan(500);
    expect(message).not.toContain("\u001b");
  });

  it.each(["", "{", "[]", "null", "3", '"text"'])("is no JSON object: %j", (json) => {
    expect(refusal(json).code).toBe("ERR_EVIDENCE");
  });
});

describe("evidence files", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "drmguard-evidence-"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function file(name: string, content: string | Uint8Array): string {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  }

  it("are read", async () => {
    const evidence = makeEvidence();
    expect(await readEvidenceFile(file("ok.json", JSON.stringify(evidence)))).toHaveLength(1);
  });

  it("are refused above the size bound", async () => {
    const path = file("large.json", JSON.stringify(makeEvidence()));
    await expect(readEvidenceFile(path, { maximumBytes: 1000 })).rejects.toMatchObject({
      code: "ERR_EVIDENCE",
      message: expect.stringContaining("at most 1000 bytes"),
    });
  });

  it("are refused when they are no UTF-8, not there, a folder or a pipe", async () => {
    const pipe = join(folder, "pipe");
    execFileSync("mkfifo", [pipe]);
    await expect(readEvidenceFile(file("bad.json", Buffer.from([0x7b, 0xff, 0x7d])))).rejects.toMatchObject({
      code: "ERR_EVIDENCE",
    });
    for (const path of [join(folder, "none.json"), folder, pipe]) {
      await expect(readEvidenceFile(path)).rejects.toMatchObject({ code: "ERR_FILE_NOT_FOUND" });
    }
  });
});
