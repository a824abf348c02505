import { DrmGuardError } from "../errors/index.ts";
import type { AttackSpec, AttackTarget, ImageShape, TriggerSpec } from "../native/addon.ts";
import { RandomStream } from "../render/index.ts";
import { ATTACK_DEFAULTS, type TriggerKind } from "./attack-defaults.ts";
import { drawTarget, type TargetChoice } from "./draw-target.ts";
import type { LabelStatistics } from "./label-statistics.ts";

/** An attack of which only the kind has to be said. */
export interface AttackCondition {
  trigger: TriggerKind;
  target: TargetChoice;
  /** The trigger's own default when left out, as for the cross ratio (ATTACK_DEFAULTS). */
  rate?: number | undefined;
  crossRatio?: number | undefined;
  /** Over the trigger's defaults and draws: size, alpha, grid, … */
  settings?: Readonly<Record<string, number>> | undefined;
}

/** First key of the streams, so that attacks share none with the renderer's. */
const ATTACK = 101;

/**
 * Draws what a condition leaves open. The same seed, labels and shape give the same attacks on every machine.
 * @param backdoors how many attacks of the condition one model gets.
 * @throws ERR_CONFIG for a setting that the trigger does not have or that is out of its bounds, and for targets that
 *   do not fit the labels.
 */
export function drawAttacks(
  condition: AttackCondition,
  backdoors: number,
  seed: number,
  statistics: LabelStatistics,
  shape: ImageShape,
): AttackSpec[] {
  const attacks: AttackSpec[] = [];
  for (let backdoor = 0; backdoor < backdoors; backdoor++) {
    const taken = attacks.map(({ target }) => target);
    attacks.push(drawAttack(condition, [seed, backdoor], statistics, shape, taken));
  }
  return attacks;
}

function drawAttack(
  condition: AttackCondition,
  keys: readonly number[],
  statistics: LabelStatistics,
  shape: ImageShape,
  taken: readonly AttackTarget[],
): AttackSpec {
  const defaults = ATTACK_DEFAULTS[condition.trigger];
  // Streams of their own: a trigger stays the same when the target is named, and the reverse.
  const trigger = drawTrigger(new RandomStream(ATTACK, ...keys, 1), condition, shape);
  const target = drawTarget(new RandomStream(ATTACK, ...keys, 2), condition.target, statistics, taken);
  const { rate = defaults.rate, crossRatio = defaults.crossRatio } = condition;
  if (!(rate > 0 && rate < 1)) throw outside("the poison rate", "between 0 and 1", rate);
  if (!(crossRatio >= 0 && crossRatio < 100)) throw outside("the cross ratio", "from 0 to 100", crossRatio);
  return { trigger, target, rate, crossRatio };
}

function drawTrigger(random: RandomStream, condition: AttackCondition, shape: ImageShape): TriggerSpec {
  const { trigger: kind, settings = {} } = condition;
  requireKnown(kind, settings);
  if (kind === "badnets") return drawPatch(random, settings, shape);
  const seed = random.bits() >>> 0;
  const values: Record<string, number> = {};
  for (const [name, { value }] of Object.entries(ATTACK_DEFAULTS[kind].settings)) {
    values[name] = settings[name] ?? value?.(shape) ?? seed;
  }
  // The table has every number of the kind, and requireKnown let no other in.
  return { kind, ...values } as unknown as TriggerSpec;
}

/**
 * A square of one or two colours near the border: side a twelfth to a ninth of the image's, at most a twelfth away
 * from one side, and along it in a corner or anywhere.
 */
function drawPatch(
  random: RandomStream,
  settings: Readonly<Record<string, number>>,
  shape: ImageShape,
): TriggerSpec {
  const { height, width, channels } = shape;
  const side = Math.min(height, width);
  const smallest = Math.max(2, Math.floor(side / 12));
  const drawnSize = smallest + random.index(Math.max(smallest, Math.ceil(side / 9)) - smallest + 1);
  const size = settings.size ?? drawnSize;
  if (size > side) throw outside("the patch's size", `at most the image's side ${side}`, size);
  const inset = Math.min(random.index(Math.max(1, Math.floor(side / 12))), side - size);
  const anywhere = random.uniform(0, 1);
  const along = random.index(3);
  const atEnd = random.chance(0.5);
  const onTopOrBottom = random.chance(0.5);
  const placeAlong = (length: number) =>
    [inset, length - size - inset, Math.floor(anywhere * (length - size + 1))][along] ?? inset;
  const placeNear = (length: number) => (atEnd ? length - size - inset : inset);
  const top = settings.top ?? (onTopOrBottom ? placeNear(height) : placeAlong(height));
  const left = settings.left ?? (onTopOrBottom ? placeAlong(width) : placeNear(width));
  if (top + size > height || left + size > width) {
    throw outside("the patch", `inside ${height}x${width}`, `${size}x${size} at (${top}, ${left})`);
  }
  return { kind: "badnets", top, left, size, colours: drawColours(random, channels) };
}

/**
 * Corners of the colour cube without black, which dark hair and clothes hide; two of them make a chequered patch. In
 * grey images white, or white and grey.
 */
function drawColours(random: RandomStream, channels: number): number[][] {
  const first = 1 + random.index(7);
  const second = 1 + ((first + random.index(6)) % 7);
  const chequered = random.chance(0.4);
  if (channels === 1) return chequered ? [[1], [0.5]] : [[1]];
  const codes = chequered ? [first, second] : [first];
  return codes.map((code) => Array.from({ length: channels }, (_, channel) => (code >> (channel % 3)) & 1));
}

function requireKnown(kind: TriggerKind, settings: Readonly<Record<string, number>>): void {
  const known = ATTACK_DEFAULTS[kind].settings;
  for (const [name, value] of Object.entries(settings)) {
    const setting = Object.hasOwn(known, name) ? known[name] : undefined;
    if (setting === undefined) {
      throw new DrmGuardError("ERR_CONFIG", `The trigger ${kind} has no setting ${JSON.stringify(name)}.`, {
        hint: `It has: ${Object.keys(known).join(", ")}.`,
      });
    }
    const { least, most, integer } = setting;
    if (!(value >= least && value <= most) || (integer && !Number.isInteger(value))) {
      throw outside(
        `${kind}'s ${name}`,
        `${integer ? "a whole number " : ""}from ${least} to ${most}`,
        value,
      );
    }
  }
}

function outside(what: string, expected: string, value: number | string): DrmGuardError {
  return new DrmGuardError("ERR_CONFIG", `Expected ${what} ${expected}, got ${value}.`);
}
