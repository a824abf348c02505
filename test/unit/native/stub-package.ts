import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const source = fileURLToPath(new URL("../../fixtures/native-stub/stub.c", import.meta.url));
const apiHeaders = createRequire(import.meta.url)("node-api-headers") as { include_dir: string };

/** Whether stubs can be compiled here: a C compiler on Linux (the stubs use ELF linker options). */
export const canCompileStubs = process.platform === "linux" && spawnSync("cc", ["--version"]).status === 0;

/** A package folder of version 1.2.3 with a space in its path; removed by `remove`. */
export function stubPackage(): { root: string; remove(): void } {
  const top = realpathSync(mkdtempSync(join(tmpdir(), "drmguard-stub-")));
  const root = join(top, "a package");
  mkdirSync(root);
  writeFileSync(join(root, "package.json"), JSON.stringify({ name: "drmguard", version: "1.2.3" }));
  return { root, remove: () => rmSync(top, { recursive: true, force: true }) };
}

/** Compiles the stub addon to build/Release or build-gyp/Release of a package folder. */
export function compileStub(root: string, folder: "build" | "build-gyp", options: string[] = []): string {
  const addon = join(root, folder, "Release", "drmguard.node");
  mkdirSync(dirname(addon), { recursive: true });
  const version = options.some((option) => option.startsWith("-DSTUB_VERSION"))
    ? []
    : ['-DSTUB_VERSION="1.2.3"'];
  const include = `-I${apiHeaders.include_dir}`;
  execFileSync("cc", ["-shared", "-fPIC", include, ...version, source, "-o", addon, ...options]);
  return addon;
}

/** A shared library that stubs can be linked against, to be deleted afterwards. */
export function compileLibrary(root: string): string {
  const code = join(root, "gone.c");
  writeFileSync(code, "int defined_nowhere(void) { return 0; }\n");
  const library = join(root, "libgone.so");
  execFileSync("cc", ["-shared", "-fPIC", code, "-o", library]);
  return library;
}
