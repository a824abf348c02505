import { rm } from "node:fs/promises";
import { basename } from "node:path";
import { benchPlans, benignModels, type MitigateBenchRequest } from "../../../../lib/bench/index.ts";
import type { ImageParts } from "../../../../lib/bench/mitigate/image-parts.ts";
import type { BenchedModel } from "../../../../lib/bench/mitigate/mitigation-bench.ts";
import type { MitigationOutcome } from "../../../../lib/bench/mitigate/mitigation-result.ts";
import type { ModelWork, ModelWorkRequest } from "../../../../lib/bench/mitigate/model-work.ts";
import {
  MITIGATION_DEFAULTS,
  type MitigationMethod,
  type MitigationPlan,
  type RoundFacts,
  type TriggerPull,
} from "../../../../lib/mitigation/index.ts";
import type { MeasuredErrors } from "../../../../lib/training/index.ts";
import { makeEvidence, makeModel } from "../../../fixtures/evidence/make-evidence.ts";
import { temporaryFolder } from "../scored-zoo.ts";
import { IMAGES, makeAttack, makeFacts, makeManifest, readSmallFacts } from "../small-zoo.ts";

// A bench on paper: what a mitigation does is looked up, no model is involved.

/** AE, DAE and clean error of a model, the same for all three outputs; no attacks without the first two. */
export interface Errors {
  attack?: number[];
  defending?: number[];
  clean: number;
}

const threeOf = (value: number) => [value, value, value];

export function makeMeasured({ attack = [], defending = [], clean }: Errors): MeasuredErrors {
  const attacks = attack.map((error, index) =>
    makeAttack({
      attackError: threeOf(error),
      defendingAttackError: threeOf(defending[index] ?? 0),
    }),
  );
  return makeFacts("any", attacks, threeOf(clean)).measured;
}

export function makeRound(changes: Partial<RoundFacts> = {}): RoundFacts {
  return {
    families: ["wave", "patch"],
    triggers: 6,
    score: 1.5,
    pruned: 0,
    loss: 0.2,
    cleanError: [1, 1, 1],
    relativeError: 0.2,
    steps: 300,
    rolledBack: 0,
    accepted: true,
    seconds: 4,
    ...changes,
  };
}

/** A trigger that a mitigation knew, and what it did to the model before and after. */
export function makePull(before: number, after: number): TriggerPull {
  return { family: "patch", target: threeOf(0.5), score: 2, before, after };
}

export function makeOutcome(
  before: Errors,
  after: Errors,
  changes: Partial<MitigationOutcome> = {},
): MitigationOutcome {
  return {
    scan: { score: 3, label: "backdoored", family: "wave", seconds: 20 },
    before: makeMeasured(before),
    after: makeMeasured(after),
    rounds: [makeRound()],
    growth: 0.02,
    growthInterval: [0.01, 0.03],
    triggers: [makePull(0.8, 0.05)],
    share: 1,
    parameters: 1000,
    seconds: 10,
    threads: 1,
    rescan: null,
    ...changes,
  };
}

/** One model of a bench by its name, "badnets-0". */
export function makeBenched(
  method: MitigationMethod,
  name: string,
  outcome: MitigationOutcome,
): BenchedModel {
  const [, condition = "", seed = ""] = /^(.+)-(\d+)$/.exec(name) ?? [];
  return { method, name, condition, backdoored: condition !== "benign", seed: Number(seed), outcome };
}

export function plansOf(
  methods: readonly MitigationMethod[],
  changes: Partial<MitigationPlan> = {},
): MitigationPlan[] {
  return methods.map((method) => ({ ...MITIGATION_DEFAULTS, ...changes, method }));
}

export const PARTS: ImageParts = {
  given: { images: IMAGES, labels: new Float32Array(60), subjects: null },
  scanned: { ...IMAGES, sha256: "a".repeat(64) },
  measured: { images: IMAGES, labels: new Float32Array(60), subjects: null },
  labelNames: ["pitch", "yaw", "roll"],
  unit: "degrees",
  sha256: "b".repeat(64),
};

/**
 * Stands in for openModelWork: after every mitigation the trigger does nothing; `work` is told of all that is done.
 * Triggers mislead the benign model of seed s to a DAE of 2 + s.
 */
export function paperWork(
  work: string[] = [],
  change: (name: string, method: MitigationMethod) => void = () => {},
): (request: ModelWorkRequest) => Promise<ModelWork> {
  return async ({ model, parts, scanPlan, rescan }) => {
    const name = basename(model.model, ".pt");
    const backdoored = name.startsWith("benign") ? {} : { attack: [0.5], defending: [12] };
    const mitigated = name.startsWith("benign") ? {} : { attack: [11], defending: [1.05] };
    return {
      measure: async () => {
        work.push(`measure/${name}`);
        return makeMeasured({ ...backdoored, clean: 1 });
      },
      measureOn: async (other) => {
        work.push(`on ${other.name}/${name}`);
        return makeMeasured({ attack: [20], defending: [2 + other.seed], clean: 1 });
      },
      scan: async (onProgress) => {
        work.push(`scan/${name}`);
        onProgress(0.5);
        const { sha256, count, available, channels, height, width } = parts.scanned;
        return makeEvidence({
          plan: scanPlan,
          model: makeModel({ name: model.model, sha256: model.sha256 }),
          images: { source: "rendered", kind: "memory", sha256, count, available, channels, height, width },
          reversedTrigger: null,
        });
      },
      mitigate: async ({ method }, evidence, onProgress) => {
        work.push(`${method}/${name}`);
        onProgress(0.5);
        if (evidence.model.sha256 !== model.sha256) throw new Error("evidence of another model");
        change(name, method);
        const {
          scan: _scan,
          before: _before,
          ...did
        } = makeOutcome({ ...backdoored, clean: 1 }, { ...mitigated, clean: 1.02 });
        const again = rescan ? ({ score: 0.4, label: "clean", family: "patch", seconds: 20 } as const) : null;
        return { ...did, rescan: again };
      },
    };
  };
}

/** Paper work during which a folder of the bench disappears. */
export function workThatLoses(
  folder: string,
  work: string[],
): (request: ModelWorkRequest) => Promise<ModelWork> {
  const lost = async <Result>(result: Result): Promise<Result> => {
    await rm(folder, { recursive: true, force: true });
    return result;
  };
  const paper = paperWork(work);
  return async (asked) => {
    const opened = await paper(asked);
    return {
      ...opened,
      measureOn: async (other) => lost(await opened.measureOn(other)),
      mitigate: async (...words) => lost(await opened.mitigate(...words)),
    };
  };
}

export async function request(
  conditions: Record<string, number[]>,
  changes: Partial<MitigateBenchRequest> = {},
): Promise<MitigateBenchRequest> {
  const [contrast] = benchPlans(["contrast"], { channels: 3, unit: "degrees" }, [], 2);
  if (contrast === undefined) throw new Error("no plan");
  const manifest = makeManifest(conditions);
  return {
    manifest,
    benign: benignModels(manifest.models),
    folder: "zoo",
    parts: PARTS,
    labels: "given",
    scanPlan: contrast.plan,
    plans: plansOf(["drmguard", "anp"]),
    rescan: false,
    out: changes.out ?? (await temporaryFolder()),
    jobs: 2,
    version: "0.1.0",
    readFacts: readSmallFacts,
    openWork: paperWork(),
    ...changes,
  };
}
