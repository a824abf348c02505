import type { z } from "zod";
import { DrmGuardError, type ErrorCode } from "../errors/index.ts";
import { knownKeys, nearestKey } from "./known-keys.ts";
import { type CheckedSettings, settingsSchema } from "./settings-schema.ts";

/** Where settings came from, for messages. */
export interface SettingsSource {
  /** A file's path, a variable's name or a flag. */
  name: string;
  code: ErrorCode;
  /** Whether the source holds one setting, so that its path inside the settings would only repeat the name. */
  single: boolean;
}

/**
 * Checks untrusted settings.
 * @throws DrmGuardError with the source's code, naming the setting, what was expected and what came. Unknown keys
 *   are errors, with the nearest known key suggested.
 */
export function checkSettings(value: unknown, source: SettingsSource): CheckedSettings {
  const result = settingsSchema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  if (issue === undefined)
    throw new DrmGuardError(source.code, `${source.name}: the settings are not valid.`);
  throw issue.code === "unrecognized_keys"
    ? unknownKeyError(issue.path, issue.keys, source)
    : valueError(issue, value, source);
}

function unknownKeyError(
  path: PropertyKey[],
  keys: readonly string[],
  source: SettingsSource,
): DrmGuardError {
  const key = [...path.map(String), keys[0] ?? ""].join(".");
  const nearest = nearestKey(key);
  const hint =
    nearest === null
      ? `Known here: ${knownKeys(path.map(String)).join(", ")}.`
      : `Did you mean ${JSON.stringify(nearest)}?`;
  return new DrmGuardError(source.code, `${source.name}: unknown setting ${JSON.stringify(key)}.`, {
    hint,
    details: { key, nearest },
  });
}

function valueError(issue: z.core.$ZodIssue, settings: unknown, source: SettingsSource): DrmGuardError {
  const key = issue.path.map(String).join(".");
  const where = source.single || key === "" ? source.name : `${source.name}: ${key}`;
  const received = shown(valueAt(settings, issue.path));
  return new DrmGuardError(source.code, `${where}: expected ${issue.message}, got ${received}.`, {
    details: { key },
  });
}

function valueAt(settings: unknown, path: readonly PropertyKey[]): unknown {
  let value = settings;
  for (const key of path) {
    // Presets and single numbers are wrapped before they are checked: the path then goes deeper than the value does.
    if (typeof value !== "object" || value === null) return value;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}

function shown(value: unknown): string {
  if (typeof value === "number" || value === undefined) return String(value);
  const text = JSON.stringify(value) ?? typeof value;
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
