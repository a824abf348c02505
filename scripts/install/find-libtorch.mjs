// Finds a LibTorch that is already on this machine: LIBTORCH, then a Python torch, then vendor/libtorch.
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pins } from "./pins.mjs";
import { capture } from "./run-command.mjs";
import { SetupError } from "./setup-error.mjs";
import { atLeast, minorOf } from "./versions.mjs";

/**
 * @typedef {object} LibTorch
 * @property {string} root     Folder with include/ and lib/.
 * @property {string} version  "2.13.0".
 * @property {"LIBTORCH" | "python" | "vendor"} source
 */

/** Where the unpacked wheel lies below the package's root. */
export function vendorRoot(packageRoot) {
  return join(packageRoot, "vendor", "libtorch", "torch");
}

/** Python commands to try, the user's own choice first. */
export function pythonCommands(environment = process.env) {
  return environment.PYTHON ? [environment.PYTHON] : ["python3", "python"];
}

/**
 * @returns {{ libtorch: LibTorch | null, passedOver: string[] }} `passedOver` says what was there but not taken.
 * @throws {SetupError} when LIBTORCH names something that is no LibTorch: a user's choice is never replaced silently.
 */
export function findLibtorch(packageRoot, environment = process.env) {
  if (environment.LIBTORCH) return { libtorch: fromEnvironment(environment.LIBTORCH), passedOver: [] };
  const passedOver = [];
  const libtorch = fromPython(packageRoot, environment, passedOver) ?? fromVendor(packageRoot, passedOver);
  return { libtorch, passedOver };
}

/** Version of the LibTorch below a root, or null when there is none. */
export function libtorchVersion(root) {
  if (!existsSync(join(root, "include", "ATen", "ATen.h")) || libraryPath(root) === null) return null;
  for (const header of ["torch/headeronly/version.h", "torch/csrc/api/include/torch/version.h"]) {
    const path = join(root, "include", header);
    const version = existsSync(path) ? versionOfHeader(readFileSync(path, "utf8")) : null;
    if (version !== null) return version;
  }
  return null;
}

/** The library that holds the CPU kernels, or null. */
export function libraryPath(root) {
  const names = ["libtorch_cpu.so", "libtorch_cpu.dylib", "torch_cpu.dll"];
  return names.map((name) => join(root, "lib", name)).find((path) => existsSync(path)) ?? null;
}

function versionOfHeader(text) {
  const parts = ["MAJOR", "MINOR", "PATCH"].map(
    (part) => new RegExp(`TORCH_VERSION_${part}\\s+(\\d+)`).exec(text)?.[1],
  );
  return parts.includes(undefined) ? null : parts.join(".");
}

function fromEnvironment(value) {
  const root = resolve(value);
  const version = libtorchVersion(root);
  if (version !== null && atLeast(version, pins.minimum)) return { root, version, source: "LIBTORCH" };
  throw new SetupError("LIBTORCH does not name a LibTorch that can be used.", [
    {
      subject: `LIBTORCH=${value}`,
      found:
        version === null ? "no include/ATen/ATen.h with lib/libtorch_cpu below it" : `LibTorch ${version}`,
      needed: `the root of a LibTorch ${pins.minimum} or newer (${pins.version} is the tested one)`,
      fixes: [
        "unset LIBTORCH   (a LibTorch is then found or fetched), or",
        "export LIBTORCH=\"$(python3 -c 'import torch; print(torch.__path__[0])')\"",
      ],
    },
  ]);
}

// The package is located, not imported: importing takes 1.5 s and says nothing more about its C++ part.
const locateTorch =
  "import importlib.util as u; s = u.find_spec('torch'); print((s and s.origin and s.submodule_search_locations or [''])[0])";

function fromPython(packageRoot, environment, passedOver) {
  for (const python of pythonCommands(environment)) {
    const result = capture(python, ["-c", locateTorch], { cwd: packageRoot, env: environment });
    const root = result.ok ? result.stdout.trim() : "";
    if (root === "") continue;
    const version = libtorchVersion(root);
    if (version !== null && minorOf(version) === minorOf(pins.version))
      return { root, version, source: "python" };
    passedOver.push(
      version === null
        ? `the Python torch in ${root} (it has no C++ part)`
        : `the Python torch ${version} in ${root} (${minorOf(pins.version)}.x is needed; set LIBTORCH to use it all the same)`,
    );
  }
  return null;
}

function fromVendor(packageRoot, passedOver) {
  const root = vendorRoot(packageRoot);
  const version = libtorchVersion(root);
  if (version === pins.version) return { root, version, source: "vendor" };
  if (version !== null) passedOver.push(`LibTorch ${version} in vendor/libtorch (${pins.version} is pinned)`);
  return null;
}
