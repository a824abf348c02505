import { createRequire } from "node:module";
import { DrmGuardError } from "../errors/index.ts";
import type { NativeAddon } from "./addon.ts";
import { addonCandidates, packageRoot, packageVersion, presentAddons } from "./locate-addon.ts";
import { isMissingLibrary, proveAddon } from "./prove-addon.ts";

/** The command that mends a missing or wrong addon. */
export const SETUP_COMMAND = "npx drmguard setup";

/** An addon that is loaded, and the file it came from. */
export interface LoadedAddon {
  path: string;
  addon: NativeAddon;
}

interface Failure {
  path: string;
  reason: string;
  mismatch: boolean;
}

let loaded: LoadedAddon | null = null;

/**
 * The native addon, loaded on first use.
 * @throws ERR_NATIVE_MISSING when it is not built, or a library that it needs is gone;
 *   ERR_NATIVE_MISMATCH when it crashes on loading, was compiled for another version of this package, or does not fit
 *   its LibTorch. The message names every file that was tried.
 */
export function loadAddon(): NativeAddon {
  loaded ??= loadAddonFrom(packageRoot());
  return loaded.addon;
}

/** Like `loadAddon`, for the package in a given folder, and without remembering it. */
export function loadAddonFrom(root: string): LoadedAddon {
  const failures: Failure[] = [];
  for (const path of presentAddons(root)) {
    const result = tryToLoad(path, packageVersion(root));
    if ("addon" in result) return result;
    failures.push(result);
  }
  throw failures.length === 0 ? missingError(root) : failureError(failures);
}

function tryToLoad(path: string, version: string): LoadedAddon | Failure {
  const proof = proveAddon(path);
  if (proof.outcome === "crashes") return { path, reason: proof.reason, mismatch: true };
  if (proof.outcome === "refused") return { path, reason: proof.reason, mismatch: proof.mismatch };
  try {
    const addon = createRequire(import.meta.url)(path) as NativeAddon;
    // Jobs that still run when the process ends would otherwise crash it.
    process.once("exit", () => addon.shutdown());
    const built = addon.buildFacts().drmguard;
    if (built === version) return { path, addon };
    const reason = `it was compiled for drmguard ${built}, this is drmguard ${version}`;
    return { path, reason, mismatch: true };
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    return { path, reason, mismatch: !isMissingLibrary(reason) };
  }
}

function missingError(root: string): DrmGuardError {
  const tried = addonCandidates(root);
  return new DrmGuardError(
    "ERR_NATIVE_MISSING",
    `The native addon is not built: expected ${tried.join(" or ")}, found neither. Build it with: ${SETUP_COMMAND}`,
    { hint: `Run ${SETUP_COMMAND} (in a clone: npm run build:native).`, details: { tried } },
  );
}

function failureError(failures: Failure[]): DrmGuardError {
  const lines = failures.map(({ path, reason }) => `${path}: ${reason}`);
  const mismatch = failures.some((failure) => failure.mismatch);
  return new DrmGuardError(
    mismatch ? "ERR_NATIVE_MISMATCH" : "ERR_NATIVE_MISSING",
    `The native addon cannot be used: ${lines.join("; ")}. Build it again with: ${SETUP_COMMAND} --force`,
    {
      hint: `Run ${SETUP_COMMAND} --force (in a clone: npm run build:native -- --force).`,
      details: { failures },
    },
  );
}
