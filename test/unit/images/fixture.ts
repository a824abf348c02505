import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { DrmGuardError, type ErrorCode } from "../../../lib/errors/index.ts";

/** Path of a file that scripts/fixtures/make_images.py wrote. */
export function fixture(name: string): string {
  return fileURLToPath(new URL(`../../fixtures/images/${name}`, import.meta.url));
}

export function fixtureJson<T>(name: string): T {
  return JSON.parse(readFileSync(fixture(name), "utf8")) as T;
}

/** Rows of H×W×C values as C×H×W, in [0,1]. */
export function planar(values: readonly number[], channels: number, maximum: number): number[] {
  const plane = values.length / channels;
  return Array.from(values, (_, to) => {
    const channel = Math.floor(to / plane);
    return Math.fround((values[(to % plane) * channels + channel] as number) / maximum);
  });
}

/** Expects a DrmGuardError with a code, whose message and hint together say every given text. */
export async function expectRefusal(
  work: Promise<unknown>,
  code: ErrorCode,
  ...texts: (string | RegExp)[]
): Promise<void> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(DrmGuardError);
  const { message, hint, code: found } = error as DrmGuardError;
  expect(found, message).toBe(code);
  for (const text of texts) expect(`${message} ${hint}`).toMatch(text);
}

/** Largest absolute difference of two lists of one length. */
export function largestDifference(left: ArrayLike<number>, right: ArrayLike<number>): number {
  expect(left.length).toBe(right.length);
  let largest = 0;
  for (let index = 0; index < left.length; index++) {
    largest = Math.max(largest, Math.abs((left[index] as number) - (right[index] as number)));
  }
  return largest;
}

/** A .npy file with any header text, right or wrong. */
export function npyOf(headerText: string, data: Uint8Array, version: 1 | 2 | 3 = 1): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(`${headerText}\n`);
  const length = Buffer.alloc(version === 1 ? 2 : 4);
  if (version === 1) length.writeUInt16LE(text.length);
  else length.writeUInt32LE(text.length);
  const magic = Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version, 0);
  return new Uint8Array(Buffer.concat([magic, length, text, data]));
}

/** The header that numpy writes. */
export function headerOf(dtype: string, shape: readonly number[], fortran = false): string {
  const lengths = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  return `{'descr': '${dtype}', 'fortran_order': ${fortran ? "True" : "False"}, 'shape': (${lengths}), }`;
}

/** A .npy of int64 values. */
export function integersNpy(values: readonly number[]): Uint8Array<ArrayBuffer> {
  const data = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
  return npyOf(headerOf("<i8", [values.length]), data);
}
