import { constants } from "node:fs";
import { open, stat } from "node:fs/promises";
import { extname, resolve } from "node:path";
import { parse as parseToml, TomlError } from "smol-toml";
import { asDrmGuardError, DrmGuardError } from "../errors/index.ts";
import { checkSettings } from "./check-settings.ts";
import type { CheckedSettings } from "./settings-schema.ts";

/** Looked for in the working directory when no file is named. */
export const DEFAULT_CONFIG_FILE = "drmguard.toml";

/** A config of this package is a few hundred bytes; more is no config. */
const LARGEST_CONFIG_BYTES = 1_048_576;

/**
 * Reads a TOML or (by its ending .json) JSON config. Data only: nothing in the file is ever run.
 * @throws DrmGuardError ERR_FILE_NOT_FOUND or ERR_CONFIG.
 */
export async function readConfigFile(path: string): Promise<CheckedSettings> {
  const text = await readBounded(path);
  const value =
    extname(path).toLowerCase() === ".json" ? parseJsonText(text, path) : parseTomlText(text, path);
  return checkSettings(value, { name: path, code: "ERR_CONFIG", single: false });
}

/** The path of ./drmguard.toml, or null when there is none. */
export async function findConfigFile(folder: string): Promise<string | null> {
  const path = resolve(folder, DEFAULT_CONFIG_FILE);
  try {
    return (await stat(path)).isFile() ? path : null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw unreadable(path, error);
  }
}

async function readBounded(path: string): Promise<string> {
  let file: Awaited<ReturnType<typeof open>> | undefined;
  try {
    // Non-blocking, so that a named pipe without a writer is refused below instead of waited for.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const facts = await file.stat();
    if (!facts.isFile())
      throw new DrmGuardError("ERR_CONFIG", `${path}: expected a file, got something else.`);
    if (facts.size > LARGEST_CONFIG_BYTES) {
      const bound = `at most ${LARGEST_CONFIG_BYTES} bytes`;
      throw new DrmGuardError("ERR_CONFIG", `${path}: expected ${bound}, got ${facts.size}.`);
    }
    return await file.readFile("utf8");
  } catch (error) {
    if (error instanceof DrmGuardError) throw error;
    throw unreadable(path, error);
  } finally {
    await file?.close();
  }
}

function unreadable(path: string, cause: unknown): DrmGuardError {
  const { message } = asDrmGuardError(cause);
  return new DrmGuardError("ERR_FILE_NOT_FOUND", `The config file ${path} cannot be read: ${message}.`, {
    cause,
  });
}

/** @throws ERR_CONFIG with the place of the mistake. */
export function parseTomlText(text: string, path: string): unknown {
  try {
    return parseToml(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    // The first line of the message is the reason; the rest is a drawing of the place.
    const reason = error.message.split("\n", 1)[0];
    const place = `line ${error.line}, column ${error.column}`;
    throw new DrmGuardError("ERR_CONFIG", `${path}: ${place}: ${reason}.`, { cause: error });
  }
}

function parseJsonText(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new DrmGuardError("ERR_CONFIG", `${path}: ${(error as Error).message}.`, { cause: error });
  }
}
