import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { unzipSync, type Zippable, zipSync } from "fflate";
import { expect } from "vitest";
import { DrmGuardError } from "../../../lib/errors/index.ts";
import type { ProgramNode } from "../../../lib/native/addon.ts";

/** What scripts/fixtures/make_models.py says of a model and of its files. */
export interface FixtureModel {
  name: string;
  outputs: number;
  head: { features: number; blocks: number; form: string } | null;
  files: FixtureFile[];
}

export interface FixtureFile {
  file: string;
  form: "trace" | "script" | "export";
  /** Exports only: how often each operator occurs, and the weights that the graph uses. */
  operators?: Record<string, number>;
  weights?: Record<string, { shape: number[]; dtype: string; sum: number }>;
}

const FOLDER = fileURLToPath(new URL("../../fixtures/models/", import.meta.url));

export const fixturePath = (file: string): string => FOLDER + file;
export const fixtureBytes = (file: string): Uint8Array => Uint8Array.from(readFileSync(fixturePath(file)));

export const FIXTURES = JSON.parse(readFileSync(fixturePath("index.json"), "utf8")) as {
  count: number;
  channels: number;
  size: number;
  models: FixtureModel[];
};

export const HOSTILE = JSON.parse(readFileSync(fixturePath("hostile/index.json"), "utf8")) as Record<
  string,
  { code: string; stage: "load" | "open" | "session" }
>;

/** Arrays of reference.npz by name; all of them are float32 in C order. */
export function referenceArrays(): Map<string, Float32Array> {
  const records = unzipSync(fixtureBytes("reference.npz"));
  return new Map(
    Object.entries(records).map(([name, npy]) => {
      const view = new DataView(npy.buffer, npy.byteOffset);
      const start = 10 + view.getUint16(8, true);
      const header = new TextDecoder().decode(npy.subarray(10, start));
      if (!header.includes("'<f4'") || !header.includes("'fortran_order': False"))
        throw new Error(`${name}: ${header}`);
      return [name.replace(/\.npy$/, ""), new Float32Array(npy.slice(start).buffer)];
    }),
  );
}

export function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(DrmGuardError);
    return (error as DrmGuardError).code;
  }
  return "no error";
}

/** A copy of an archive in which `edit` changed the JSON of one record. */
// biome-ignore lint/suspicious/noExplicitAny: the tests break the JSON on purpose.
export function withJson(archive: Uint8Array, suffix: string, edit: (content: any) => void): Uint8Array {
  const records: Zippable = {};
  let found = false;
  for (const [name, data] of Object.entries(unzipSync(archive))) {
    records[name] = [data, { level: 0 }];
    if (!name.endsWith(suffix)) continue;
    found = true;
    const content = JSON.parse(new TextDecoder().decode(data));
    edit(content);
    records[name] = [new TextEncoder().encode(JSON.stringify(content)), { level: 0 }];
  }
  if (!found) throw new Error(`there is no ${suffix} to edit`);
  return zipSync(records);
}

/** The value that a call of a lowered program is given for one of its arguments. */
export const argumentOf = (node: ProgramNode | undefined, name: string) =>
  node?.arguments.find((argument) => argument.name === name)?.value;
