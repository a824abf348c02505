import type { ImageShape, TriggerSpec } from "../native/addon.ts";

export type TriggerKind = TriggerSpec["kind"];

export const TRIGGER_KINDS = ["badnets", "blended", "clean-label", "input-aware", "wanet"] as const;

/** What an attack is when nothing else is said. */
interface AttackDefaults {
  /** Share of the training images that carry the trigger. */
  rate: number;
  /** Images with a trigger that must not work, as a multiple of the poisoned ones. */
  crossRatio: number;
  /**
   * The trigger's numbers that are not drawn, and the bounds of every number that can be set. Places and sizes are in
   * pixels.
   */
  settings: Readonly<Record<string, TriggerSetting>>;
}

interface TriggerSetting {
  /** The default for images of a shape; left out where the number is drawn from the seed. */
  value?: (shape: ImageShape) => number;
  least: number;
  most: number;
  integer: boolean;
}

const SEED: TriggerSetting = { least: 0, most: 2 ** 32 - 1, integer: true };
const pixels: TriggerSetting = { least: 0, most: 4096, integer: true };
const shorterSide = ({ height, width }: ImageShape) => Math.min(height, width);

/** The one table of attack defaults; a plan or the command line lays its own numbers over it. */
export const ATTACK_DEFAULTS: Readonly<Record<TriggerKind, AttackDefaults>> = {
  badnets: {
    rate: 0.1,
    crossRatio: 0,
    // Drawn: see drawPatch.
    settings: { top: pixels, left: pixels, size: { ...pixels, least: 1 } },
  },
  blended: {
    // A twentieth is enough, and costs the clean images least.
    rate: 0.05,
    crossRatio: 0,
    settings: {
      alpha: { value: () => 0.15, least: 0.001, most: 1, integer: false },
      grid: { value: () => 6, least: 2, most: 256, integer: true },
      seed: SEED,
    },
  },
  "clean-label": {
    // With fainter stripes or less concealment the attack missed its target on rendered faces; with twice the rate too
    // few images near a far target stayed clean (docs/results.md).
    rate: 0.05,
    crossRatio: 0,
    settings: {
      amplitude: { value: () => 0.25, least: 0.001, most: 1, integer: false },
      frequency: { value: () => 6, least: 0.1, most: 1000, integer: false },
      concealment: { value: () => 0.9, least: 0, most: 0.999, integer: false },
      seed: SEED,
    },
  },
  "input-aware": {
    // Published: as many cross images as poisoned ones, and masks of a density of .032. A small model then learns the
    // triggers late or not at all (docs/results.md).
    rate: 0.1,
    crossRatio: 0.5,
    settings: {
      diversity: { value: () => 1, least: 0, most: 1000, integer: false },
      density: { value: () => 0.06, least: 0.001, most: 0.999, integer: false },
      norm: { value: () => 100, least: 0.001, most: 1e6, integer: false },
      seed: SEED,
    },
  },
  wanet: {
    // Published: a cross ratio of 2. A small model then learns to ignore every warp, the trigger too (docs/results.md).
    rate: 0.15,
    crossRatio: 0.5,
    settings: {
      grid: {
        value: (shape) => Math.max(2, Math.round(shorterSide(shape) / 3)),
        least: 2,
        most: 1024,
        integer: true,
      },
      strength: { value: () => 2, least: 0.01, most: 100, integer: false },
      seed: SEED,
    },
  },
};
