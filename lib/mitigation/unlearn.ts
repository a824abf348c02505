import type { TensorRecord } from "../native/addon.ts";
import { Model, type ReversedTrigger, reverseAgain, reverseTriggers } from "../scan/index.ts";
import { trainGuarded } from "./guard.ts";
import { lessonOf, type Teaching, teachingOf } from "./lesson.ts";
import type { LessonForms } from "./lesson-forms.ts";
import {
  type MitigationContext,
  type MitigationRun,
  type MitigationWork,
  type RoundFacts,
  roundFacts,
} from "./method-context.ts";
import { FEW_STEPS, type MitigationPlan, trainingOfRound } from "./mitigation-plan.ts";
import { meanWeights } from "./mixed-weights.ts";

/** Forms of every image in a lesson beside itself: the more of them are varied, the less the clean error grows. */
const FORMS = { varied: 8, disturbed: 2, triggered: 2 } as const;
/**
 * Rounds at the last, low rate that are added where the clean error is still beyond the bound, and their forms. They win
 * clean error back and little of the backdoor; going back towards the file's weights does it the other way round.
 */
const RECOVERY = { most: 6, forms: { varied: 8, disturbed: 1, triggered: 1 } } as const;
/** Rounds whose weights are averaged in the end: errs less on images that it has not seen than any one of them. */
const AVERAGED = 3;
/**
 * In every other of the plan's rounds small triggers are searched anew as well: what a scan of the model as it then is would
 * find. Squares that it would call clean stay out of the lesson: over the eyes any would do, and unlearning those costs
 * clean error.
 */
const SEARCHED = { families: ["wave", "patch"], every: 2, from: 3 } as const;

/**
 * Labels that a model misses by more, in their deviations, hold what images do not tell: a lesson that is repeated often teaches it
 * by heart (docs/decisions/0021). Where the model's own answers are the labels, they are not missed at all.
 */
const NOISY = 0.2;

/**
 * DRMGuard's mitigation (arXiv 2411.04811): trains on images with reversed triggers and their right answers, mixed with
 * benign ones. After every round the triggers are reversed again from the model as it then is: what a round left of the
 * backdoor is what the next one takes.
 */
export const unlearn: MitigationRun = { resumes: true, run: unlearnRounds };

async function unlearnRounds(given: MitigationContext): Promise<MitigationWork> {
  const context = { ...given, plan: planOfLesson(given) };
  const { tuner, plan, onRound } = context;
  const rounds = [...context.finished.rounds];
  let latest = context.finished.weights;
  const teaching = await teachingOf(context);
  const unlearned = async (forms: LessonForms) => {
    rounds.push(await unlearnOnce(context, rounds.length, teaching, forms));
    latest = [...latest, tuner.weights()].slice(-AVERAGED);
    await onRound?.({ rounds, weights: latest });
  };
  while (rounds.length < plan.rounds) await unlearned(FORMS);
  const most = plan.rounds + RECOVERY.most;
  while (rounds.length < most && (await beyondBound(context, latest))) await unlearned(RECOVERY.forms);
  tuner.restore(meanWeights(latest));
  return { rounds, finish: () => {} };
}

/** Of noisy labels a third of the steps, but no fewer than few images take, which are not taught their labels. */
function planOfLesson({ plan, guard }: MitigationContext): MitigationPlan {
  if (!(guard.before.relative > NOISY)) return plan;
  const { steps } = plan;
  return { ...plan, steps: Math.max(Math.ceil(steps / 3), Math.min(steps, FEW_STEPS)) };
}

/** Whether the mean of the latest weights errs more than it may, by the plain estimate: more rounds harm nothing. The tuner goes on from the last of them. */
async function beyondBound(
  { tuner, guard }: MitigationContext,
  latest: readonly TensorRecord[][],
): Promise<boolean> {
  const last = tuner.weights();
  tuner.restore(meanWeights(latest));
  const { relative } = await guard.error();
  tuner.restore(last);
  return !(relative <= guard.allowed);
}

async function unlearnOnce(
  context: MitigationContext,
  round: number,
  teaching: Teaching,
  forms: LessonForms,
): Promise<RoundFacts> {
  const { known, plan, onProgress } = context;
  const began = performance.now();
  const { seed } = trainingOfRound(plan, round);
  const triggers = round === 0 ? known : [...known, ...(await presentTriggers(context, round, seed))];
  const set = await lessonOf(context, teaching, triggers, forms, seed);
  const trained = await trainGuarded(context, round, set, {
    onProgress: (fraction) => onProgress?.(round + (1 + 3 * fraction) / 4, "unlearning"),
  });
  const { error, ...did } = trained;
  return roundFacts(began, error, {
    ...did,
    families: [...new Set(triggers.map(({ family }) => family))],
    triggers: triggers.length,
    score: round === 0 ? Math.max(...known.map(({ score }) => score ?? 0)) : null,
  });
}

async function presentTriggers(
  { tuner, plan, evidence, origin, batch, known, signal }: MitigationContext,
  round: number,
  seed: number,
): Promise<ReversedTrigger[]> {
  const model = new Model(tuner.snapshot(), origin);
  const options = { plan: { ...evidence.plan, seed }, signal };
  try {
    const again = await reverseAgain(model, batch, known, options);
    const { families, every, from } = SEARCHED;
    const searches = round >= from && round < plan.rounds && (round - from) % every === 0;
    if (!searches) return again;
    const anew = await reverseTriggers(model, batch, families, options);
    const { clean } = evidence.plan.thresholds;
    return [...again, ...anew.filter(({ family, score }) => family === "wave" || (score ?? 0) > clean)];
  } finally {
    model.dispose();
  }
}
