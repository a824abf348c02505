import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Folder of package.json: two levels up, from lib/native as from dist/native. */
export function packageRoot(): string {
  return fileURLToPath(new URL("../../", import.meta.url));
}

/** Version of this package. */
export function packageVersion(root: string = packageRoot()): string {
  return (JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string }).version;
}

/** Where the two builds put the addon: cmake-js first, node-gyp second (docs/decisions/0002). */
export function addonCandidates(root: string): string[] {
  return ["build", "build-gyp"].map((folder) => join(root, folder, "Release", "drmguard.node"));
}

/** The candidates that are there. */
export function presentAddons(root: string): string[] {
  return addonCandidates(root).filter((path) => existsSync(path));
}
