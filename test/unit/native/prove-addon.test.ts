import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isMissingLibrary, loadFingerprint, proveAddon, stampOf } from "../../../lib/native/prove-addon.ts";
import { canCompileStubs, compileStub, stubPackage } from "./stub-package.ts";

const buildStamp = await import(new URL("../../../scripts/install/build-stamp.mjs", import.meta.url).href);

let stub: ReturnType<typeof stubPackage>;
beforeEach(() => {
  stub = stubPackage();
});
afterEach(() => stub.remove());

describe("the stamp that set-up leaves", () => {
  it("holds the same fingerprint as the loader computes, and changes with either file", () => {
    const addon = join(stub.root, "build", "Release", "drmguard.node");
    const library = join(stub.root, "torch", "lib", "libtorch_cpu.so");
    for (const path of [addon, library]) mkdirSync(dirname(path), { recursive: true });
    const root = join(stub.root, "torch");
    const seen = new Set<string>();
    for (const [path, text] of [
      [addon, "1"],
      [library, "22"],
      [addon, "333"],
      [library, "4444"],
    ] as const) {
      writeFileSync(path, text);
      const fingerprint = loadFingerprint(addon, root);
      expect(buildStamp.loadFingerprint(addon, root)).toBe(fingerprint);
      seen.add(fingerprint);
    }
    expect(seen.size).toBe(4);
  });

  it("is read back as it was written, and is nothing when it is damaged", () => {
    const addon = join(stub.root, "build", "Release", "drmguard.node");
    mkdirSync(dirname(addon), { recursive: true });
    expect(stampOf(addon)).toBeNull();
    const stamp = { libtorch: "2.13.0", libtorchRoot: "/opt/libtorch", fingerprint: "f", version: "1.2.3" };
    buildStamp.writeStamp(addon, stamp);
    expect(stampOf(addon)).toEqual(stamp);
    writeFileSync(buildStamp.stampPath(addon), '{"libtorch": 3}');
    expect(stampOf(addon)).toBeNull();
  });
});

describe.skipIf(!canCompileStubs)("test loads of stubs (needs cc on Linux)", () => {
  it("skips the child process for a file that set-up has proved", () => {
    // The stub would crash: only an outcome without a test load can be "loads".
    const addon = compileStub(stub.root, "build", ["-DSTUB_CRASH"]);
    expect(proveAddon(addon).outcome).toBe("crashes");
    buildStamp.writeStamp(addon, {
      libtorch: "2.13.0",
      libtorchRoot: stub.root,
      fingerprint: loadFingerprint(addon, stub.root),
    });
    expect(proveAddon(addon).outcome).toBe("loads");
  });
});

describe("isMissingLibrary", () => {
  it.each([
    ["libtorch_cpu.so: cannot open shared object file: No such file or directory", true],
    ["dlopen(drmguard.node, 0x0001): Library not loaded: @rpath/libc10.dylib", true],
    ["The specified module could not be found.\n\\\\?\\C:\\drmguard.node", true],
    ["drmguard.node: undefined symbol: _ZN3c105ErrorD1Ev", false],
    ["drmguard.node: invalid ELF header", false],
  ])("%s → %s", (message, missing) => {
    expect(isMissingLibrary(message)).toBe(missing);
  });
});
