/** A decimal number as C and Python print it; no hexadecimal, no separators, no words. */
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

/** The number that a text says; NaN for anything that is no plain decimal number. */
export function parseNumber(text: string): number {
  return NUMBER.test(text) ? Number(text) : Number.NaN;
}

/** The numbers of a line, separated by blanks. */
export function parseNumbers(line: string): number[] {
  const parts = line.trim().split(/\s+/);
  return parts[0] === "" ? [] : parts.map(parseNumber);
}
