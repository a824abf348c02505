import {
  findConfigFile,
  readConfigFile,
  type ScanSettings,
  type SettingText,
  settingsOfEnvironment,
  settingsOfFlags,
} from "../config/index.ts";
import type { Messages } from "./terminal.ts";

/**
 * The settings of a command, weakest first: the config file, then DRMGUARD_* variables, then flags.
 * @param config the file that --config names; else DRMGUARD_CONFIG, else ./drmguard.toml if it is there.
 * @param given values of flags by the flag's name.
 * @param texts the settings that the command has flags for; all when left out.
 */
export async function commandSettings(
  config: string | undefined,
  given: Record<string, unknown>,
  messages: Messages,
  texts?: readonly SettingText[],
): Promise<ScanSettings[]> {
  const named = config ?? (process.env.DRMGUARD_CONFIG || undefined);
  const path = named ?? (await findConfigFile(process.cwd()));
  const file = path === null ? [] : [await readConfigFile(path)];
  if (path !== null && named === undefined) messages.note(`using the settings of ${path}`);
  return [...file, ...settingsOfEnvironment(process.env), ...settingsOfFlags(given, texts)];
}
