import { DrmGuardError } from "../errors/index.ts";
import { type PixelPreset, resolvePixelTransform } from "../images/pixel-transform.ts";
import type { PixelTransform } from "../native/addon.ts";
import { checkSettings } from "./check-settings.ts";
import { DEFAULT_PIXELS, DEFAULTS, defaultThreads } from "./defaults.ts";
import type { ScanMethod, ScanPlan } from "./scan-plan.ts";
import type { ScanSettings } from "./settings.ts";
import type { CheckedSettings } from "./settings-schema.ts";

type CheckedPixels = NonNullable<NonNullable<CheckedSettings["input"]>["pixels"]>;

/**
 * Lays settings over the defaults, later layers over earlier ones, and checks the whole.
 * @returns a plan in which nothing is left open.
 * @throws DrmGuardError ERR_CONFIG when a setting is unknown, out of its bounds, or contradicts another.
 * @example resolvePlan({ method: "drmguard", input: { size: "64x64" } })
 */
export function resolvePlan(...layers: ScanSettings[]): ScanPlan {
  const checked = layers.map((layer) =>
    checkSettings(layer, { name: "settings", code: "ERR_CONFIG", single: false }),
  );
  const plan = checked.reduce<ScanPlan>(overlaidPlan, {
    ...structuredClone(DEFAULTS),
    threads: defaultThreads(),
    input: { ...DEFAULTS.input, pixels: resolvePixelTransform(DEFAULT_PIXELS) },
  });
  plan.input.pixels = resolvePixelTransform(plan.input.pixels, plan.input.channels);
  refuseContradictions(plan);
  return plan;
}

function overlaidPlan(plan: ScanPlan, layer: CheckedSettings): ScanPlan {
  const { input, images, head, contrast, drmguard, neuralCleanse, featureRe, thresholds, ...top } = layer;
  const { pixels, ...shape } = input ?? {};
  return {
    ...overlaid(plan, top),
    input: {
      ...overlaid(plan.input, shape),
      pixels: overlaidPixels(plan.input.pixels, pixels),
    },
    images: overlaid(plan.images, images),
    head: overlaid(plan.head, head),
    contrast: overlaid(plan.contrast, contrast),
    drmguard: overlaid(plan.drmguard, drmguard),
    neuralCleanse: overlaid(plan.neuralCleanse, neuralCleanse),
    featureRe: overlaid(plan.featureRe, featureRe),
    thresholds: overlaid(plan.thresholds, thresholds),
  };
}

/** A copy of the base with every defined value of the layer laid over it. */
function overlaid<T extends object>(
  base: T,
  layer: { [Key in keyof T]?: T[Key] | undefined } | undefined,
): T {
  const defined = Object.entries(layer ?? {}).filter(([, value]) => value !== undefined);
  return { ...base, ...Object.fromEntries(defined) };
}

/** A preset replaces all that weaker layers said of pixels; single fields are laid over it. */
function overlaidPixels(pixels: PixelTransform, layer: CheckedPixels | undefined): PixelTransform {
  const { preset, ...fields } = layer ?? {};
  // An unknown name is refused there, with the list of those that exist.
  return overlaid(preset === undefined ? pixels : resolvePixelTransform(preset as PixelPreset), fields);
}

/** Methods whose objective reads the features behind the last linear layer. */
const HEADED_METHODS: readonly ScanMethod[] = ["drmguard", "feature-re"];

function refuseContradictions(plan: ScanPlan): void {
  const { images, thresholds, method, head } = plan;
  if (images.limit < images.minimum) {
    throw contradiction(
      `images.limit: expected at least images.minimum, ${images.minimum}, got ${images.limit}.`,
    );
  }
  if (thresholds.clean > thresholds.backdoored) {
    throw contradiction(
      `thresholds.clean: expected at most thresholds.backdoored, ${thresholds.backdoored}, got ${thresholds.clean}.`,
    );
  }
  if (HEADED_METHODS.includes(method) && head.outputOnly) {
    throw contradiction(
      `head.outputOnly: expected false with method ${method}, which works at the head, got true.`,
      "Use the method contrast for models without a linear head.",
    );
  }
}

function contradiction(message: string, hint?: string): DrmGuardError {
  return new DrmGuardError("ERR_CONFIG", message, hint === undefined ? {} : { hint });
}
