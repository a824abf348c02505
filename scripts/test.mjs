// The whole test: generated files, types, lint, C++ tests, vitest. Stops at the first step that fails.
// Usage: node scripts/test.mjs [arguments for vitest]
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parallelLevel } from "./install/build.mjs";

const root = fileURLToPath(new URL("../", import.meta.url));
const bin = (name) => fileURLToPath(new URL(`../node_modules/.bin/${name}`, import.meta.url));
const jobs = String(parallelLevel());
// Tests run side by side: threads that wait for work must not keep those of another test from it.
const environment = { OMP_WAIT_POLICY: "PASSIVE", ...process.env, CMAKE_BUILD_PARALLEL_LEVEL: jobs };
const ctest = ["ctest", "--output-on-failure", "--no-tests=error", "--parallel", jobs];

const steps = [
  ["error codes", process.execPath, ["scripts/generate-error-codes.mjs", "--check"]],
  ["TypeScript build", bin("tsc"), ["-p", "tsconfig.build.json"]],
  ["lint", "npm", ["run", "--silent", "lint"]],
  ["C++ tests: build", "cmake", ["--build", "build", "--target", "drmguard_core_tests"]],
  ["C++ tests: run", "cmake", ["-E", "chdir", "build", ...ctest]],
  ["TypeScript tests", bin("vitest"), ["run", ...process.argv.slice(2)]],
];

// The C++ tests share the folder that set-up configured for the addon.
if (!existsSync(`${root}build/CMakeCache.txt`)) {
  console.error("build/ is not configured: run npm install (or npm run build:native) first");
  process.exit(1);
}
for (const [name, command, args] of steps) {
  console.log(`\n== ${name}`);
  const started = Date.now();
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: "inherit", env: environment });
  if (status !== 0) {
    console.error(`\n== ${name}: FAILED${error ? ` (${error.message})` : ` with exit status ${status}`}`);
    process.exit(status || 1);
  }
  console.log(`== ${name}: passed in ${((Date.now() - started) / 1000).toFixed(1)} s`);
}
console.log("\n== all steps passed");
