import { join } from "node:path";
import { z } from "zod";
import { exists, jsonOrNull, readRegularFile, writeFileAtomically } from "../../files/index.ts";
import type { ZooModel } from "../../zoo/index.ts";
import type { BenignReference } from "./benign-reference.ts";
import { type BenchIdentity, differingBench, refusedFile } from "./kept-result.ts";
import { identitySchema } from "./mitigation-result.ts";

const LARGEST_REFERENCE_BYTES = 2 ** 20;

const { version, modelSha256, imagesSha256 } = identitySchema.shape;
const benign = z.array(z.strictObject({ name: z.string(), sha256: modelSha256 })).min(1);

/** One kept reference: OUT/benign-reference/MODEL.json. */
const referenceSchema = z.strictObject({
  schemaVersion: z.literal(1),
  kind: z.literal("benign-reference"),
  createdAt: z.iso.datetime(),
  identity: z.strictObject({ version, modelSha256, imagesSha256, benign }),
  defendingAttackErrors: z.array(z.array(z.number())),
});

/** Everything that a reference depends on. The device and its threads change the last digits only. */
export interface ReferenceIdentity extends BenchIdentity {
  /** The models that attacks were measured on, in this order. */
  benign: readonly Pick<ZooModel, "name" | "sha256">[];
}

/** Where references lie, one for all methods of a model: OUT/benign-reference/MODEL.json. */
export function referencePath(out: string, model: string): string {
  return join(out, "benign-reference", `${model}.json`);
}

/**
 * What an earlier run measured of a model's attacks on the benign models; null when that was nothing, or of other
 * benign models: measuring anew takes little, and mitigations that are kept do not depend on it.
 * @param attacks how many the model has.
 * @throws ERR_CONFIG when what lies there belongs to another bench: it is neither used nor replaced;
 *   ERR_FILE_NOT_FOUND when it cannot be read.
 */
export async function keptReference(
  path: string,
  identity: ReferenceIdentity,
  attacks: number,
): Promise<BenignReference | null> {
  if (!(await exists(path))) return null;
  const bytes = await readRegularFile(path, LARGEST_REFERENCE_BYTES, "the benign models' errors");
  const parsed = referenceSchema.safeParse(jsonOrNull(new TextDecoder().decode(bytes)));
  if (!parsed.success) throw refused(path, "it holds no whole reference");
  const { identity: kept, defendingAttackErrors } = parsed.data;
  const difference = differingBench(kept, identity);
  if (difference !== null) throw refused(path, difference);
  if (
    defendingAttackErrors.length !== attacks ||
    defendingAttackErrors.some((errors) => errors.length !== kept.benign.length)
  ) {
    throw refused(path, "it holds no error for each attack and benign model");
  }
  return sameModels(kept.benign, identity.benign) ? { defendingAttackErrors } : null;
}

/**
 * Keeps a reference, whole or not at all.
 * @throws ERR_FILE_WRITE
 */
export async function keepReference(
  path: string,
  { benign, ...identity }: ReferenceIdentity,
  reference: BenignReference,
): Promise<void> {
  const kept: z.infer<typeof referenceSchema> = {
    schemaVersion: 1,
    kind: "benign-reference",
    createdAt: new Date().toISOString(),
    identity: { ...identity, benign: benign.map(({ name, sha256 }) => ({ name, sha256 })) },
    ...reference,
  };
  await writeFileAtomically(path, `${JSON.stringify(kept)}\n`);
}

function sameModels(kept: ReferenceIdentity["benign"], wanted: ReferenceIdentity["benign"]): boolean {
  return (
    kept.length === wanted.length &&
    kept.every(({ name, sha256 }, at) => wanted[at]?.name === name && wanted[at]?.sha256 === sha256)
  );
}

function refused(path: string, reason: string) {
  return refusedFile(path, "a reference", reason);
}
