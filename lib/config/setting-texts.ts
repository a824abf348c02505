import type { ErrorCode } from "../errors/index.ts";
import { checkSettings } from "./check-settings.ts";
import type { CheckedSettings } from "./settings-schema.ts";

/** A main setting that a flag or an environment variable carries as text. */
export interface SettingText {
  /** Name of the flag without dashes. */
  flag: string;
  /** Placeholder of the flag's value; null for a switch. */
  placeholder: string | null;
  help: string;
  /** Puts a value, not yet checked, into the settings. */
  place(value: unknown): unknown;
}

/** Steps, batch size and rate are one question to the user: they set every method, of which one runs. */
const ofEveryMethod = (key: string) => (value: unknown) => ({
  contrast: { [key]: value },
  drmguard: { [key]: value },
  neuralCleanse: { [key]: value },
  featureRe: { [key]: value },
});
const ofPixels = (key: string) => (value: unknown) => ({ input: { pixels: { [key]: value } } });

/** The one list from which flags, DRMGUARD_* variables and their help are made. */
export const SETTING_TEXTS: readonly SettingText[] = [
  {
    flag: "method",
    placeholder: "NAME",
    help: "contrast (the cost of collapse against forced targets), drmguard (the published objective), or one of its baselines: neural-cleanse, feature-re",
    place: (method) => ({ method }),
  },
  { flag: "device", placeholder: "NAME", help: "cpu, cuda or cuda:N", place: (device) => ({ device }) },
  {
    flag: "seed",
    placeholder: "N",
    help: "seed of every random choice",
    place: (seed) => ({ seed: numeric(seed) }),
  },
  {
    flag: "threads",
    placeholder: "N",
    help: "threads of the computation",
    place: (threads) => ({ threads: numeric(threads) }),
  },
  {
    flag: "input-size",
    placeholder: "HxW",
    help: "resize every image to this height and width",
    place: (size) => ({ input: { size } }),
  },
  {
    flag: "channels",
    placeholder: "1|3",
    help: "channels that the model takes",
    place: (channels) => ({ input: { channels: numeric(channels) } }),
  },
  {
    flag: "pixels",
    placeholder: "PRESET",
    help: "how pixels become the model's input",
    place: (pixels) => ({ input: { pixels } }),
  },
  {
    flag: "channel-order",
    placeholder: "rgb|bgr",
    help: "channel order of the model's input",
    place: ofPixels("channelOrder"),
  },
  {
    flag: "scale",
    placeholder: "N",
    help: "1 for models that take [0,1], 255 for [0,255]",
    place: (scale) => ofPixels("scale")(numeric(scale)),
  },
  {
    flag: "mean",
    placeholder: "A,B,C",
    help: "subtracted from the scaled pixels, one number or one per channel",
    place: (mean) => ofPixels("mean")(numericList(mean)),
  },
  {
    flag: "deviation",
    placeholder: "A,B,C",
    help: "what the difference is divided by, one number or one per channel",
    place: (deviation) => ofPixels("deviation")(numericList(deviation)),
  },
  {
    flag: "head",
    placeholder: "VALUE",
    help: "name of the value that holds the features F(x)",
    place: (featureValue) => ({ head: { featureValue } }),
  },
  {
    flag: "output-only",
    placeholder: null,
    help: "go on without a linear head (no RAV)",
    place: (outputOnly) => ({ head: { outputOnly: truth(outputOnly) } }),
  },
  {
    flag: "steps",
    placeholder: "N",
    help: "optimisation steps",
    place: (steps) => ofEveryMethod("steps")(numeric(steps)),
  },
  {
    flag: "batch-size",
    placeholder: "N",
    help: "images per step",
    place: (batchSize) => ofEveryMethod("batchSize")(numeric(batchSize)),
  },
  {
    flag: "learning-rate",
    placeholder: "N",
    help: "step size of the optimiser",
    place: (learningRate) => ofEveryMethod("learningRate")(numeric(learningRate)),
  },
  {
    flag: "limit",
    placeholder: "N",
    help: "use at most this many images",
    place: (limit) => ({ images: { limit: numeric(limit) } }),
  },
];

/** The lines of the verdict, which `judge` may draw anew. */
export const THRESHOLD_TEXTS: readonly SettingText[] = [
  {
    flag: "backdoored",
    placeholder: "N",
    help: "contrast: a score at or above this is backdoored",
    place: (backdoored) => ({ thresholds: { backdoored: numeric(backdoored) } }),
  },
  {
    flag: "clean",
    placeholder: "N",
    help: "contrast: a score at or below this is clean",
    place: (clean) => ({ thresholds: { clean: numeric(clean) } }),
  },
  {
    flag: "epsilon",
    placeholder: "N",
    help: "drmguard: a mean change per pixel below this is backdoored",
    place: (epsilon) => ({ thresholds: { epsilon: numeric(epsilon) } }),
  },
  {
    flag: "mask-share",
    placeholder: "N",
    help: "neural-cleanse: a mask over less than this share of the image is backdoored (not calibrated)",
    place: (maskShare) => ({ thresholds: { maskShare: numeric(maskShare) } }),
  },
  {
    flag: "feature-score",
    placeholder: "N",
    help: "feature-re: a mixed value below this is backdoored (not calibrated)",
    place: (featureScore) => ({ thresholds: { featureScore: numeric(featureScore) } }),
  },
];

/** "batch-size" to "DRMGUARD_BATCH_SIZE". */
export function variableOf(flag: string): string {
  return `DRMGUARD_${flag.toUpperCase().replaceAll("-", "_")}`;
}

/**
 * The settings that flags carry; one layer per flag, in the list's order.
 * @param values by flag name without dashes; undefined where the flag was not given.
 * @throws DrmGuardError ERR_USAGE naming the flag.
 */
export function settingsOfFlags(
  values: Readonly<Record<string, unknown>>,
  texts: readonly SettingText[] = SETTING_TEXTS,
): CheckedSettings[] {
  return layersOf(
    texts,
    ({ flag }) => values[flag],
    ({ flag }) => `--${flag}`,
    "ERR_USAGE",
  );
}

/**
 * The settings that DRMGUARD_* variables carry; an empty variable counts as not set.
 * @throws DrmGuardError ERR_CONFIG naming the variable.
 */
export function settingsOfEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
): CheckedSettings[] {
  const textOf = ({ flag }: SettingText) => environment[variableOf(flag)] || undefined;
  return layersOf(SETTING_TEXTS, textOf, ({ flag }) => variableOf(flag), "ERR_CONFIG");
}

function layersOf(
  texts: readonly SettingText[],
  valueIn: (setting: SettingText) => unknown,
  nameOf: (setting: SettingText) => string,
  code: ErrorCode,
): CheckedSettings[] {
  return texts.flatMap((setting) => {
    const value = valueIn(setting);
    if (value === undefined) return [];
    return [checkSettings(setting.place(value), { name: nameOf(setting), code, single: true })];
  });
}

/** Text that is no number stays text, so that the check can show what was typed. */
function numeric(value: unknown): unknown {
  if (typeof value !== "string" || value.trim() === "") return value;
  const number = Number(value);
  return Number.isFinite(number) ? number : value;
}

function numericList(value: unknown): unknown {
  return typeof value === "string" ? value.split(",").map(numeric) : value;
}

function truth(value: unknown): unknown {
  if (value === "1" || value === "true") return true;
  if (value === "0" || value === "false") return false;
  return value;
}
