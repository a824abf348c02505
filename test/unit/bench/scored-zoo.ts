import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { onTestFinished } from "vitest";
import type { ScanOneModel } from "../../../lib/bench/identify/scan-zoo.ts";
import { benchPlans, type IdentifyRequest } from "../../../lib/bench/index.ts";
import { statisticsOf } from "../../../lib/evidence/statistics.ts";
import {
  BENIGN_RATIO,
  makeEvidence,
  makeInversions,
  makeModel,
} from "../../fixtures/evidence/make-evidence.ts";
import { IMAGES, LABELS, makeManifest, readSmallFacts } from "./small-zoo.ts";

// A bench whose scans are looked up in a table of scores.

const VERSION = "0.1.0";

export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "drmguard-bench-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Stands in for scan(): the score of a model is looked up by its name; null has no score, an error is thrown. */
export function scannerOf(
  scores: Record<string, number | null | Error>,
  scanned: string[] = [],
): ScanOneModel {
  return async (path, sha256, images, { plan, onProgress }) => {
    const name = basename(path, ".pt");
    scanned.push(`${plan.method}/${name}`);
    onProgress(0.5);
    const score = scores[name];
    if (score instanceof Error) throw score;
    if (score === undefined) throw new Error(`no score for ${name}`);
    const inversions = makeInversions(0.002, 0.002 * (score ?? 1) * BENIGN_RATIO).map((inversion) =>
      score === null ? { ...inversion, reached: false } : inversion,
    );
    const { source, count, available, channels, height, width } = images;
    const evidence = makeEvidence({
      inversions,
      statistics: statisticsOf(inversions),
      reversedTrigger: null,
    });
    return {
      ...evidence,
      plan,
      model: makeModel({ name: `${name}.pt`, sha256 }),
      images: { source, kind: "memory", sha256: images.sha256, count, available, channels, height, width },
      seconds: { ...evidence.seconds, total: 10 },
    };
  };
}

export async function request(
  conditions: Record<string, number[]>,
  scanOne: ScanOneModel,
  changes: Partial<IdentifyRequest> = {},
): Promise<IdentifyRequest> {
  return {
    manifest: makeManifest(conditions),
    folder: "zoo",
    images: IMAGES,
    labels: LABELS,
    plans: benchPlans(["contrast"], { channels: 3, unit: "degrees" }, [], 2),
    out: changes.out ?? (await temporaryFolder()),
    jobs: 2,
    version: VERSION,
    readFacts: readSmallFacts,
    scanOne,
    ...changes,
  };
}

const SEEDS = [0, 1, 2, 3];
export const CONDITIONS = { benign: SEEDS, badnets: SEEDS, wanet: SEEDS };
/** Choosing half: odd seeds. The line lies between 1.2 and 4.8, at 2.4. */
export const SCORES = {
  "benign-0": 1,
  "benign-1": 1.1,
  "benign-2": 3,
  "benign-3": 1.2,
  "badnets-0": 6,
  "badnets-1": 5,
  "badnets-2": 7,
  "badnets-3": 4.8,
  "wanet-0": 2,
  "wanet-1": 6,
  "wanet-2": null,
  "wanet-3": 5,
};
