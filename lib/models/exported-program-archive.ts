import { DrmGuardError } from "../errors/index.ts";
import {
  type ExportedProgram,
  type Payloads,
  parsePayloads,
  parseProgram,
} from "./exported-program-schema.ts";
import type { ProgramPayloads } from "./exported-program-weights.ts";
import { type ModelArchive, openArchive, readRecords } from "./model-archive.ts";

/** Graphs of large networks take a few megabytes. */
const MAXIMUM_JSON_BYTES = 64 * 2 ** 20;

/** A torch.export archive whose graph was read, none of its weights. */
export interface OpenedProgram {
  archive: ModelArchive;
  /** The program's name within the archive. */
  name: string;
  program: ExportedProgram;
}

/** @throws ERR_MODEL_UNSUPPORTED, ERR_MODEL_TRUNCATED, ERR_MODEL_TOO_LARGE, ERR_MODEL_FORMAT */
export function openExportedProgram(bytes: Uint8Array): OpenedProgram {
  const archive = openArchive(bytes);
  const name = modelName(archive);
  return { archive, name, program: parseProgram(...readJson(archive, `models/${name}.json`)) };
}

/** @throws ERR_MODEL_TRUNCATED, ERR_MODEL_TOO_LARGE, ERR_MODEL_FORMAT */
export function readProgramPayloads({ archive, name }: OpenedProgram): ProgramPayloads {
  return {
    "data/weights": readPayloads(archive, `data/weights/${name}_weights_config.json`),
    "data/constants": readPayloads(archive, `data/constants/${name}_constants_config.json`),
  };
}

/** An archive may hold several programs; torch.export.save writes one, called "model". */
function modelName(archive: ModelArchive): string {
  const names = [...archive.records.keys()].flatMap(
    (name) => /^models\/([^/]+)\.json$/.exec(name)?.[1] ?? [],
  );
  const [name, ...others] = names;
  if (name === undefined || others.length > 0) {
    throw new DrmGuardError(
      "ERR_MODEL_FORMAT",
      `Expected an archive with one program, this one has ${names.length}.`,
    );
  }
  return name;
}

function readJson(archive: ModelArchive, record: string): [record: string, bytes: Uint8Array] {
  return [record, readRecords(archive, [record], MAXIMUM_JSON_BYTES).get(record) as Uint8Array];
}

/** A model without weights, or without constants, has no such record. */
function readPayloads(archive: ModelArchive, record: string): Payloads {
  return archive.records.has(record) ? parsePayloads(...readJson(archive, record)) : {};
}
