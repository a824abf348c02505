// Builds the addon with node-gyp into build-gyp/ (npm run build:gyp, in a clone): the second way, on the same sources.
import { copyFileSync, existsSync, mkdirSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { parallelLevel } from "./build.mjs";
import { loadFingerprint, writeStamp } from "./build-stamp.mjs";
import { findLibtorch } from "./find-libtorch.mjs";
import { withInstallLock } from "./install-lock.mjs";
import { obtainLibtorch } from "./obtain-libtorch.mjs";
import { packageRoot, packageVersion } from "./package-facts.mjs";
import { stream } from "./run-command.mjs";
import { SetupError } from "./setup-error.mjs";
import { runScript, say } from "./setup-script.mjs";
import { verifyAddon } from "./verify-addon.mjs";

/** node-gyp writes to build/ below the folder of its binding.gyp: that folder is this one, not the package's. */
const folder = join(packageRoot, "build-gyp");

async function main() {
  requirePlainPath();
  await withInstallLock(packageRoot, say, async () => {
    const libtorch = await obtainLibtorch(packageRoot, findLibtorch(packageRoot).libtorch, say);
    say(`compiling with node-gyp and LibTorch ${libtorch.version} in ${libtorch.root}`);
    await runNodeGyp(libtorch);
    const addon = join(folder, "Release", "drmguard.node");
    mkdirSync(dirname(addon), { recursive: true });
    renameSync(join(folder, "build", "Release", "drmguard.node"), addon);
    const facts = verifyAddon(addon, libtorch);
    const stamp = { version: packageVersion, libtorch: libtorch.version, libtorchRoot: libtorch.root };
    writeStamp(addon, { ...stamp, fingerprint: loadFingerprint(addon, libtorch.root) });
    say(`the native addon is ready: ${addon} (LibTorch ${facts.libtorch})`);
  });
}

/** The makefiles that node-gyp writes cannot hold a space. */
function requirePlainPath() {
  if (!/\s/.test(packageRoot)) return;
  throw new SetupError("node-gyp cannot build below a path with a space.", [
    { subject: "folder", found: packageRoot, needed: "a path without spaces, or the build with cmake-js" },
  ]);
}

async function runNodeGyp(libtorch) {
  mkdirSync(folder, { recursive: true });
  copyFileSync(join(packageRoot, "binding.gyp"), join(folder, "binding.gyp"));
  rmSync(join(folder, "native"), { force: true });
  symlinkSync(join(packageRoot, "native"), join(folder, "native"), "junction");
  const nodeGyp = createRequire(import.meta.url).resolve("node-gyp/bin/node-gyp.js");
  const options = [`--jobs=${parallelLevel()}`, "--loglevel=warn", ...headerOptions()];
  const status = await stream(process.execPath, [nodeGyp, "configure", "build", "-C", folder, ...options], {
    env: { ...process.env, LIBTORCH: libtorch.root, DRMGUARD_ROOT: packageRoot },
  });
  if (status === 0) return;
  throw new SetupError("the native addon could not be compiled.", [
    {
      subject: "node-gyp",
      found: `exit status ${status}; the first error is above`,
      needed: "a compile without errors",
    },
  ]);
}

/** Node's own headers where they lie beside it; node-gyp downloads them otherwise. */
function headerOptions() {
  const prefix = dirname(dirname(process.execPath));
  const present = existsSync(join(prefix, "include", "node", "node_api.h"));
  return present && !process.env.npm_config_nodedir ? [`--nodedir=${prefix}`] : [];
}

runScript(main);
