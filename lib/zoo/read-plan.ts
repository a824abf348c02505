import { dirname, resolve } from "node:path";
import type { z } from "zod";
import { nearestName, parseTomlText } from "../config/index.ts";
import { DrmGuardError } from "../errors/index.ts";
import { readRegularFile } from "../files/index.ts";
import { ATTACK_DEFAULTS } from "../training/index.ts";
import type { ZooCondition, ZooData, ZooPlan } from "./manifest.ts";
import {
  conditionSchema,
  conditionTrainingSchema,
  fileDataSchema,
  planFileSchema,
  renderSchema,
  trainingSchema,
} from "./plan-schema.ts";

/** A plan is a page of text. */
const LARGEST_PLAN_BYTES = 2 ** 20;

/**
 * Reads a zoo's plan. Defaults are filled in, and a relative path of data is made absolute from the plan's folder.
 * @throws ERR_FILE_NOT_FOUND, ERR_CONFIG
 */
export async function readZooPlan(path: string): Promise<ZooPlan> {
  const bytes = await readRegularFile(path, LARGEST_PLAN_BYTES, "the plan");
  const plan = parseZooPlan(parseTomlText(new TextDecoder().decode(bytes), path), path);
  if (!("path" in plan.data)) return plan;
  return { ...plan, data: { ...plan.data, path: resolve(dirname(path), plan.data.path) } };
}

/**
 * Checks a plan and fills in its defaults.
 * @param source what to call it in messages.
 * @throws ERR_CONFIG naming the key, what was expected and what came; unknown keys get a suggestion.
 */
export function parseZooPlan(value: unknown, source: string): ZooPlan {
  const plan = checked(planFileSchema, value, source, []);
  const conditions = plan.conditions.map((condition, index): ZooCondition => {
    const where = `conditions.${index}`;
    const { rate, crossRatio, ...rest } = condition;
    if (rest.trigger === null) {
      requireBenign(condition, where, source);
      return { ...withoutUndefined(rest), rate: 0, crossRatio: 0 };
    }
    const defaults = ATTACK_DEFAULTS[rest.trigger];
    if (rest.trigger === "clean-label" && typeof rest.target === "object" && "offset" in rest.target) {
      throw wrong(source, `${where}.target`, "a fixed target: an offset has no images that lie near it");
    }
    if (rate === 0) throw wrong(source, `${where}.rate`, "a rate above 0");
    requireTriggerSettings(rest.trigger, rest.settings, where, source);
    return {
      ...withoutUndefined(rest),
      rate: rate ?? defaults.rate,
      crossRatio: crossRatio ?? defaults.crossRatio,
    };
  });
  requireDifferent(
    conditions.map(({ name }) => name),
    "conditions: names",
    source,
  );
  for (const { name, seeds } of conditions) requireDifferent(seeds, `condition ${name}: seeds`, source);
  return { name: plan.name, data: checkedData(plan.data, source), training: plan.training, conditions };
}

type CheckedCondition = z.output<typeof conditionSchema>;

/** Zod leaves `undefined` where a key was left out; a plan has the key or has it not. */
function withoutUndefined(condition: Omit<CheckedCondition, "rate" | "crossRatio">) {
  const training = Object.fromEntries(
    Object.entries(condition.training).filter(([, value]) => value !== undefined),
  ) as ZooCondition["training"];
  return { ...condition, training };
}

function checkedData(value: Record<string, unknown>, source: string): ZooData {
  if ("render" in value) {
    const [extra] = Object.keys(value).filter((key) => key !== "render");
    if (extra !== undefined) throw wrong(source, `data.${extra}`, "nothing beside data.render");
    return { render: checked(renderSchema, value.render, source, ["data", "render"]) };
  }
  return checked(fileDataSchema, value, source, ["data"]) as ZooData;
}

function requireBenign(condition: CheckedCondition, where: string, source: string): void {
  const { rate = 0, crossRatio = 0, backdoors, adaptiveWeight, settings } = condition;
  const plain = rate === 0 && crossRatio === 0 && backdoors === 1 && adaptiveWeight === 0;
  if (plain && Object.keys(settings).length === 0) return;
  throw wrong(
    source,
    where,
    "no attack's settings in a condition without a trigger",
    `${where}.trigger is missing?`,
  );
}

function requireTriggerSettings(
  trigger: keyof typeof ATTACK_DEFAULTS,
  settings: Readonly<Record<string, number>>,
  where: string,
  source: string,
): void {
  const known = Object.keys(ATTACK_DEFAULTS[trigger].settings);
  for (const name of Object.keys(settings)) {
    if (!known.includes(name)) throw unknownKey(source, `${where}.settings.${name}`, name, known);
  }
}

function requireDifferent(values: readonly (string | number)[], what: string, source: string): void {
  const repeated = values.find((value, index) => values.indexOf(value) !== index);
  if (repeated !== undefined) throw wrong(source, what, `each once, but ${repeated} is there twice`);
}

function checked<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  source: string,
  above: readonly string[],
): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0] as z.core.$ZodIssue;
  const path = [...above, ...issue.path.map(String)];
  if (issue.code === "unrecognized_keys") {
    const key = issue.keys[0] ?? "";
    throw unknownKey(source, [...path, key].join("."), key, keysAt(path));
  }
  throw wrong(source, path.join(".") || "plan", issue.message);
}

/** Keys that an object of the plan may have. */
function keysAt(path: readonly string[]): string[] {
  const where = path.filter((step) => !/^\d+$/.test(step)).join(".");
  const shapes: Record<string, object> = {
    "": planFileSchema.shape,
    training: trainingSchema.shape,
    conditions: conditionSchema.shape,
    "conditions.training": conditionTrainingSchema.shape,
    data: { ...fileDataSchema.shape, render: null },
    "data.render": renderSchema.shape,
  };
  return Object.keys(shapes[where] ?? {});
}

function unknownKey(source: string, key: string, name: string, known: readonly string[]): DrmGuardError {
  const nearest = nearestName(name, known);
  const hint =
    nearest === null ? `Known here: ${known.join(", ")}.` : `Did you mean ${JSON.stringify(nearest)}?`;
  return new DrmGuardError("ERR_CONFIG", `${source}: unknown setting ${JSON.stringify(key)}.`, {
    hint,
    details: { key, nearest },
  });
}

function wrong(source: string, key: string, expected: string, hint?: string): DrmGuardError {
  return new DrmGuardError("ERR_CONFIG", `${source}: ${key}: expected ${expected}.`, {
    hint: hint ?? "Correct the named key of the plan.",
    details: { key },
  });
}
