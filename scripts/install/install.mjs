// Makes the native addon: finds or fetches LibTorch, compiles, loads the result once. Run by `npm install` in a clone,
// by `npm run build:native`, and by `npx drmguard setup` where npm does not run install scripts.
// Usage: node scripts/install/install.mjs [--force]
import { existsSync } from "node:fs";
import { addonPath, buildAddon } from "./build.mjs";
import { loadFingerprint, readStamp, sourceDigest, writeStamp } from "./build-stamp.mjs";
import { findLibtorch } from "./find-libtorch.mjs";
import { withInstallLock } from "./install-lock.mjs";
import { obtainLibtorch } from "./obtain-libtorch.mjs";
import { packageRoot, packageVersion } from "./package-facts.mjs";
import { runScript, say } from "./setup-script.mjs";
import { verifyAddon } from "./verify-addon.mjs";

async function main() {
  if (process.env.DRMGUARD_SKIP_NATIVE === "1") {
    say("DRMGUARD_SKIP_NATIVE=1: the native addon is not built; `npx drmguard setup` builds it later");
    return;
  }
  const options = process.argv.slice(2);
  const unknown = options.find((option) => option !== "--force");
  if (unknown !== undefined) throw new Error(`unknown option ${unknown}; the only one is --force`);
  await withInstallLock(packageRoot, say, () => setUp(options.includes("--force")));
}

async function setUp(force) {
  const addon = addonPath(packageRoot);
  const local = findLibtorch(packageRoot);
  for (const passedOver of local.passedOver) say(`passing over ${passedOver}`);
  if (!force && local.libtorch !== null && isUpToDate(addon, local.libtorch)) {
    say(`the native addon is up to date (LibTorch ${local.libtorch.version} in ${local.libtorch.root})`);
    return;
  }
  const libtorch = await obtainLibtorch(packageRoot, local.libtorch, say);
  say(`compiling with LibTorch ${libtorch.version} in ${libtorch.root}`);
  const stamp = stampOf(libtorch);
  await buildAddon(packageRoot, libtorch);
  const facts = verifyAddon(addon, libtorch);
  writeStamp(addon, { ...stamp, fingerprint: loadFingerprint(addon, libtorch.root) });
  say(`the native addon is ready: ${addon} (LibTorch ${facts.libtorch})`);
}

function stampOf(libtorch) {
  return {
    version: packageVersion,
    libtorch: libtorch.version,
    libtorchRoot: libtorch.root,
    sources: sourceDigest(packageRoot),
  };
}

function isUpToDate(addon, libtorch) {
  const stamp = readStamp(addon);
  if (stamp === null || !existsSync(addon)) return false;
  const wanted = { ...stampOf(libtorch), fingerprint: loadFingerprint(addon, libtorch.root) };
  return Object.entries(wanted).every(([name, value]) => stamp[name] === value);
}

runScript(main);
