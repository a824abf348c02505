import { z } from "zod";

/**
 * Bounds of every setting. Each leaf carries one phrase that completes "expected …", so that every mistake reads alike.
 * Upper bounds keep a typing mistake, or a hostile file, from asking for years of work or gigabytes of evidence.
 */
function wholeNumber(minimum: number, maximum: number) {
  const error = `a whole number from ${minimum} to ${maximum}`;
  return z.int({ error }).min(minimum, { error }).max(maximum, { error });
}

function numberFrom(minimum: number, maximum: number) {
  const error = `a number from ${minimum} to ${maximum}`;
  return z.number({ error }).min(minimum, { error }).max(maximum, { error });
}

function positiveNumber(maximum: number) {
  const error = `a number above 0, up to ${maximum}`;
  return z.number({ error }).positive({ error }).max(maximum, { error });
}

function oneOf<const Values extends readonly string[]>(values: Values) {
  return z.enum(values, { error: values.map((value) => JSON.stringify(value)).join(" or ") });
}

const boolean = z.boolean({ error: "true or false" });
const section = { error: "a table of settings" };

const LARGEST_SIDE = 4096;
const sizeError = `HEIGHTxWIDTH with both from 1 to ${LARGEST_SIDE}, such as 64x64`;
const side = z.int({ error: sizeError }).min(1, { error: sizeError }).max(LARGEST_SIDE, { error: sizeError });

/** "60x80" to {height: 60, width: 80}; anything else is left for the schema to refuse. */
function sizeFromText(value: unknown): unknown {
  const match = typeof value === "string" ? /^\s*(\d{1,6})\s*[x×]\s*(\d{1,6})\s*$/i.exec(value) : null;
  return match === null ? value : { height: Number(match[1]), width: Number(match[2]) };
}

const size = z.preprocess(
  sizeFromText,
  z.strictObject({ height: side, width: side }, { error: sizeError }).nullable(),
);

/** One number stands for all channels. */
function perChannel(element: z.ZodNumber, error: string) {
  return z.preprocess(
    (value) => (typeof value === "number" ? [value] : value),
    z.array(element, { error }).min(1, { error }).max(3, { error }),
  );
}

const meanError = "one number, or one per channel";
const deviationError = "one number above 0, or one per channel";

const pixels = z.preprocess(
  (value) => (typeof value === "string" ? { preset: value } : value),
  z.strictObject(
    {
      preset: z
        .string({ error: "the name of a preset" })
        .max(100, { error: "the name of a preset" })
        .optional(),
      channelOrder: oneOf(["rgb", "bgr"]).optional(),
      scale: positiveNumber(65_535).optional(),
      mean: perChannel(z.number({ error: meanError }), meanError).optional(),
      deviation: perChannel(
        z.number({ error: deviationError }).positive({ error: deviationError }),
        deviationError,
      ).optional(),
    },
    { error: "the name of a preset, or a table with channelOrder, scale, mean, deviation" },
  ),
);

const deviceError = '"cpu", "cuda" or "cuda:N"';
const device = z
  .string({ error: deviceError })
  .regex(/^(cpu|cuda(:\d{1,3})?)$/, { error: deviceError })
  .transform((name) => (name === "cuda" ? "cuda:0" : name));

const channelsError = "1 or 3";
const featureError = "the name of a value of the model";

const optimisation = {
  steps: wholeNumber(1, 100_000).optional(),
  /** A variance needs two. */
  batchSize: wholeNumber(2, 65_536).optional(),
  learningRate: positiveNumber(10).optional(),
};

/** The families of triggers that contrast can invert. */
export const FAMILIES = [
  "wave",
  "central-wave",
  "patch",
  "central-patch",
  "offset-patch",
  "additive-pattern",
  "smooth-warp",
  "encoder-decoder",
] as const;
export type Family = (typeof FAMILIES)[number];
const familiesError = `a list of ${FAMILIES.join(", ")}`;

const contrast = z.strictObject(
  {
    tolerance: positiveNumber(1).optional(),
    ...optimisation,
    families: z.array(oneOf(FAMILIES), { error: familiesError }).min(1, { error: familiesError }).optional(),
    enough: positiveNumber(1e6).optional(),
    doubt: numberFrom(0, 1e6).optional(),
    distance: positiveNumber(100).optional(),
    walks: wholeNumber(1, 1000).optional(),
    forcedTargets: wholeNumber(1, 1000).optional(),
    probeStarts: wholeNumber(0, 64).optional(),
    probeImages: wholeNumber(2, 100_000).optional(),
  },
  section,
);

const drmguard = z.strictObject(
  {
    lambda1: numberFrom(0, 1e9).optional(),
    lambda2: numberFrom(0, 1e9).optional(),
    lambda1On: oneOf(["variance", "perturbation"]).optional(),
    outputScale: positiveNumber(1e6).optional(),
    attention: oneOf(["weight", "gate", "none"]).optional(),
    momentum: numberFrom(0, 1).optional(),
    ...optimisation,
  },
  section,
);

const neuralCleanse = z.strictObject(
  {
    tolerance: positiveNumber(1).optional(),
    starts: wholeNumber(1, 64).optional(),
    ...optimisation,
    initialCost: positiveNumber(1e6).optional(),
    patience: wholeNumber(1, 10_000).optional(),
    costMultiplier: numberFrom(1.01, 100).optional(),
  },
  section,
);

const widthError = "a multiple of 4 from 4 to 256";

const featureRe = z.strictObject(
  {
    starts: wholeNumber(1, 64).optional(),
    ...optimisation,
    maskLearningRate: positiveNumber(10).optional(),
    width: z
      .int({ error: widthError })
      .min(4, { error: widthError })
      .max(256, { error: widthError })
      .multipleOf(4, { error: widthError })
      .optional(),
    warmUp: numberFrom(0, 0.99).optional(),
    pixelBound: positiveNumber(1e3).optional(),
    deviationBound: positiveNumber(1e3).optional(),
    maskBound: positiveNumber(1).optional(),
  },
  section,
);

/** Strict form of ScanSettings: what is not named here is a mistake. */
export const settingsSchema = z.strictObject(
  {
    method: oneOf(["contrast", "drmguard", "neural-cleanse", "feature-re"]).optional(),
    device: device.optional(),
    threads: wholeNumber(1, 1024).optional(),
    seed: wholeNumber(0, 2 ** 32 - 1).optional(),
    input: z
      .strictObject(
        {
          size: size.optional(),
          channels: z.union([z.literal(1), z.literal(3)], { error: channelsError }).optional(),
          pixels: pixels.optional(),
        },
        section,
      )
      .optional(),
    images: z
      .strictObject(
        { minimum: wholeNumber(2, 1_000_000).optional(), limit: wholeNumber(2, 1_000_000).optional() },
        section,
      )
      .optional(),
    head: z
      .strictObject(
        {
          featureValue: z
            .string({ error: featureError })
            .min(1, { error: featureError })
            .max(1000, { error: featureError })
            .nullable()
            .optional(),
          outputOnly: boolean.optional(),
        },
        section,
      )
      .optional(),
    contrast: contrast.optional(),
    drmguard: drmguard.optional(),
    neuralCleanse: neuralCleanse.optional(),
    featureRe: featureRe.optional(),
    thresholds: z
      .strictObject(
        {
          backdoored: positiveNumber(1e9).optional(),
          clean: positiveNumber(1e9).optional(),
          epsilon: positiveNumber(1).optional(),
          maskShare: positiveNumber(1).optional(),
          featureScore: numberFrom(-1e3, 1e3).optional(),
        },
        section,
      )
      .optional(),
  },
  section,
);

/** Checked settings: sizes are objects, means are lists, presets are in their table. */
export type CheckedSettings = z.output<typeof settingsSchema>;
