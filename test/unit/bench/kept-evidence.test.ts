import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { describe, expect, it } from "vitest";
import type { ScanOneModel } from "../../../lib/bench/identify/scan-zoo.ts";
import { benchPlans, runIdentify } from "../../../lib/bench/index.ts";
import { CONDITIONS, request, SCORES, scannerOf, temporaryFolder } from "./scored-zoo.ts";
import { hashOfName, IMAGES, makeManifest, readSmallFacts } from "./small-zoo.ts";

describe("kept evidence", () => {
  it("is all that a second run needs", async () => {
    const out = await temporaryFolder();
    const scanned: string[] = [];
    const plans = benchPlans(["contrast", "drmguard"], { channels: 3, unit: "degrees" }, [], 2);
    const first = await runIdentify(await request(CONDITIONS, scannerOf(SCORES, scanned), { out, plans }));
    expect(scanned).toHaveLength(24);
    expect(await readdir(join(out, "evidence"))).toEqual(["contrast", "drmguard"]);
    expect(await readdir(join(out, "evidence", "contrast"))).toContain("badnets-0.json");
    // Another number of threads, and other lines, measure the same.
    const others = benchPlans(
      ["contrast", "drmguard"],
      { channels: 3, unit: "degrees" },
      [{ thresholds: { backdoored: 9, clean: 8 } }],
      64,
    );
    const again = await request(CONDITIONS, scannerOf({}, scanned), { out, plans: others });
    const second = await runIdentify(again);
    expect(scanned).toHaveLength(24);
    expect(second.models.map(({ score }) => score)).toEqual(first.models.map(({ score }) => score));
    expect(second.models.map(({ label }) => label)).not.toEqual(first.models.map(({ label }) => label));
  });

  it("survives an interruption", async () => {
    const out = await temporaryFolder();
    const controller = new AbortController();
    const scanned: string[] = [];
    const scanner = scannerOf(SCORES, scanned);
    const interrupted: ScanOneModel = async (...words) => {
      if (scanned.length === 5) controller.abort();
      return scanner(...words);
    };
    const cut = await request(CONDITIONS, interrupted, { out, jobs: 1, signal: controller.signal });
    await expect(runIdentify(cut)).rejects.toMatchObject({ code: "ERR_CANCELLED" });
    const kept = await readdir(join(out, "evidence", "contrast"));
    expect(kept.length).toBeGreaterThanOrEqual(5);
    const rest: string[] = [];
    const bench = await runIdentify(await request(CONDITIONS, scannerOf(SCORES, rest), { out }));
    expect(rest).toHaveLength(12 - kept.length);
    expect(bench.models).toHaveLength(12);
  });

  it.each([
    [
      "another plan",
      { plans: benchPlans(["contrast"], { channels: 3, unit: "degrees" }, [{ seed: 7 }], 2) },
      /another seed/,
    ],
    [
      "another depth of the plan",
      { plans: benchPlans(["contrast"], { channels: 3, unit: "degrees" }, [{ contrast: { steps: 3 } }], 2) },
      /another contrast\.steps/,
    ],
    ["other images", { images: { ...IMAGES, sha256: "e".repeat(64) } }, /images are others/],
    ["another version", { version: "9.9.9" }, /this is 9\.9\.9/],
  ] as const)("of %s is refused before anything is scanned, and stays", async (_, changes, reason) => {
    const out = await temporaryFolder();
    await runIdentify(await request(CONDITIONS, scannerOf(SCORES), { out }));
    const path = join(out, "evidence", "contrast", "wanet-3.json");
    const before = await readFile(path, "utf8");
    const scanned: string[] = [];
    const other = await request(CONDITIONS, scannerOf(SCORES, scanned), { out, ...changes });
    const error = await runIdentify(other).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "ERR_CONFIG" });
    expect((error as Error).message).toMatch(reason);
    expect(scanned).toEqual([]);
    expect(await readFile(path, "utf8")).toBe(before);
  });

  it("of another model, or damaged, is refused as well", async () => {
    const out = await temporaryFolder();
    await runIdentify(await request(CONDITIONS, scannerOf(SCORES), { out }));
    const manifest = makeManifest(CONDITIONS);
    for (const model of manifest.models) model.sha256 = hashOfName(`other-${model.name}`);
    const readFacts = async (path: string) => {
      const facts = await readSmallFacts(path);
      facts.files.model.sha256 = hashOfName(`other-${basename(path, ".json")}`);
      return facts;
    };
    const other = await request(CONDITIONS, scannerOf(SCORES), { out, manifest, readFacts });
    await expect(runIdentify(other)).rejects.toThrow(/model is another file/);
    await writeFile(join(out, "evidence", "contrast", "benign-0.json"), "{");
    const damaged = await request(CONDITIONS, scannerOf(SCORES), { out });
    await expect(runIdentify(damaged)).rejects.toMatchObject({ code: "ERR_CONFIG" });
  });

  it("that cannot be written stops the bench", async () => {
    const out = await temporaryFolder();
    await writeFile(join(out, "evidence"), "a file where the folder should be");
    const scanned: string[] = [];
    const bench = runIdentify(await request(CONDITIONS, scannerOf(SCORES, scanned), { out }));
    await expect(bench).rejects.toMatchObject({ code: "ERR_FILE_WRITE" });
    expect(scanned).toEqual([]);
  });

  it("that can no longer be written stops the bench, too", async () => {
    const out = await temporaryFolder();
    const scanned: string[] = [];
    const scanner = scannerOf(SCORES, scanned);
    const destroying: ScanOneModel = async (...words) => {
      const evidence = await scanner(...words);
      if (scanned.length === 4) await rm(join(out, "evidence"), { recursive: true });
      return evidence;
    };
    const bench = runIdentify(await request(CONDITIONS, destroying, { out, jobs: 1 }));
    await expect(bench).rejects.toMatchObject({ code: "ERR_FILE_WRITE" });
    expect(scanned).toHaveLength(4);
  });
});
