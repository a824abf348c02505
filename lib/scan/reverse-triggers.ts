import { resolvePlan, type ScanSettings } from "../config/index.ts";
import type { Family } from "../config/settings-schema.ts";
import { scoredInversions } from "../evidence/findings.ts";
import type { InversionEvidence } from "../evidence/schema.ts";
import { bounded, movesByOffset } from "../evidence/trigger-families.ts";
import type { ImageBatch } from "../images/image-batch.ts";
import type { InversionStart, SessionFacts } from "../native/addon.ts";
import { FAMILY_RATES, planContrast, type WalkingFamily } from "./contrast.ts";
import { inversionEvidence } from "./inversion-evidence.ts";
import { runInversions } from "./inversions.ts";
import type { InversionRun, MethodContext, StagePlan } from "./method-run.ts";
import type { Model } from "./model.ts";
import { INVERSION as PATCH_INVERSION } from "./patch-stages.ts";
import type { ProgressListener } from "./progress.ts";
import { type ReversedTrigger, triggersOf, withEveryImage } from "./reversed-trigger.ts";
import { ofWaves, INVERSION as WAVE_INVERSION } from "./wave-stages.ts";

export interface ReverseOptions {
  plan: ScanSettings;
  signal?: AbortSignal | undefined;
  onProgress?: ProgressListener | undefined;
}

/** No score is so high that the families after it are left out. */
const NEVER_ENOUGH = 1e6;
/** Features are not looked at, and a name of the scan's program need not be one of the tuned one's. */
const HEADLESS = { featureValue: null, outputOnly: true } as const;
/** Walks and yardsticks of a family whose triggers may be large: a scan has told already that there is something. */
const FEW = { walks: 6, forcedTargets: 2 } as const;

/**
 * Reverses triggers as a contrast scan does, and keeps them: of every family the best, and of patches every square that
 * was optimised to the end.
 * @throws DrmGuardError as scan().
 */
export async function reverseTriggers(
  model: Model,
  images: ImageBatch,
  families: readonly Family[],
  { plan: settings, ...options }: ReverseOptions,
): Promise<ReversedTrigger[]> {
  const contrast = { ...FEW, families: [...families], enough: NEVER_ENOUGH, doubt: 0 };
  const plan = resolvePlan(settings, { method: "contrast", contrast, head: HEADLESS });
  return withEveryImage(model, images, plan, options, async (context) => {
    const stages = planContrast(context, async () => []);
    const { runs } = await runInversions(stages, context);
    return scoredRuns(runs, context.session.facts).flatMap(({ run, scoreOf }) =>
      triggersOf(run, images, scoreOf),
    );
  });
}

/** Steps that reversing again takes: place and target are known. */
const STEP_SHARE = 1 / 3;
const BATCH_SIZE = 8;

/**
 * Reverses triggers once more, from a model that has changed since: in the same place, towards the same target, from
 * nothing as well as from what was there.
 * @throws DrmGuardError as scan().
 */
export async function reverseAgain(
  model: Model,
  images: ImageBatch,
  triggers: readonly ReversedTrigger[],
  { plan: settings, ...options }: ReverseOptions,
): Promise<ReversedTrigger[]> {
  const plan = resolvePlan(settings, { method: "contrast", head: HEADLESS });
  return withEveryImage(model, images, plan, options, async (context) => {
    const found: ReversedTrigger[] = [];
    // An optimised square moves the outputs of any model alike, so that those that move them are not reversed again.
    const families = triggers.map(({ family }) => family).filter((family) => !movesByOffset(family));
    for (const family of new Set(families)) {
      const starts = triggers.filter((trigger) => trigger.family === family).flatMap(startsAgain);
      const native = { ...planAgain(context, family, starts), ...context.unseen, seconds: 0 };
      const result = await context.session.invert(native, { signal: options.signal });
      const planned = starts.map((start) => ({ start, origin: "probe" as const }));
      found.push(...triggersOf({ role: "free", family, starts: planned, result }, images, () => null));
    }
    return found;
  });
}

function startsAgain({ start, target }: ReversedTrigger): InversionStart[] {
  const still: InversionStart = { ...start, target, walk: "still", reference: 1 };
  return start.content === null ? [still] : [still, { ...still, content: null }];
}

/** What a family's own stages ask of the core, for given starts. */
function planAgain(
  { plan, samples }: MethodContext,
  family: InversionEvidence["family"],
  starts: InversionStart[],
): StagePlan {
  const { tolerance, steps, learningRate } = plan.contrast;
  const common = {
    starts,
    steps: Math.ceil(steps * STEP_SHARE),
    batchSize: BATCH_SIZE,
    seed: plan.seed,
    threads: plan.threads,
    outcomeImages: 0,
    hopelessCollapse: 0,
    samples,
  };
  if (bounded(family)) {
    const { family: native, effect, learningRate: rate } = ofWaves(family) ? WAVE_INVERSION : PATCH_INVERSION;
    return {
      ...common,
      family: native,
      learningRate: rate,
      objective: { kind: "collapse", tolerance, effect },
    };
  }
  const walking = family as WalkingFamily;
  const objective = { kind: "constrained", tolerance } as const;
  return { ...common, family: walking, learningRate: learningRate * FAMILY_RATES[walking], objective };
}

/** The free ones of a scan's inversions, and what each of their starts scores. */
function scoredRuns(
  runs: readonly InversionRun[],
  facts: SessionFacts,
): { run: InversionRun; scoreOf: (start: number) => number | null }[] {
  const benign = {
    mean: [...facts.outputMean],
    deviation: [...facts.outputDeviation],
    minimum: [...facts.outputMinimum],
    maximum: [...facts.outputMaximum],
  };
  const inversions = runs.flatMap((run) => inversionEvidence(run, facts));
  const scores = new Map(
    scoredInversions({ inversions, benign }).map(({ inversion, score }) => [inversion, score]),
  );
  let first = 0;
  return runs.flatMap((run) => {
    const begin = first;
    first += run.role === "search" ? 0 : run.starts.length;
    return run.role === "free"
      ? [{ run, scoreOf: (start: number) => scores.get(begin + start) ?? null }]
      : [];
  });
}
