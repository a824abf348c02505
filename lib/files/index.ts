export { type WaitingFile, writeBeside, writeFileAtomically } from "./atomic-file.ts";
export { exists } from "./exists.ts";
export { jsonOrNull } from "./json-text.ts";
export { makeFolder } from "./make-folder.ts";
export { readRegularFile } from "./regular-file.ts";
export { writeTogether } from "./write-together.ts";
