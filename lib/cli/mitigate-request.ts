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
  steps?: string;
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

/** What the flag `--steps` of both commands is told as. */
export const STEPS_HELP = `steps of training in a round (default: ${MITIGATION_DEFAULTS.drmguard.steps} of drmguard, ${MITIGATION_DEFAULTS["fine-tune"].steps} of the others)`;

/**
 * What `mitigate` and `bench mitigate` let one set of a method's work.
 * @throws ERR_USAGE
 */
export function roundSettings(
  method: MitigationMethod,
  flags: Pick<MitigateFlags, "rounds" | "steps" | "learningRate" | "bound">,
): Pick<MitigationPlan, "rounds" | "steps" | "learningRate" | "bound"> {
  const { steps } = MITIGATION_DEFAULTS[method];
  return {
    rounds: countOfFlag("rounds", flags.rounds, 1000),
    steps: flags.steps === undefined ? steps : countOfFlag("steps", flags.steps, 1_000_000),
    learningRate: numberOfFlag("learning-rate", flags.learningRate, { least: 1e-9, most: 10 }),
    bound: numberOfFlag("bound", flags.bound, { least: 0, most: 100 }),
  };
}

/** @throws ERR_USAGE */
export function countOfFlag(flag: string, text: string, most: number): number {
  return numberOfFlag(flag, text, { least: 1, most, integer: true });
}

/** @throws ERR_USAGE */
export function mitigationPlan(flags: MitigateFlags): MitigationPlan {
  return {
    ...MITIGATION_DEFAULTS[flags.method],
    ...roundSettings(flags.method, flags),
    batchSize: numberOfFlag("batch-size", flags.batchSize, { least: 2, most: 65_536, integer: true }),
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
  return threads === undefined ? undefined : countOfFlag("threads", threads, 1024);
}
