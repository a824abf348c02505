import {
  FEW_IMAGES,
  MITIGATION_DEFAULTS,
  type MitigationMethod,
  type MitigationPlan,
  usualSteps,
} from "../mitigation/index.ts";
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

/** What both commands say of `--steps`. */
export const STEPS_HELP =
  `steps of training in a round (default: ${MITIGATION_DEFAULTS.steps} of drmguard, ` +
  `${usualSteps("fine-tune", FEW_IMAGES)} of fewer than ${FEW_IMAGES} images and of the other methods; drmguard takes a third, 100 at least, where the labels are noisy)`;

/** Steps of a method for so many images. */
export type StepsOf = (method: MitigationMethod, images: number) => number;

/**
 * What `mitigate` and `bench mitigate` let one set of the work.
 * @throws ERR_USAGE
 */
export function roundSettings(
  flags: Pick<MitigateFlags, "rounds" | "learningRate" | "bound">,
): Pick<MitigationPlan, "rounds" | "learningRate" | "bound"> {
  return {
    rounds: countOfFlag("rounds", flags.rounds, 1000),
    learningRate: numberOfFlag("learning-rate", flags.learningRate, { least: 1e-9, most: 10 }),
    bound: numberOfFlag("bound", flags.bound, { least: 0, most: 100 }),
  };
}

/**
 * Those that are asked for, or the usual ones.
 * @throws ERR_USAGE
 */
export function stepsOfFlag({ steps }: Pick<MitigateFlags, "steps">): StepsOf {
  if (steps === undefined) return usualSteps;
  const asked = countOfFlag("steps", steps, 1_000_000);
  return () => asked;
}

/** @throws ERR_USAGE */
export function countOfFlag(flag: string, text: string, most: number): number {
  return numberOfFlag(flag, text, { least: 1, most, integer: true });
}

/**
 * The plan for so many images, once they are known.
 * @throws ERR_USAGE at once.
 */
export function mitigationPlan(flags: MitigateFlags): (images: number) => MitigationPlan {
  const stepsOf = stepsOfFlag(flags);
  const settings = {
    ...MITIGATION_DEFAULTS,
    ...roundSettings(flags),
    method: flags.method,
    batchSize: numberOfFlag("batch-size", flags.batchSize, { least: 2, most: 65_536, integer: true }),
    heldOutShare: numberOfFlag("held-out", flags.heldOut, { least: 0.01, most: 0.9 }),
    seed: numberOfFlag("seed", flags.seed, { least: 0, most: 2 ** 32 - 1, integer: true }),
  };
  return (images) => ({ ...settings, steps: stepsOf(flags.method, images) });
}

/** @throws ERR_USAGE */
export function imageLimit(flags: MitigateFlags): number {
  return numberOfFlag("limit", flags.limit, { least: 16, most: 1_000_000, integer: true });
}

/** @throws ERR_USAGE */
export function threadsOf({ threads }: MitigateFlags): number | undefined {
  return threads === undefined ? undefined : countOfFlag("threads", threads, 1024);
}
