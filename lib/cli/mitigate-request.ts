import { MITIGATION_DEFAULTS, type MitigationMethod, type MitigationPlan } from "../mitigation/index.ts";
import type { FailOn } from "./exit-codes.ts";
import { numberOfFlag } from "./flag-values.ts";

/** Flags of `mitigate`, as commander names them. */
export interface MitigateFlags {
  images: string;
  evidence: string;
  out: string;
  labels?: string;
  limit: string;
  method: MitigationMethod;
  rounds: string;
  steps: string;
  batchSize: string;
  learningRate: string;
  bound: string;
  heldOut: string;
  seed: string;
  device?: string;
  threads?: string;
  anyway?: boolean;
  rescan: boolean;
  restart?: boolean;
  force?: boolean;
  output?: string[];
  failOn: FailOn;
  exitZero?: boolean;
  quiet?: boolean;
  color: boolean;
  progress: boolean;
}

/** @throws ERR_USAGE */
export function mitigationPlan(flags: MitigateFlags): MitigationPlan {
  const count = (flag: string, text: string, most: number) =>
    numberOfFlag(flag, text, { least: 1, most, integer: true });
  return {
    ...MITIGATION_DEFAULTS,
    method: flags.method,
    rounds: count("rounds", flags.rounds, 1000),
    steps: count("steps", flags.steps, 1_000_000),
    batchSize: numberOfFlag("batch-size", flags.batchSize, { least: 2, most: 65_536, integer: true }),
    learningRate: numberOfFlag("learning-rate", flags.learningRate, { least: 1e-9, most: 10 }),
    bound: numberOfFlag("bound", flags.bound, { least: 0, most: 100 }),
    heldOutShare: numberOfFlag("held-out", flags.heldOut, { least: 0.01, most: 0.9 }),
    seed: numberOfFlag("seed", flags.seed, { least: 0, most: 2 ** 32 - 1, integer: true }),
  };
}

/** @throws ERR_USAGE */
export function imageLimit(flags: MitigateFlags): number {
  return numberOfFlag("limit", flags.limit, { least: 16, most: 1_000_000, integer: true });
}

/** @throws ERR_USAGE */
export function threadsOf({ threads }: MitigateFlags): number | undefined {
  return threads === undefined
    ? undefined
    : numberOfFlag("threads", threads, { least: 1, most: 1024, integer: true });
}
