import { rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DrmGuardError } from "../../../lib/errors/index.ts";
import { loadAddonFrom } from "../../../lib/native/load-addon.ts";
import { canCompileStubs, compileLibrary, compileStub, stubPackage } from "./stub-package.ts";

let stub: ReturnType<typeof stubPackage>;
beforeEach(() => {
  stub = stubPackage();
});
afterEach(() => stub.remove());

function failureOf(root: string): DrmGuardError {
  try {
    loadAddonFrom(root);
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(DrmGuardError);
    return thrown as DrmGuardError;
  }
  throw new Error("expected loadAddonFrom to throw");
}

describe("a package without an addon", () => {
  it("is ERR_NATIVE_MISSING, names both places and the command", () => {
    const error = failureOf(stub.root);
    expect(error.code).toBe("ERR_NATIVE_MISSING");
    expect(error.message).toContain(join(stub.root, "build", "Release", "drmguard.node"));
    expect(error.message).toContain(join(stub.root, "build-gyp", "Release", "drmguard.node"));
    expect(error.message).toContain("npx drmguard setup");
  });
});

describe.skipIf(!canCompileStubs)("addons compiled from stubs (needs cc on Linux)", () => {
  it("loads the addon of cmake-js first", () => {
    const addon = compileStub(stub.root, "build");
    compileStub(stub.root, "build-gyp");
    expect(loadAddonFrom(stub.root).path).toBe(addon);
  });

  it("loads the addon of node-gyp where it is the only one", () => {
    const addon = compileStub(stub.root, "build-gyp");
    const loaded = loadAddonFrom(stub.root);
    expect(loaded.path).toBe(addon);
    expect(loaded.addon.buildFacts().drmguard).toBe("1.2.3");
  });

  it("passes over an addon that crashes and takes the next", () => {
    compileStub(stub.root, "build", ["-DSTUB_CRASH"]);
    const addon = compileStub(stub.root, "build-gyp");
    expect(loadAddonFrom(stub.root).path).toBe(addon);
  });

  it("turns a crash on loading into ERR_NATIVE_MISMATCH instead of dying", () => {
    const addon = compileStub(stub.root, "build", ["-DSTUB_CRASH"]);
    const error = failureOf(stub.root);
    expect(error.code).toBe("ERR_NATIVE_MISMATCH");
    expect(error.message).toContain(`${addon}: loading it ends with SIGABRT`);
    expect(error.message).toContain("npx drmguard setup");
  });

  it("refuses an addon that was compiled for another version of the package", () => {
    compileStub(stub.root, "build", ['-DSTUB_VERSION="1.2.2"']);
    const error = failureOf(stub.root);
    expect(error.code).toBe("ERR_NATIVE_MISMATCH");
    expect(error.message).toContain("compiled for drmguard 1.2.2, this is drmguard 1.2.3");
  });

  it("calls a symbol that LibTorch no longer has a mismatch", () => {
    compileStub(stub.root, "build", ["-DSTUB_MISSING", "-Wl,-z,now"]);
    const error = failureOf(stub.root);
    expect(error.code).toBe("ERR_NATIVE_MISMATCH");
    expect(error.message).toContain("undefined symbol: defined_nowhere");
  });

  it("calls a library that is gone missing", () => {
    const library = compileLibrary(stub.root);
    compileStub(stub.root, "build", ["-DSTUB_MISSING", library]);
    rmSync(library);
    const error = failureOf(stub.root);
    expect(error.code).toBe("ERR_NATIVE_MISSING");
    expect(error.message).toContain("libgone.so");
  });

  it("calls a file that is no library at all a mismatch, and names every file that it tried", () => {
    const text = compileStub(stub.root, "build");
    rmSync(text);
    writeFileSync(text, "not a library");
    const crashing = compileStub(stub.root, "build-gyp", ["-DSTUB_CRASH"]);
    const error = failureOf(stub.root);
    expect(error.code).toBe("ERR_NATIVE_MISMATCH");
    expect(error.message).toContain(text);
    expect(error.message).toContain(crashing);
  });

  it("is not misled by a stamp that belongs to another file", () => {
    const addon = compileStub(stub.root, "build", ["-DSTUB_CRASH"]);
    const stamp = { libtorch: "2.13.0", libtorchRoot: "/none", fingerprint: "1@1|none|115|x64|" };
    writeFileSync(join(dirname(addon), "drmguard.stamp.json"), JSON.stringify(stamp));
    expect(failureOf(stub.root).code).toBe("ERR_NATIVE_MISMATCH");
  });
});
