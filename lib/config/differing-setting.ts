/** Name of the first setting in which two plans, or parts of them, differ ("contrast.steps"); null when none does. */
export function differingSetting(one: unknown, other: unknown, name = ""): string | null {
  if (!isObject(one) || !isObject(other)) return Object.is(one, other) ? null : name;
  for (const key of new Set([...Object.keys(one), ...Object.keys(other)])) {
    const inner = differingSetting(one[key], other[key], name === "" ? key : `${name}.${key}`);
    if (inner !== null) return inner;
  }
  return null;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
