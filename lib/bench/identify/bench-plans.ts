import { resolvePlan, type ScanMethod, type ScanSettings } from "../../config/index.ts";
import { DrmGuardError } from "../../errors/index.ts";
import { type ImageBatch, imagesFromArray } from "../../images/index.ts";
import type { ZooImages } from "../../zoo/index.ts";
import { SCAN_METHODS } from "./identification.ts";
import { type MethodPlan, threadsPerJob } from "./scan-zoo.ts";

/**
 * Reads a list such as "contrast,drmguard".
 * @throws ERR_USAGE for an unknown, repeated or missing method.
 */
export function methodsOfList(list: string): ScanMethod[] {
  const known = SCAN_METHODS.join(", ");
  const names = list.split(",").map((name) => name.trim());
  return names.map((name, index) => {
    const method = SCAN_METHODS.find((candidate) => candidate === name);
    if (method === undefined) {
      const message = `--methods: expected methods among ${known}, got ${JSON.stringify(name)}.`;
      throw new DrmGuardError("ERR_USAGE", message);
    }
    if (names.indexOf(name) !== index) {
      throw new DrmGuardError("ERR_USAGE", `--methods: expected each method once, got ${name} twice.`);
    }
    return method;
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
