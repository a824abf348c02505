// Remembers what an addon was built from, so that an unchanged one is neither compiled nor test-loaded again.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { dirname, join } from "node:path";
import { libraryPath } from "./find-libtorch.mjs";

/** The stamp lies beside the addon. */
export function stampPath(addon) {
  return join(dirname(addon), "drmguard.stamp.json");
}

/** SHA-256 over everything that is compiled into the addon. */
export function sourceDigest(packageRoot) {
  const hash = createHash("sha256");
  for (const file of [join(packageRoot, "CMakeLists.txt"), ...sourceFiles(join(packageRoot, "native"))]) {
    hash.update(file.slice(packageRoot.length)).update("\0").update(readFileSync(file)).update("\0");
  }
  return hash.digest("hex");
}

function sourceFiles(folder) {
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  return entries.flatMap((entry) => {
    if (entry.isDirectory())
      return ["tests", "bench"].includes(entry.name) ? [] : sourceFiles(join(folder, entry.name));
    return /\.(cpp|h|def|txt|cmake|cu)$/.test(entry.name) ? [join(folder, entry.name)] : [];
  });
}

/**
 * One line that is equal as long as loading the addon gives the same outcome: addon, LibTorch, Node's ABI, CPU.
 * lib/native/prove-addon.ts computes the same line; a test holds the two equal.
 */
export function loadFingerprint(addon, libtorchRoot) {
  const files = [addon, libraryPath(libtorchRoot) ?? ""].map((path) => {
    const facts = statSync(path, { throwIfNoEntry: false });
    return facts ? `${facts.size}@${facts.mtimeMs}` : "none";
  });
  return [...files, process.versions.modules, process.arch, cpus()[0]?.model ?? ""].join("|");
}

/** @returns {Record<string, string> | null} */
export function readStamp(addon) {
  try {
    return JSON.parse(readFileSync(stampPath(addon), "utf8"));
  } catch {
    return null;
  }
}

export function writeStamp(addon, stamp) {
  const beside = `${stampPath(addon)}.${process.pid}`;
  writeFileSync(beside, `${JSON.stringify(stamp, null, 2)}\n`);
  renameSync(beside, stampPath(addon));
}
