/** A number with `digits` significant digits, no trailing zeros, an exponent only where the decimals get long. */
export function significant(value: number, digits = 3): string {
  if (!Number.isFinite(value)) return String(value);
  const rounded = Number(value.toPrecision(digits));
  const magnitude = Math.abs(rounded);
  if (rounded !== 0 && (magnitude < 1e-4 || magnitude >= 1e7)) {
    return rounded.toExponential().replace("e+", "e");
  }
  return String(rounded);
}

/** A vector as "(1.5, -2)"; beyond `most` entries the rest is counted. */
export function vectorText(values: readonly number[], most = 6): string {
  const shown = values.slice(0, most).map((value) => significant(value));
  if (values.length > most) shown.push(`… ${values.length - most} more`);
  return `(${shown.join(", ")})`;
}

/** A value with as many decimals as show three digits of `spread`, so that values of one quantity align. */
export function alignedWith(spread: number, value: number): string {
  if (!(spread > 0) || Math.abs(value) >= 1e7) return significant(value);
  const decimals = Math.min(Math.max(2 - Math.floor(Math.log10(spread)), 0), 6);
  return value.toFixed(decimals).replace(/^-(0\.?0*)$/, "$1");
}

/** The range that a vector's entries span, "0.1 – 0.4", or the one number. */
export function rangeText(values: readonly number[]): string {
  const lowest = significant(values.reduce((a, b) => Math.min(a, b)));
  const highest = significant(values.reduce((a, b) => Math.max(a, b)));
  return lowest === highest ? lowest : `${lowest} – ${highest}`;
}

/** With an explicit sign: "+1.2". */
export function signed(value: number): string {
  return value > 0 ? `+${significant(value)}` : significant(value);
}

/** Whole numbers in groups of three digits. */
export function grouped(value: number): string {
  return String(Math.trunc(value)).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** Bytes in the largest decimal unit that leaves at least 1. */
export function bytesText(bytes: number): string {
  for (const [unit, size] of [
    ["GB", 1e9],
    ["MB", 1e6],
    ["kB", 1e3],
  ] as const) {
    if (bytes >= size) return `${significant(bytes / size)} ${unit}`;
  }
  return `${bytes} bytes`;
}

/** A duration: "0.42 s", "21.4 s", "3 min 5 s". */
export function secondsText(seconds: number): string {
  if (seconds < 60) return `${significant(seconds)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}
