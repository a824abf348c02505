import { z } from "zod";
import { DrmGuardError } from "../errors/index.ts";
import { scanPlanSchema } from "../evidence/plan-schema.ts";
import { jsonOrNull, readRegularFile } from "../files/index.ts";
import { type BenignReference, REFERENCE_SCHEMA_VERSION } from "./reference.ts";

/** A score of 100,000 models is a file of 20 MB. */
const MAXIMUM_BYTES = 64_000_000;

const referenceSchema = z.strictObject({
  schemaVersion: z.literal(REFERENCE_SCHEMA_VERSION, {
    error: ({ input }) =>
      `expected ${REFERENCE_SCHEMA_VERSION}, got ${typeof input === "number" ? input : `a ${typeof input}`}; its scores follow the rule of another version`,
  }),
  tool: z.strictObject({ name: z.literal("drmguard"), version: z.string().max(100) }),
  createdAt: z.iso.datetime(),
  outputs: z.int().positive(),
  contrast: scanPlanSchema.shape.contrast,
  models: z
    .array(
      z.strictObject({
        name: z.string().max(10_000),
        sha256: z.string().regex(/^[0-9a-f]{64}$/),
        score: z.number().positive(),
      }),
    )
    .min(1)
    .max(100_000),
});

/**
 * Reads a file that `drmguard calibrate` wrote.
 * @throws ERR_FILE_NOT_FOUND; ERR_CONFIG when it is no such file.
 */
export async function readReference(path: string): Promise<BenignReference> {
  const bytes = await readRegularFile(path, MAXIMUM_BYTES, "the reference");
  const result = referenceSchema.safeParse(jsonOrNull(new TextDecoder().decode(bytes)));
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const field = issue?.path.join(".") || "the file";
  throw new DrmGuardError("ERR_CONFIG", `${path} is no reference: ${field}: ${issue?.message}.`, {
    hint: "Make one with drmguard calibrate.",
  });
}
