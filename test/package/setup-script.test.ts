import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { canCompileStubs } from "../unit/native/stub-package.ts";
import { TemporaryFolder } from "../unit/setup/temporary-folder.ts";
import { type Outcome, repository, run } from "./packed-package.ts";

/** The set-up scripts in a package whose addon is a stub and whose LibTorch is a few empty files. */
class StubSetup {
  readonly folder = new TemporaryFolder();
  readonly root = this.folder.path;
  readonly libtorch = this.folder.libtorch("my libtorch", "2.13.0");

  constructor() {
    mkdirSync(join(this.root, "native"));
    cpSync(join(repository, "scripts", "install"), join(this.root, "scripts", "install"), {
      recursive: true,
    });
    copyFileSync(join(repository, "package.json"), join(this.root, "package.json"));
    for (const [from, to] of [
      ["stub.c", "native/stub.c"],
      ["CMakeLists.txt", "CMakeLists.txt"],
    ] as const) {
      copyFileSync(join(repository, "test/fixtures/native-stub", from), join(this.root, to));
    }
    symlinkSync(join(repository, "node_modules"), join(this.root, "node_modules"));
  }

  get addon(): string {
    return join(this.root, "build", "Release", "drmguard.node");
  }

  run(options: string[] = [], environment: Record<string, string> = {}): Outcome {
    const script = join(this.root, "scripts", "install", "install.mjs");
    return run(this.root, process.execPath, [script, ...options], {
      LIBTORCH: this.libtorch,
      ...environment,
    });
  }
}

let setup: StubSetup;
beforeAll(() => {
  setup = new StubSetup();
});
afterAll(() => setup.folder.remove());

// Each test goes on from what the one before it left, as a user's own commands do.
describe.skipIf(!canCompileStubs)("install.mjs on a stub (needs cc on Linux)", () => {
  it("does nothing when DRMGUARD_SKIP_NATIVE=1, and says so in one line", () => {
    const { status, stdout } = setup.run([], { DRMGUARD_SKIP_NATIVE: "1" });
    expect(status).toBe(0);
    expect(stdout.trim().split("\n")).toHaveLength(1);
    expect(stdout).toContain("DRMGUARD_SKIP_NATIVE=1");
    expect(existsSync(join(setup.root, "build"))).toBe(false);
  });

  it("names all that is missing in one message, on a machine that has only Node", () => {
    const only = setup.folder.environment({ LIBTORCH: "" });
    const { status, stderr } = setup.run([], only);
    expect(status).toBe(1);
    for (const subject of ["C++ compiler", "cmake", "make or ninja", "pip"]) {
      expect(stderr).toContain(`  ${subject}\n    found:`);
    }
    expect(stderr.match(/drmguard: /g)).toHaveLength(1);
    expect(stderr).toContain("g++ cmake make python3-pip");
    expect(existsSync(join(setup.root, "vendor"))).toBe(false);
  });

  it("builds the addon and nothing else, in a folder with a space", () => {
    // The stub's CMakeLists.txt has a target for the tests that fails when it is built.
    const { status, stdout, stderr } = setup.run();
    expect(status, stdout + stderr).toBe(0);
    expect(stdout).toContain("the native addon is ready");
    const stamp = JSON.parse(readFileSync(join(setup.root, "build/Release/drmguard.stamp.json"), "utf8"));
    expect(stamp).toMatchObject({ libtorch: "2.13.0", libtorchRoot: setup.libtorch });
    expect(existsSync(join(setup.root, "build/.install.lock"))).toBe(false);
  });

  it("is done at once when nothing has changed, even where the compiler is gone", () => {
    const before = statSync(setup.addon).mtimeMs;
    const { status, stdout } = setup.run([], { PATH: join(setup.root, "bin") });
    expect(status).toBe(0);
    expect(stdout).toContain("up to date");
    expect(statSync(setup.addon).mtimeMs).toBe(before);
  });

  it("compiles again when a source has changed, and with --force", () => {
    writeFileSync(join(setup.root, "native", "changed.h"), "// new\n");
    expect(setup.run().stdout).toContain("the native addon is ready");
    expect(setup.run().stdout).toContain("up to date");
    expect(setup.run(["--force"]).stdout).toContain("the native addon is ready");
  });

  it("configures anew for another LibTorch", () => {
    const other = setup.folder.libtorch("other libtorch", "2.14.1");
    const { status, stdout } = setup.run([], { LIBTORCH: other });
    expect(status).toBe(0);
    expect(stdout).toContain("LibTorch 2.14.1");
    const cache = readFileSync(join(setup.root, "build", "CMakeCache.txt"), "utf8");
    expect(cache).toContain(`LIBTORCH:PATH=${other}\n`);
  });

  it("fails with one message after the compiler's own, and keeps the lock free", () => {
    writeFileSync(join(setup.root, "native", "stub.c"), "this is no C\n");
    const { status, stderr, stdout } = setup.run();
    expect(status).toBe(1);
    expect(stderr).toContain("the native addon could not be compiled");
    expect((stdout + stderr).match(/unknown type name|error:/g)).not.toBeNull();
    expect(existsSync(join(setup.root, "build/.install.lock"))).toBe(false);
  });

  it("fails when the addon compiles but cannot be loaded", () => {
    writeFileSync(
      join(setup.root, "native", "stub.c"),
      "extern int nowhere(void);\nint f(void) { return nowhere(); }\n",
    );
    const { status, stderr } = setup.run();
    expect(status).toBe(1);
    expect(stderr).toContain("the addon was compiled but cannot be loaded");
    expect(setup.run().status).toBe(1);
  });

  it("refuses an option that it does not know", () => {
    const { status, stderr } = setup.run(["--forse"]);
    expect(status).toBe(1);
    expect(stderr).toContain("--forse");
  });
});
