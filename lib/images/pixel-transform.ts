import { DrmGuardError } from "../errors/index.ts";
import type { PixelTransform } from "../native/addon.ts";

/** Preprocessing that many models share, by the name that a user gives on the command line. */
export const PIXEL_PRESETS = {
  /** The model takes RGB in [0,1]. */
  unit: { channelOrder: "rgb", scale: 1, mean: [0], deviation: [1] },
  /** RGB in [0,1], minus the ImageNet mean, over the ImageNet deviation (torchvision's models). */
  imagenet: {
    channelOrder: "rgb",
    scale: 1,
    mean: [0.485, 0.456, 0.406],
    deviation: [0.229, 0.224, 0.225],
  },
  /** RGB in [-1,1]. */
  signed: { channelOrder: "rgb", scale: 1, mean: [0.5], deviation: [0.5] },
  /** RGB in [0,255]. */
  raw255: { channelOrder: "rgb", scale: 255, mean: [0], deviation: [1] },
  /** BGR in [0,255] (OpenCV, OpenVINO). */
  "raw255-bgr": { channelOrder: "bgr", scale: 255, mean: [0], deviation: [1] },
} as const satisfies Record<
  string,
  Readonly<{
    channelOrder: PixelTransform["channelOrder"];
    scale: number;
    mean: readonly number[];
    deviation: readonly number[];
  }>
>;

/** Name of a preset. */
export type PixelPreset = keyof typeof PIXEL_PRESETS;

const KEYS: readonly string[] = ["channelOrder", "scale", "mean", "deviation"];

/**
 * Completes and checks how pixels become the model's input. Keys that are left out take the preset "unit":
 * RGB, scale 1, mean [0], deviation [1].
 *
 * @param choice a preset's name, or some of the transform's keys.
 * @param channels the model's channels; given, the transform must fit them.
 * @returns a transform of the caller's own: nothing in it is shared with the presets or with `choice`.
 * @throws ERR_CONFIG for an unknown preset or key, a number that is not finite, a scale or deviation that is not
 *   positive, a mean or deviation that has neither one entry nor one per channel, BGR with one channel.
 */
export function resolvePixelTransform(
  choice: Partial<PixelTransform> | PixelPreset = {},
  channels?: 1 | 3,
): PixelTransform {
  const given = typeof choice === "string" ? presetOf(choice) : choice;
  const unknown = Object.keys(given).find((key) => !KEYS.includes(key));
  if (unknown !== undefined) {
    throw wrong(`The pixel transform has no key "${unknown}"; its keys are ${KEYS.join(", ")}.`);
  }
  const transform = { ...PIXEL_PRESETS.unit, ...given };
  if (transform.channelOrder !== "rgb" && transform.channelOrder !== "bgr") {
    throw wrong(`The channel order must be "rgb" or "bgr", got ${JSON.stringify(transform.channelOrder)}.`);
  }
  requirePositive("scale", transform.scale);
  requirePerChannel("mean", transform.mean, channels);
  requirePerChannel("deviation", transform.deviation, channels);
  for (const deviation of transform.deviation) requirePositive("deviation", deviation);
  if (channels === 1 && transform.channelOrder === "bgr") {
    throw wrong('The channel order "bgr" needs 3 channels, but the model takes 1.');
  }
  return { ...transform, mean: [...transform.mean], deviation: [...transform.deviation] };
}

function presetOf(name: string): (typeof PIXEL_PRESETS)[PixelPreset] {
  if (!Object.hasOwn(PIXEL_PRESETS, name)) {
    throw wrong(
      `There is no pixel preset "${name}"; the presets are ${Object.keys(PIXEL_PRESETS).join(", ")}.`,
    );
  }
  return PIXEL_PRESETS[name as PixelPreset];
}

function requirePositive(name: string, value: unknown): void {
  if (typeof value !== "number" || !Number.isFinite(value) || value <= 0) {
    throw wrong(`The pixel ${name} must be a positive number, got ${String(value)}.`);
  }
}

function requirePerChannel(name: string, values: readonly number[], channels: 1 | 3 | undefined): void {
  if (!Array.isArray(values) || !values.every((value) => Number.isFinite(value))) {
    throw wrong(`The pixel ${name} must be a list of finite numbers, got ${JSON.stringify(values)}.`);
  }
  const allowed = channels === 1 ? [1] : [1, 3];
  if (!allowed.includes(values.length)) {
    const fitting = allowed.length === 1 ? "1 number" : "1 number or 3";
    throw wrong(`The pixel ${name} must have ${fitting}, got ${values.length}.`);
  }
}

function wrong(message: string): DrmGuardError {
  return new DrmGuardError("ERR_CONFIG", message, {
    hint: `Give a preset (${Object.keys(PIXEL_PRESETS).join(", ")}), or correct the named value.`,
  });
}
