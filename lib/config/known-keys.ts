import type { z } from "zod";
import { farthestDistance, nameDistance } from "./name-distance.ts";
import { settingsSchema } from "./settings-schema.ts";

/** Names of the settings of one section, such as ["contrast"]; the sections themselves for []. */
export function knownKeys(path: readonly string[]): string[] {
  let schema: unknown = settingsSchema;
  for (const key of path) schema = objectShape(schema)?.[key];
  return Object.keys(objectShape(schema) ?? {});
}

/**
 * The known setting that a mistyped one most likely meant: the nearest in the same section, or one of the same name
 * in another section. null when nothing is near.
 */
export function nearestKey(mistyped: string): string | null {
  const segments = mistyped.split(".");
  const name = segments.at(-1) ?? "";
  const section = segments.slice(0, -1).join(".");
  let best: string | null = null;
  let bestDistance = farthestDistance(name) + 1;
  for (const known of allKeys(settingsSchema, [])) {
    const knownSegments = known.split(".");
    const knownName = knownSegments.at(-1) ?? "";
    const sameSection = knownSegments.slice(0, -1).join(".") === section;
    // Half a step: among equally near names the one of the same section wins.
    const distance = nameDistance(name, knownName) + (sameSection ? 0 : 0.5);
    if (distance < bestDistance) [best, bestDistance] = [known, distance];
  }
  return best;
}

function allKeys(schema: unknown, path: string[]): string[] {
  const shape = objectShape(schema) ?? {};
  return Object.entries(shape).flatMap(([key, inner]) => [
    [...path, key].join("."),
    ...allKeys(inner, [...path, key]),
  ]);
}

/** The fields of an object schema, seen through optional, nullable and preprocess. */
function objectShape(schema: unknown): Record<string, unknown> | null {
  let current = schema as z.core.$ZodType | undefined;
  while (current !== undefined) {
    const definition = current._zod.def as {
      type: string;
      shape?: Record<string, unknown>;
      innerType?: z.core.$ZodType;
      out?: z.core.$ZodType;
    };
    if (definition.type === "object") return definition.shape ?? null;
    current = definition.innerType ?? definition.out;
  }
  return null;
}
