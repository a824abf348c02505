import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { z } from "zod";
import { DrmGuardError, ERROR_CODES, type ErrorCode } from "../errors/index.ts";
import { firstInconsistency } from "./consistency.ts";
import { EVIDENCE_SCHEMA_VERSION, evidenceSchema, type ScanEvidence } from "./schema.ts";

/** One model as an earlier scan recorded it: its evidence, or why there is none. */
export type RecordedModel =
  | { outcome: "scanned"; path: string; evidence: ScanEvidence }
  | { outcome: "error"; path: string; error: { code: ErrorCode; message: string; hint: string } }
  | { outcome: "skipped"; path: string; reason: string };

/** Bounds on what is read. */
export interface EvidenceLimits {
  /** Largest file in bytes; the default stays under the longest string that Node can hold. */
  maximumBytes?: number;
}

export const MAXIMUM_EVIDENCE_BYTES = 512_000_000;
const MAXIMUM_MODELS = 100_000;

const text = z.string().max(100_000);
const errorCodes = Object.keys(ERROR_CODES) as [ErrorCode, ...ErrorCode[]];

/** The parts of a ScanReport that can be judged again. Its verdicts are not read: judging makes new ones. */
const reportSchema = z.looseObject({
  models: z
    .array(
      z.discriminatedUnion("outcome", [
        z.object({ outcome: z.literal("scanned"), path: text, evidence: evidenceSchema }),
        z.object({
          outcome: z.literal("error"),
          path: text,
          error: z.object({ code: z.enum(errorCodes), message: text, hint: text }),
        }),
        z.object({ outcome: z.literal("skipped"), path: text, reason: text }),
      ]),
    )
    .max(MAXIMUM_MODELS),
});

/**
 * Reads a JSON file that holds one ScanEvidence or a whole ScanReport.
 * @throws ERR_FILE_NOT_FOUND when it is no readable regular file; ERR_EVIDENCE as parseEvidence does, and for a
 *   file above the size bound.
 */
export async function readEvidenceFile(path: string, limits: EvidenceLimits = {}): Promise<RecordedModel[]> {
  const maximumBytes = limits.maximumBytes ?? MAXIMUM_EVIDENCE_BYTES;
  const bytes = await readBounded(path, maximumBytes);
  let decoded: string;
  try {
    decoded = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new DrmGuardError("ERR_EVIDENCE", `${path}: expected UTF-8 text`, { cause });
  }
  return parseEvidence(decoded, path, limits);
}

/**
 * Parses the JSON text of one ScanEvidence or of a ScanReport.
 * @param origin Name that error messages give the text.
 * @throws ERR_EVIDENCE with the path of the first wrong field, or with the supported schema version.
 */
export function parseEvidence(
  json: string,
  origin = "evidence",
  limits: EvidenceLimits = {},
): RecordedModel[] {
  const maximumBytes = limits.maximumBytes ?? MAXIMUM_EVIDENCE_BYTES;
  if (json.length > maximumBytes) throw tooLarge(origin, json.length, maximumBytes);
  const value = parseJson(json, origin);
  if (!isObject(value)) {
    throw new DrmGuardError("ERR_EVIDENCE", `${origin}: expected a JSON object, came ${kindOf(value)}`);
  }
  requireVersion(value, origin, "");
  if (!("models" in value)) {
    const evidence = validate(evidenceSchema, value, origin);
    requireConsistency(evidence, origin, "");
    return [{ outcome: "scanned", path: evidence.model.name, evidence }];
  }
  if (Array.isArray(value.models)) {
    for (const [index, entry] of value.models.entries()) {
      if (isObject(entry) && isObject(entry.evidence))
        requireVersion(entry.evidence, origin, `models[${index}].evidence.`);
    }
  }
  const { models } = validate(reportSchema, value, origin);
  for (const [index, model] of models.entries()) {
    if (model.outcome === "scanned") requireConsistency(model.evidence, origin, `models[${index}].evidence.`);
  }
  return models;
}

async function readBounded(path: string, maximumBytes: number): Promise<Buffer> {
  let file: FileHandle | null = null;
  try {
    // Non-blocking, so that a named pipe without a writer is refused below instead of waited for.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const facts = await file.stat();
    if (!facts.isFile()) throw new DrmGuardError("ERR_FILE_NOT_FOUND", `${path}: expected a regular file`);
    if (facts.size > maximumBytes) throw tooLarge(path, facts.size, maximumBytes);
    const bytes = Buffer.alloc(facts.size);
    const { bytesRead } = await file.read(bytes, 0, facts.size, 0);
    if (bytesRead < facts.size)
      throw new DrmGuardError("ERR_EVIDENCE", `${path}: the file shrank while it was read`);
    return bytes;
  } catch (cause) {
    if (cause instanceof DrmGuardError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DrmGuardError("ERR_FILE_NOT_FOUND", `${path}: cannot be read (${reason})`, { cause });
  } finally {
    await file?.close();
  }
}

function parseJson(json: string, origin: string): unknown {
  try {
    return JSON.parse(json);
  } catch (cause) {
    throw new DrmGuardError("ERR_EVIDENCE", `${origin}: not valid JSON`, { cause });
  }
}

function validate<T>(schema: z.ZodType<T>, value: unknown, origin: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const field = fieldName(issue?.path ?? []);
  throw new DrmGuardError(
    "ERR_EVIDENCE",
    `${origin}: ${field}: ${shortened(issue?.message ?? "not valid")}`,
    {
      cause: result.error,
      details: { field },
    },
  );
}

function requireConsistency(evidence: ScanEvidence, origin: string, prefix: string): void {
  const inconsistency = firstInconsistency(evidence);
  if (inconsistency === null) return;
  const field = prefix + inconsistency.field;
  throw new DrmGuardError("ERR_EVIDENCE", `${origin}: ${field}: ${inconsistency.problem}`, {
    details: { field },
  });
}

function requireVersion(value: Record<string, unknown>, origin: string, prefix: string): void {
  const version = value.schemaVersion;
  if (version === EVIDENCE_SCHEMA_VERSION) return;
  const field = `${prefix}schemaVersion`;
  const came =
    typeof version === "number" || typeof version === "string" ? JSON.stringify(version) : kindOf(version);
  throw new DrmGuardError(
    "ERR_EVIDENCE",
    `${origin}: ${field}: ${shortened(came)} is not supported, this version reads ${EVIDENCE_SCHEMA_VERSION}`,
    { details: { field, supported: EVIDENCE_SCHEMA_VERSION } },
  );
}

function fieldName(path: readonly PropertyKey[]): string {
  if (path.length === 0) return "top level";
  let name = "";
  for (const part of path) {
    if (typeof part === "number") name += `[${part}]`;
    else if (/^[A-Za-z_]\w{0,99}$/.test(String(part)))
      name += name === "" ? String(part) : `.${String(part)}`;
    // A key is the file's own text: quoted and cut, it cannot pass for part of the message.
    else name += `[${shortened(JSON.stringify(String(part)))}]`;
  }
  return name;
}

function shortened(message: string): string {
  return message.length <= 200 ? message : `${message.slice(0, 200)}…`;
}

function tooLarge(origin: string, size: number, maximumBytes: number): DrmGuardError {
  return new DrmGuardError("ERR_EVIDENCE", `${origin}: expected at most ${maximumBytes} bytes, came ${size}`);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function kindOf(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  return Array.isArray(value) ? "an array" : `a ${typeof value}`;
}
