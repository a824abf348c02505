import { DrmGuardError } from "../errors/index.ts";

/** What a number given on the command line may be. */
export interface NumberBounds {
  least: number;
  most: number;
  integer?: boolean;
}

/** @throws ERR_USAGE naming the flag, what was expected and what came. */
export function numberOfFlag(flag: string, text: string, { least, most, integer }: NumberBounds): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  const fits = value >= least && value <= most && (integer !== true || Number.isInteger(value));
  if (fits) return value;
  const kind = integer === true ? "a whole number" : "a number";
  throw badFlag(flag, `${kind} from ${least} to ${most}`, text);
}

/** "90", "90s", "2m" or "1h" to seconds. */
export function secondsOfFlag(flag: string, text: string): number {
  const match = /^(\d{1,9}(?:\.\d+)?)(s|m|h)?$/.exec(text.trim());
  const seconds = Number(match?.[1]) * { s: 1, m: 60, h: 3600 }[(match?.[2] ?? "s") as "s" | "m" | "h"];
  if (!(seconds > 0)) throw badFlag(flag, 'a time above 0, such as "90s", "2m" or "1h"', text);
  return seconds;
}

/** "1,-2.5" to [1, -2.5]. */
export function numbersOfFlag(flag: string, text: string): number[] {
  return text.split(",").map((part) => numberOfFlag(flag, part, { least: -1e9, most: 1e9 }));
}

/** "64x48" to height 64 and width 48; "64" is a square. */
export function sizeOfFlag(flag: string, text: string): { height: number; width: number } {
  const match = /^(\d{1,5})(?:x(\d{1,5}))?$/i.exec(text.trim());
  if (match === null) throw badFlag(flag, "HEIGHTxWIDTH in pixels", text);
  const bounds = { least: 8, most: 2048, integer: true };
  const height = numberOfFlag(flag, match[1] ?? "", bounds);
  return { height, width: match[2] === undefined ? height : numberOfFlag(flag, match[2], bounds) };
}

/** "name=1" pairs to an object. */
export function settingsOfFlag(flag: string, pairs: readonly string[]): Record<string, number> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const [name = "", value = ""] = pair.split("=", 2);
      if (name === "" || value === "") throw badFlag(flag, "NAME=NUMBER", pair);
      return [name, numberOfFlag(flag, value, { least: -1e9, most: 1e9 })];
    }),
  );
}

export function badFlag(flag: string, expected: string, came: string): DrmGuardError {
  return new DrmGuardError("ERR_USAGE", `--${flag}: expected ${expected}, got ${JSON.stringify(came)}.`);
}
