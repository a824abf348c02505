import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type DoctorFact, doctorFacts, renderDoctor } from "../../../lib/setup/index.ts";
import { canCompileStubs, compileStub, stubPackage } from "../native/stub-package.ts";
import { TemporaryFolder } from "./temporary-folder.ts";

let stub: ReturnType<typeof stubPackage>;
let folder: TemporaryFolder;
beforeEach(() => {
  stub = stubPackage();
  folder = new TemporaryFolder();
});
afterEach(() => {
  stub.remove();
  folder.remove();
});

function fact(facts: DoctorFact[], name: string): DoctorFact {
  const found = facts.find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`no fact is called ${name}`);
  return found;
}

describe("doctorFacts without an addon", () => {
  it("fails on the addon alone, and names the command", async () => {
    const facts = await doctorFacts(stub.root);
    const addon = fact(facts, "native addon");
    expect(addon.ok).toBe(false);
    expect(addon.value).toContain("ERR_NATIVE_MISSING");
    expect(addon.fix).toContain("npx drmguard setup");
    expect(fact(facts, "drmguard").value).toBe("1.2.3");
    expect(fact(facts, "Node").value).toContain(process.versions.node);
    expect(fact(facts, "sharp").ok).toBe(true);
  });
});

describe.skipIf(!canCompileStubs)("doctorFacts with a stub addon (needs cc on Linux)", () => {
  function stamp(addon: string, libtorchRoot: string): void {
    const text = JSON.stringify({ libtorch: "2.13.0", libtorchRoot, fingerprint: "none" });
    writeFileSync(join(dirname(addon), "drmguard.stamp.json"), text);
  }

  it("reports what the addon says; an absent GPU is no fault", async () => {
    const addon = compileStub(stub.root, "build");
    stamp(addon, folder.libtorch("torch", "2.13.0"));
    const facts = await doctorFacts(stub.root);
    expect(fact(facts, "native addon")).toMatchObject({ ok: true, fix: null });
    expect(fact(facts, "CPU kernels").value).toBe("STUB2");
    expect(fact(facts, "device cpu")).toMatchObject({ ok: true, value: "a processor" });
    expect(fact(facts, "device cuda:0")).toMatchObject({ ok: true, value: "not available: no driver" });
    expect(fact(facts, "LibTorch")).toMatchObject({ ok: true, fix: null });
  });

  it("fails when the LibTorch was replaced by another version", async () => {
    const addon = compileStub(stub.root, "build");
    stamp(addon, folder.libtorch("torch", "2.14.1"));
    const libtorch = fact(await doctorFacts(stub.root), "LibTorch");
    expect(libtorch.ok).toBe(false);
    expect(libtorch.value).toMatch(/2\.13\.0 compiled in, 2\.14\.1 found/);
    expect(libtorch.fix).toBe("npx drmguard setup --force");
  });

  it("survives an addon that crashes on loading", async () => {
    compileStub(stub.root, "build", ["-DSTUB_CRASH"]);
    const addon = fact(await doctorFacts(stub.root), "native addon");
    expect(addon.ok).toBe(false);
    expect(addon.value).toContain("ERR_NATIVE_MISMATCH");
  });
});

describe("renderDoctor", () => {
  const facts: DoctorFact[] = [
    { name: "Node", value: "20.20.2", ok: true, fix: null },
    { name: "native addon", value: "not built", ok: false, fix: "npx drmguard setup" },
  ];

  it("lines up names, marks faults and puts the fix below", () => {
    expect(renderDoctor(facts)).toBe(
      [
        "ok    Node          20.20.2",
        "FAIL  native addon  not built",
        "                    fix: npx drmguard setup",
        "",
        "1 of 2 facts need mending.",
        "",
      ].join("\n"),
    );
  });

  it("says so when all is well", () => {
    expect(renderDoctor(facts.slice(0, 1))).toContain("Everything that DRMGuard needs is there.");
  });
});
