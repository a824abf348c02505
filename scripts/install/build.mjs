// Compiles the addon with cmake-js into build/.
import { existsSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism, freemem } from "node:os";
import { dirname, join } from "node:path";
import { capture, stream } from "./run-command.mjs";
import { SetupError } from "./setup-error.mjs";

const bytesPerCompiler = 1.4e9;

/** The addon that cmake-js makes. */
export function addonPath(packageRoot) {
  return join(packageRoot, "build", "Release", "drmguard.node");
}

/** Compilers that may run side by side: one per core, as far as memory allows. The user's own choice wins. */
export function parallelLevel(environment = process.env) {
  const chosen = Number(environment.CMAKE_BUILD_PARALLEL_LEVEL);
  if (Number.isInteger(chosen) && chosen > 0) return chosen;
  const free = Math.min(freemem(), process.availableMemory?.() ?? Number.POSITIVE_INFINITY);
  return Math.max(1, Math.min(availableParallelism(), Math.floor(free / bytesPerCompiler)));
}

/**
 * @param {string} packageRoot
 * @param {import("./find-libtorch.mjs").LibTorch} libtorch
 * @throws {SetupError} when configuring or compiling fails; the compiler's own output has been shown by then.
 */
export async function buildAddon(packageRoot, libtorch) {
  const environment = { ...process.env, CMAKE_BUILD_PARALLEL_LEVEL: String(parallelLevel()) };
  // CMake keeps found libraries in its cache: a cache for another LibTorch, folder or generator is of no use.
  const generator = reusableGenerator(packageRoot, libtorch);
  if (generator === null) dropCache(packageRoot);
  const generatorArguments = generator === null ? [] : ["-G", generator];
  const cmakeJs = join(
    dirname(createRequire(import.meta.url).resolve("cmake-js/package.json")),
    "bin",
    "cmake-js",
  );
  // `configure` and `build`, not `compile`: that one wipes the folder and tries again when a file does not compile.
  const steps = [
    ["configure", `--CDLIBTORCH=${libtorch.root}`, ...generatorArguments],
    ["build", "--target", "drmguard_addon", ...generatorArguments],
  ];
  for (const [step, ...options] of steps) {
    const command = [cmakeJs, step, "--directory", packageRoot, "--log-level", "warn", ...options];
    const status = await stream(process.execPath, command, { cwd: packageRoot, env: environment });
    if (status !== 0) throw buildFailure(step, status, environment.CMAKE_BUILD_PARALLEL_LEVEL);
  }
}

function buildFailure(step, status, level) {
  const fixes =
    level === "1" ? [] : ["CMAKE_BUILD_PARALLEL_LEVEL=1 npx drmguard setup   (when memory ran out)"];
  return new SetupError("the native addon could not be compiled.", [
    {
      subject: `cmake-js ${step}`,
      found: `exit status ${status}; the first error is above`,
      needed: "a compile without errors",
      fixes,
    },
  ]);
}

function reusableGenerator(packageRoot, libtorch) {
  const path = join(packageRoot, "build", "CMakeCache.txt");
  if (!existsSync(path)) return null;
  const cache = readFileSync(path, "utf8");
  const entry = (name) => new RegExp(`^${name}:\\w+=(.*)$`, "m").exec(cache)?.[1];
  const generator = entry("CMAKE_GENERATOR");
  const program = entry("CMAKE_MAKE_PROGRAM");
  const fits =
    entry("LIBTORCH") === libtorch.root &&
    join(entry("CMAKE_HOME_DIRECTORY") ?? "", "/") === join(packageRoot, "/") &&
    program !== undefined &&
    capture(program, ["--version"]).ok;
  return fits ? generator : null;
}

function dropCache(packageRoot) {
  for (const name of ["CMakeCache.txt", "CMakeFiles"]) {
    rmSync(join(packageRoot, "build", name), { recursive: true, force: true });
  }
}
