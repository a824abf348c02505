import { spawn } from "node:child_process";
import { packageRoot } from "../native/locate-addon.ts";

/** What the set-up scripts know about a build tool. */
export interface ToolFacts {
  name: string;
  /** null when there is none. */
  version: string | null;
  problem: { found: string; needed: string } | null;
}

/** What the set-up scripts know about a LibTorch on this machine. */
export interface LibtorchFacts {
  root: string;
  version: string;
  source: "LIBTORCH" | "python" | "vendor";
}

/** The set-up scripts are plain JavaScript that runs before anything is compiled; doctor asks the very same code. */
async function script(name: string): Promise<Record<string, unknown>> {
  return import(new URL(`../../scripts/install/${name}.mjs`, import.meta.url).href);
}

/** Compiler, cmake, and make or ninja, as set-up would find them. */
export async function toolFacts(): Promise<ToolFacts[]> {
  const { checkTools } = (await script("check-tools")) as { checkTools(): Record<string, ToolFacts> };
  return Object.values(checkTools());
}

/** The LibTorch that set-up would take, without fetching one; the reason where LIBTORCH is wrong. */
export async function libtorchFacts(root: string): Promise<LibtorchFacts | null> {
  const { findLibtorch } = (await script("find-libtorch")) as {
    findLibtorch(root: string): { libtorch: LibtorchFacts | null };
  };
  return findLibtorch(root).libtorch;
}

/** Version of the LibTorch below a root, or null when there is none any more. */
export async function libtorchVersionAt(root: string): Promise<string | null> {
  const { libtorchVersion } = (await script("find-libtorch")) as {
    libtorchVersion(root: string): string | null;
  };
  return libtorchVersion(root);
}

/**
 * Runs set-up (find or fetch LibTorch, compile, test-load) with this terminal's input and output.
 * @param options what follows `drmguard setup`, for example `["--force"]`
 * @returns its exit status: 0 when the addon is ready
 */
export function runSetup(options: string[]): Promise<number> {
  const path = `${packageRoot()}scripts/install/install.mjs`;
  // Asked for by name, so a DRMGUARD_SKIP_NATIVE that was meant for `npm install` does not count.
  const { DRMGUARD_SKIP_NATIVE: _skip, ...environment } = process.env;
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [path, ...options], { stdio: "inherit", env: environment });
    child.on("error", reject);
    child.on("exit", (status) => resolve(status ?? 1));
  });
}
