import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PackedPackage, repository, run } from "./packed-package.ts";

let packed: PackedPackage;
let blocked: string;
beforeAll(() => {
  packed = new PackedPackage();
  // What npm 12 does with a dependency's install scripts.
  blocked = packed.install("scripts blocked", ["--ignore-scripts"]).folder;
}, 300_000);
afterAll(() => packed.remove());

describe("the packed tarball", () => {
  it("has no binding.gyp, which would make npm run node-gyp by itself, and nothing that was built", () => {
    const files = packed.files();
    expect(files).not.toContain("binding.gyp");
    expect(files.filter((file) => /^(vendor|build|build-gyp|node_modules|test)\//.test(file))).toEqual([]);
    expect(files.filter((file) => /\.(node|so|whl|npz)$/.test(file))).toEqual([]);
  });

  it("has everything that the compile needs, but not the core's tests", () => {
    const files = new Set(packed.files());
    const sources = readdirSync(join(repository, "native"), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(repository.length));
    const needed = sources.filter((path) => !path.startsWith("native/core/tests/"));
    expect(needed.length).toBeGreaterThan(10);
    expect(needed.filter((path) => !files.has(path))).toEqual([]);
    expect([...files].filter((path) => path.startsWith("native/core/tests/"))).toEqual([]);
    for (const path of [
      "CMakeLists.txt",
      "scripts/install/install.mjs",
      "scripts/install/libtorch-pins.json",
      "LICENSE",
    ]) {
      expect(files).toContain(path);
    }
  });

  it("has the compiled library, its types and the command", () => {
    const files = packed.files();
    for (const path of ["dist/index.js", "dist/index.d.ts", "dist/cli/main.js"])
      expect(files).toContain(path);
  });
});

describe("an install that may run scripts", () => {
  it("never runs node-gyp by itself", () => {
    const options = ["--foreground-scripts"];
    const { folder, npm } = packed.install("scripts allowed", options, { DRMGUARD_SKIP_NATIVE: "1" });
    expect(npm.stdout + npm.stderr).not.toMatch(/node-gyp|gyp info/);
    expect(existsSync(join(folder, "node_modules/drmguard/build"))).toBe(false);
  });
});

describe("an install whose scripts npm blocked", () => {
  it("imports, and has the types' entry point", () => {
    const script =
      'const m = await import("drmguard"); console.log(typeof m.scan, typeof m.judge, typeof m.loadModel)';
    const { status, stdout, stderr } = run(blocked, "node", ["--input-type=module", "-e", script]);
    expect(stderr).toBe("");
    expect({ status, stdout }).toEqual({ status: 0, stdout: "function function function\n" });
  });

  it("has a doctor that fails and names the command that mends it", () => {
    const { status, stdout } = run(blocked, "npx", ["--no-install", "drmguard", "doctor"]);
    expect(status).not.toBe(0);
    expect(stdout).toContain("ERR_NATIVE_MISSING");
    expect(stdout).toContain("npx drmguard setup");
  });

  it("says so on a scan before anything else is read", () => {
    const scan = ["--no-install", "drmguard", "scan", "model.pt", "--images", "images"];
    const { status, stdout, stderr } = run(blocked, "npx", scan);
    expect(status).not.toBe(0);
    expect(stdout).toBe("");
    expect(stderr).toContain("ERR_NATIVE_MISSING");
    expect(stderr).toContain("npx drmguard setup");
  });

  const asked = process.env.DRMGUARD_TEST_SETUP === "1";
  it.skipIf(!asked)(
    "is completed by npx drmguard setup (skipped: compiles for minutes; DRMGUARD_TEST_SETUP=1 runs it)",
    { timeout: 1_200_000 },
    () => {
      const setup = run(blocked, "npx", ["--no-install", "drmguard", "setup"]);
      expect(setup.status, setup.stdout + setup.stderr).toBe(0);
      const doctor = run(blocked, "npx", ["--no-install", "drmguard", "doctor"]);
      expect(doctor.status, doctor.stdout).toBe(0);
    },
  );
});
