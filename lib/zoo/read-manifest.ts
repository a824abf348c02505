import { join } from "node:path";
import { z } from "zod";
import { DrmGuardError } from "../errors/index.ts";
import { jsonOrNull, readRegularFile } from "../files/index.ts";
import { plainFileName } from "../training/index.ts";
import type { ZooManifest } from "./manifest.ts";
import { conditionName } from "./plan-schema.ts";
import { parseZooPlan } from "./read-plan.ts";

export const MANIFEST_NAME = "manifest.json";
const LARGEST_MANIFEST_BYTES = 64 * 2 ** 20;

const text = z.string().max(10_000);

const manifestSchema = z.strictObject({
  schemaVersion: z.literal(1),
  tool: z.strictObject({ name: z.literal("drmguard"), version: text, libtorch: text }),
  plan: z.unknown(),
  models: z
    .array(
      z.strictObject({
        name: plainFileName,
        condition: conditionName,
        backdoored: z.boolean(),
        seed: z.int().nonnegative(),
        model: plainFileName,
        facts: plainFileName,
        sha256: z.string().regex(/^[0-9a-f]{64}$/),
      }),
    )
    .max(100_000),
});

/**
 * Reads a zoo's manifest; the file is untrusted. Its file names lead nowhere but into the folder.
 * @throws ERR_FILE_NOT_FOUND, ERR_CONFIG
 */
export async function readManifest(folder: string): Promise<ZooManifest> {
  const path = join(folder, MANIFEST_NAME);
  const bytes = await readRegularFile(path, LARGEST_MANIFEST_BYTES, "the manifest");
  const parsed = manifestSchema.safeParse(jsonOrNull(new TextDecoder().decode(bytes)));
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw notValid(
      path,
      issue === undefined ? "it is not valid" : `${issue.path.join(".")}: ${issue.message}`,
    );
  }
  const { models, plan, ...head } = parsed.data;
  const names = models.map(({ name }) => name);
  const repeated = names.find((name, index) => names.indexOf(name) !== index);
  if (repeated !== undefined) throw notValid(path, `it lists ${JSON.stringify(repeated)} twice`);
  return { ...head, plan: parseZooPlan(plan, path), models };
}

function notValid(path: string, reason: string): DrmGuardError {
  return new DrmGuardError("ERR_CONFIG", `Expected a zoo's manifest in ${path}, but ${reason}.`, {
    hint: "Give a folder that drmguard zoo make wrote.",
  });
}
