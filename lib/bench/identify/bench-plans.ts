import { resolvePlan, type ScanMethod, type ScanSettings } from "../../config/index.ts";
import { DrmGuardError } from "../../errors/index.ts";
import { type ImageBatch, imagesFromArray } from "../../images/index.ts";
import type { ZooImages, ZooManifest } from "../../zoo/index.ts";
import { SCAN_METHODS } from "./identification.ts";
import { type MethodPlan, threadsPerJob } from "./scan-zoo.ts";

/**
 * Reads a list such as "contrast,drmguard".
 * @throws ERR_USAGE for an unknown, repeated or missing method.
 */
export function methodsOfList(list: string): ScanMethod[] {
  return namesOfList("methods", list, SCAN_METHODS);
}

/**
 * A zoo with the models of some conditions only, as in "benign,badnets".
 * @throws ERR_USAGE for a condition that is repeated, missing or not in the zoo.
 */
export function conditionsOfZoo(manifest: ZooManifest, list: string): ZooManifest {
  const known = [...new Set(manifest.models.map(({ condition }) => condition))];
  const chosen = new Set(namesOfList("conditions", list, known));
  return { ...manifest, models: manifest.models.filter(({ condition }) => chosen.has(condition)) };
}

/** @throws ERR_USAGE for an unknown, repeated or missing name. */
export function namesOfList<Name extends string>(flag: string, list: string, known: readonly Name[]): Name[] {
  const names = list.split(",").map((name) => name.trim());
  return names.map((given, index) => {
    const name = known.find((candidate) => candidate === given);
    if (name === undefined) {
      const expected = known.join(", ");
      throw new DrmGuardError(
        "ERR_USAGE",
        `--${flag}: expected ${flag} among ${expected}, got ${JSON.stringify(given)}.`,
      );
    }
    if (names.indexOf(given) !== index) {
      throw new DrmGuardError(
        "ERR_USAGE",
        `--${flag}: expected each of the ${flag} once, got ${name} twice.`,
      );
    }
    return name;
  });
}

/**
 * One plan per method: what the zoo's data ask for, then the user's settings, then method and threads.
 * @param settings weakest first.
 * @throws ERR_CONFIG
 */
export function benchPlans(
  methods: readonly ScanMethod[],
  zoo: { channels: number; unit: ZooImages["unit"] },
  settings: readonly ScanSettings[],
  jobs: number,
): MethodPlan[] {
  const ofZoo: ScanSettings = {
    input: { channels: zoo.channels === 1 ? 1 : 3 },
    // The published weights are for outputs in radians.
    drmguard: { outputScale: zoo.unit === "degrees" ? Math.PI / 180 : 1 },
  };
  const threads = threadsPerJob(jobs);
  return methods.map((method) => ({ method, plan: resolvePlan(ofZoo, ...settings, { method, threads }) }));
}

/** At most `limit` of a zoo's held-out images, spread evenly over them: the same ones for every model and method. */
export function benchImages(images: ImageBatch, limit: number): Promise<ImageBatch> {
  const { pixels, count, channels, height, width, source } = images;
  const shape = [count, channels, height, width];
  return imagesFromArray(
    { data: pixels, shape, layout: "nchw", source },
    { limit, channels: channels === 1 ? 1 : 3 },
  );
}
