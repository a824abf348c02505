import type {
  ContrastSettings,
  FeatureReverseSettings,
  NeuralCleanseSettings,
  PaperSettings,
  ScanMethod,
  Thresholds,
} from "./scan-plan.ts";

/**
 * What a user may set; everything is optional and falls back to lib/config/defaults.ts.
 * The same shape is read from drmguard.toml, JSON, the environment, flags and the library's callers.
 * A resolved ScanPlan is valid settings too.
 */
export interface ScanSettings {
  method?: ScanMethod | undefined;
  /** "cpu", "cuda" (the first) or "cuda:N". */
  device?: string | undefined;
  /** Threads of one job, 1 to 1024. */
  threads?: number | undefined;
  /** 0 to 2^32 − 1; equal seeds give equal numbers on one machine. */
  seed?: number | undefined;
  input?: InputSettings | undefined;
  /** Fewest images worth scanning with, and most to use. */
  images?: { minimum?: number | undefined; limit?: number | undefined } | undefined;
  /** Name of the value that holds F(x), and whether to go on without a head. */
  head?: { featureValue?: string | null | undefined; outputOnly?: boolean | undefined } | undefined;
  contrast?: Optional<ContrastSettings> | undefined;
  drmguard?: Optional<PaperSettings> | undefined;
  neuralCleanse?: Optional<NeuralCleanseSettings> | undefined;
  featureRe?: Optional<FeatureReverseSettings> | undefined;
  thresholds?: Optional<Thresholds> | undefined;
}

export interface InputSettings {
  /** What every image is resized to: {height, width}, or "HxW"; null takes the images' own size. */
  size?: { height: number; width: number } | string | null | undefined;
  /** 1 (grey) or 3. */
  channels?: 1 | 3 | undefined;
  /** A preset's name, or parts of a transform laid over a preset. */
  pixels?: string | PixelSettings | undefined;
}

/** Parts of a PixelTransform; naming a preset drops whatever weaker layers had set. */
export interface PixelSettings {
  preset?: string | undefined;
  channelOrder?: "rgb" | "bgr" | undefined;
  scale?: number | undefined;
  /** One number per channel, or one for all. */
  mean?: number | number[] | undefined;
  deviation?: number | number[] | undefined;
}

type Optional<T> = { [Key in keyof T]?: T[Key] | undefined };
