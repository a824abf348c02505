import { spawnSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { cpus } from "node:os";
import { dirname, join } from "node:path";

/** How a test load of an addon ended. */
export type Proof =
  | { outcome: "loads" }
  /** The child died of a signal: loading the addon here would end the host. */
  | { outcome: "crashes"; reason: string }
  /** The loader refused it; `mismatch` tells a wrong binary from a library that is not there. */
  | { outcome: "refused"; reason: string; mismatch: boolean };

const provenLoads = new Set<string>();

/** A first load from a cold disk reads half a gigabyte. */
const PATIENCE_MILLISECONDS = 120_000;

/**
 * Finds out whether an addon loads, without risking this process: a LibTorch of another version, or one compiled for
 * another CPU, may crash rather than fail. Costs nothing when set-up proved this very file (its stamp says so) or
 * when DRMGUARD_TRUST_ADDON=1; otherwise a child process loads it once (about 0.4 s).
 */
export function proveAddon(addon: string): Proof {
  const fingerprint = loadFingerprint(addon, stampOf(addon)?.libtorchRoot ?? "");
  if (
    process.env.DRMGUARD_TRUST_ADDON === "1" ||
    provenLoads.has(fingerprint) ||
    stampOf(addon)?.fingerprint === fingerprint
  ) {
    return { outcome: "loads" };
  }
  const proof = testLoad(addon);
  if (proof.outcome === "loads") provenLoads.add(fingerprint);
  return proof;
}

function testLoad(addon: string): Proof {
  const script = "const addon = require(process.argv[1]); addon.buildFacts(); addon.shutdown();";
  const child = spawnSync(process.execPath, ["-e", script, addon], {
    encoding: "utf8",
    stdio: ["ignore", "ignore", "pipe"],
    timeout: PATIENCE_MILLISECONDS,
    windowsHide: true,
    // A debugger or a loader of the host is not wanted in the child.
    env: { ...process.env, NODE_OPTIONS: "" },
  });
  if (child.status === 0) return { outcome: "loads" };
  if (child.signal !== null) return { outcome: "crashes", reason: `loading it ends with ${child.signal}` };
  const lines = (child.stderr ?? "").split("\n").map((line) => line.trim());
  const error = lines.find((line) => /Error: /.test(line)) ?? `the test load exits with ${child.status}`;
  return { outcome: "refused", reason: error.replace(/^Error: /, ""), mismatch: !isMissingLibrary(error) };
}

/** What the dynamic loaders of Linux, macOS and Windows say when a library is not where it was. */
export function isMissingLibrary(message: string): boolean {
  return /cannot open shared object file|Library not loaded|specified module could not be found/.test(
    message,
  );
}

/**
 * One line that is equal as long as loading the addon gives the same outcome: addon, LibTorch, Node's ABI, CPU.
 * scripts/install/build-stamp.mjs computes the same line after a build; a test holds the two equal.
 */
export function loadFingerprint(addon: string, libtorchRoot: string): string {
  const files = [addon, libraryPath(libtorchRoot)].map((path) => {
    const facts = path === null ? undefined : statSync(path, { throwIfNoEntry: false });
    return facts ? `${facts.size}@${facts.mtimeMs}` : "none";
  });
  return [...files, process.versions.modules, process.arch, cpus()[0]?.model ?? ""].join("|");
}

function libraryPath(root: string): string | null {
  const names = ["libtorch_cpu.so", "libtorch_cpu.dylib", "torch_cpu.dll"];
  const paths = names.map((name) => join(root, "lib", name));
  return paths.find((path) => statSync(path, { throwIfNoEntry: false }) !== undefined) ?? null;
}

/** What set-up wrote beside the addon. */
export interface BuildStamp {
  libtorch: string;
  libtorchRoot: string;
  fingerprint: string;
}

/** The stamp of an addon, or null where a build left none. */
export function stampOf(addon: string): BuildStamp | null {
  try {
    const stamp: unknown = JSON.parse(readFileSync(join(dirname(addon), "drmguard.stamp.json"), "utf8"));
    const { libtorch, libtorchRoot, fingerprint } = stamp as Record<string, unknown>;
    const texts = [libtorch, libtorchRoot, fingerprint];
    return texts.every((text) => typeof text === "string") ? (stamp as BuildStamp) : null;
  } catch {
    return null;
  }
}
