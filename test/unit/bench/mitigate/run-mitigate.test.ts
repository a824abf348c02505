import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type BenchProgress, mitigationBenchSchema, runMitigate } from "../../../../lib/bench/index.ts";
import { DrmGuardError } from "../../../../lib/errors/index.ts";
import { temporaryFolder } from "../scored-zoo.ts";
import { makeManifest } from "../small-zoo.ts";
import { PARTS, paperWork, plansOf, request, workThatLoses } from "./paper-work.ts";

const CONDITIONS = { benign: [0, 1], badnets: [0, 1] };

describe("mitigation bench", () => {
  it("measures and scans every model, and its attacks on the benign ones, once for all methods", async () => {
    const work: string[] = [];
    const progress: BenchProgress[] = [];
    const bench = await runMitigate(
      await request(CONDITIONS, { openWork: paperWork(work), onProgress: (told) => progress.push(told) }),
    );
    expect(work).toHaveLength(20);
    expect(work.filter((done) => done.endsWith("/badnets-1"))).toEqual([
      "on benign-0/badnets-1",
      "on benign-1/badnets-1",
      "measure/badnets-1",
      "scan/badnets-1",
      "drmguard/badnets-1",
      "anp/badnets-1",
    ]);
    expect(bench.models.map(({ method, name }) => `${method}/${name}`).slice(2, 6)).toEqual([
      "drmguard/badnets-0",
      "drmguard/badnets-1",
      "anp/benign-0",
      "anp/benign-1",
    ]);
    expect(bench.rows.map(({ condition, method, goals }) => [condition, method, goals])).toEqual([
      ["benign", "drmguard", 2],
      ["benign", "anp", 2],
      ["badnets", "drmguard", 2],
      ["badnets", "anp", 2],
    ]);
    expect(bench.error).toEqual({ kind: "mean over outputs", unit: "degrees" });
    expect(mitigationBenchSchema.parse(JSON.parse(JSON.stringify(bench)))).toEqual(bench);
    expect(progress[0]).toMatchObject({ done: 0, total: 14, fraction: 0 });
    expect(progress.at(-1)).toEqual({ done: 14, total: 14, fraction: 1, running: [] });
    const fractions = progress.map(({ fraction }) => fraction);
    expect(Math.max(...fractions)).toBe(1);
  });

  it("goes on when a mitigation fails, and tries it again the next time", async () => {
    const out = await temporaryFolder();
    const failing = paperWork([], (name, method) => {
      if (name === "badnets-0" && method === "anp") throw new DrmGuardError("ERR_NONFINITE", "it diverged");
    });
    const bench = await runMitigate(await request(CONDITIONS, { out, openWork: failing }));
    expect(bench.failures).toEqual([
      { method: "anp", model: "badnets-0", code: "ERR_NONFINITE", message: "it diverged" },
    ]);
    expect(bench.models).toHaveLength(7);
    const row = bench.rows.find(({ condition, method }) => condition === "badnets" && method === "anp");
    expect(row).toMatchObject({ models: 2, goals: 1, failed: [{ code: "ERR_NONFINITE", models: 1 }] });
    const work: string[] = [];
    const again = await runMitigate(await request(CONDITIONS, { out, openWork: paperWork(work) }));
    expect(work).toEqual(["measure/badnets-0", "anp/badnets-0"]);
    expect(again.failures).toEqual([]);
  });

  it("counts a model that cannot be read, scanned or stored for every method", async () => {
    const paper = paperWork();
    const bench = await runMitigate(
      await request(CONDITIONS, {
        openWork: async (asked) => {
          if (asked.model.name === "benign-0") throw new DrmGuardError("ERR_CONFIG", "another file");
          const work = await paper(asked);
          if (asked.model.name !== "badnets-1") return work;
          return {
            ...work,
            mitigate: async (...words) => ({
              ...(await work.mitigate(...words)),
              seconds: Number.NaN,
            }),
          };
        },
      }),
    );
    expect(bench.failures.map(({ method, model, code }) => [method, model, code])).toEqual([
      ["drmguard", "benign-0", "ERR_CONFIG"],
      ["drmguard", "badnets-1", "ERR_NONFINITE"],
      ["anp", "benign-0", "ERR_CONFIG"],
      ["anp", "badnets-1", "ERR_NONFINITE"],
    ]);
    expect(bench.models).toHaveLength(4);
  });

  it("refuses an empty zoo", async () => {
    await expect(runMitigate(await request({}))).rejects.toMatchObject({ code: "ERR_CONFIG" });
  });
});

describe("kept results", () => {
  it("are all that a second run needs", async () => {
    const out = await temporaryFolder();
    const first = await runMitigate(await request(CONDITIONS, { out, rescan: true }));
    expect(await readdir(join(out, "results", "anp"))).toHaveLength(4);
    expect(await readdir(join(out, "evidence"))).toHaveLength(4);
    expect(first.rows[2]?.verdicts.after).toEqual({ backdoored: 0, clean: 2, inconclusive: 0 });
    const work: string[] = [];
    const settled = { out, openWork: paperWork(work), jobs: 1 };
    const wanted = await request(CONDITIONS, settled);
    // Another number of threads does the same work; what a rescan said is left out where none is asked for.
    wanted.scanPlan = { ...wanted.scanPlan, threads: 64 };
    const second = await runMitigate(wanted);
    expect(work).toEqual([]);
    expect(second.rows[2]?.verdicts.after).toBeNull();
    expect(second.models.map(({ outcome }) => outcome.after)).toEqual(
      first.models.map(({ outcome }) => outcome.after),
    );
    // A method more needs its own mitigations only.
    const plans = plansOf(["drmguard", "fine-tune"]);
    await runMitigate(await request(CONDITIONS, { ...settled, plans }));
    expect(work.filter((done) => done.startsWith("scan/"))).toEqual([]);
    expect(work.filter((done) => done.startsWith("drmguard/"))).toEqual([]);
    expect(work.filter((done) => done.startsWith("fine-tune/"))).toHaveLength(4);
  });

  it("survive an interruption", async () => {
    const out = await temporaryFolder();
    const controller = new AbortController();
    const work: string[] = [];
    const openWork = paperWork(work, (name, method) => {
      if (name === "benign-1" && method === "drmguard") {
        controller.abort();
        throw new DrmGuardError("ERR_CANCELLED", "stopped");
      }
    });
    const { signal } = controller;
    const cut = runMitigate(await request(CONDITIONS, { out, openWork, jobs: 1, signal }));
    await expect(cut).rejects.toMatchObject({ code: "ERR_CANCELLED" });
    expect(work.at(-1)).toBe("drmguard/benign-1");
    expect(await readdir(join(out, "results", "drmguard"))).toEqual(["benign-0.json"]);
    const rest: string[] = [];
    const bench = await runMitigate(await request(CONDITIONS, { out, openWork: paperWork(rest) }));
    expect(rest.filter((done) => done.endsWith("/benign-0"))).toEqual([]);
    expect(rest.filter((done) => done.endsWith("/benign-1"))).toEqual([
      "measure/benign-1",
      "drmguard/benign-1",
      "anp/benign-1",
    ]);
    expect(bench.models).toHaveLength(8);
  });

  it.each([
    ["other settings", { plans: plansOf(["drmguard", "anp"], { steps: 9 }) }, /another steps/],
    ["other images", { parts: { ...PARTS, sha256: "e".repeat(64) } }, /images are others/],
    ["labels of its own", { labels: "own answers" }, /labels were given/],
    ["another version", { version: "9.9.9" }, /this is 9\.9\.9/],
    ["no second scan", { rescan: true }, /not scanned again/],
  ] as const)("with %s are refused before any work, and stay", async (_, changes, reason) => {
    const out = await temporaryFolder();
    await runMitigate(await request(CONDITIONS, { out }));
    const path = join(out, "results", "drmguard", "benign-0.json");
    const before = await readFile(path, "utf8");
    const work: string[] = [];
    const other = await request(CONDITIONS, { out, openWork: paperWork(work), ...changes });
    const error = await runMitigate(other).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "ERR_CONFIG" });
    expect((error as Error).message).toMatch(reason);
    expect(work).toEqual([]);
    expect(await readFile(path, "utf8")).toBe(before);
  });

  it("of a scan with other lines are refused: they chose what was unlearned", async () => {
    const out = await temporaryFolder();
    await runMitigate(await request(CONDITIONS, { out }));
    const other = await request(CONDITIONS, { out });
    const thresholds = { ...other.scanPlan.thresholds, clean: 0.5 };
    other.scanPlan = { ...other.scanPlan, thresholds };
    await expect(runMitigate(other)).rejects.toThrow(/another scan\.thresholds\.clean/);
  });

  it("of another model, or damaged, are refused as well", async () => {
    const out = await temporaryFolder();
    await runMitigate(await request(CONDITIONS, { out }));
    const path = join(out, "results", "drmguard", "benign-0.json");
    const kept = await readFile(path, "utf8");
    await writeFile(path, kept.replaceAll(makeManifest(CONDITIONS).models[0]?.sha256 ?? "", "f".repeat(64)));
    await expect(runMitigate(await request(CONDITIONS, { out }))).rejects.toThrow(/model is another file/);
    await writeFile(path, "{");
    await expect(runMitigate(await request(CONDITIONS, { out }))).rejects.toThrow(/no whole result/);
  });

  it("may be gone while the evidence of another scan is there: that is refused, too", async () => {
    const out = await temporaryFolder();
    await runMitigate(await request(CONDITIONS, { out }));
    await rm(join(out, "results"), { recursive: true });
    const parts = { ...PARTS, scanned: { ...PARTS.scanned, sha256: "e".repeat(64) } };
    const work: string[] = [];
    const other = await request(CONDITIONS, { out, parts, openWork: paperWork(work) });
    await expect(runMitigate(other)).rejects.toThrow(/not the evidence of this bench/);
    expect(work).toEqual([]);
  });

  it("that can no longer be written stop the bench", async () => {
    const out = await temporaryFolder();
    const work: string[] = [];
    const openWork = workThatLoses(join(out, "results"), work);
    const bench = runMitigate(await request(CONDITIONS, { out, jobs: 1, openWork }));
    await expect(bench).rejects.toMatchObject({ code: "ERR_FILE_WRITE" });
    expect(work).toEqual(["measure/benign-0", "scan/benign-0", "drmguard/benign-0"]);
  });
});
