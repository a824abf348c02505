import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Folder of package.json. */
export const packageRoot = fileURLToPath(new URL("../../", import.meta.url));

/** This package's own version. */
export const packageVersion = JSON.parse(
  readFileSync(new URL("../../package.json", import.meta.url), "utf8"),
).version;
