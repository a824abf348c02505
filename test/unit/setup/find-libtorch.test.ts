import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { installScript, TemporaryFolder } from "./temporary-folder.ts";

const { findLibtorch } = await installScript("find-libtorch");

let folder: TemporaryFolder;
beforeEach(() => {
  folder = new TemporaryFolder();
});
afterEach(() => folder.remove());

/** A Python that has torch in the given folder, or none. */
function python(torch: string): void {
  folder.command("python3", `echo "${torch}"`);
}

describe("findLibtorch", () => {
  it("finds nothing on a bare machine", () => {
    expect(findLibtorch(folder.path, folder.environment())).toEqual({ libtorch: null, passedOver: [] });
  });

  it("takes LIBTORCH before Python before vendor", () => {
    const own = folder.libtorch("own", "2.14.1");
    const ofPython = folder.libtorch("site/torch", "2.13.1");
    const vendor = folder.libtorch("vendor/libtorch/torch", "2.13.0");
    python(ofPython);
    const environment = folder.environment();
    expect(findLibtorch(folder.path, { ...environment, LIBTORCH: own }).libtorch).toEqual({
      root: own,
      version: "2.14.1",
      source: "LIBTORCH",
    });
    expect(findLibtorch(folder.path, environment).libtorch).toEqual({
      root: ofPython,
      version: "2.13.1",
      source: "python",
    });
    python("");
    expect(findLibtorch(folder.path, environment).libtorch).toEqual({
      root: vendor,
      version: "2.13.0",
      source: "vendor",
    });
  });

  it("passes over a Python torch of another minor version, and says so", () => {
    const ofPython = folder.libtorch("site/torch", "2.12.0");
    python(ofPython);
    const found = findLibtorch(folder.path, folder.environment());
    expect(found.libtorch).toBeNull();
    expect(found.passedOver).toHaveLength(1);
    expect(found.passedOver[0]).toContain("2.12.0");
    expect(found.passedOver[0]).toContain("2.13.x");
  });

  it("passes over a vendor folder of another version or without the library", () => {
    folder.libtorch("vendor/libtorch/torch", "2.12.0");
    const found = findLibtorch(folder.path, folder.environment());
    expect(found.libtorch).toBeNull();
    expect(found.passedOver[0]).toContain("vendor/libtorch");
  });

  it("goes on when Python fails", () => {
    folder.command("python3", "echo broken >&2; exit 3");
    const vendor = folder.libtorch("vendor/libtorch/torch", "2.13.0");
    expect(findLibtorch(folder.path, folder.environment()).libtorch.root).toBe(vendor);
  });

  it.each([
    ["no LibTorch at all", null],
    ["a LibTorch that is too old", "2.3.1"],
  ])("refuses a LIBTORCH with %s rather than taking another", (_title, version) => {
    folder.libtorch("vendor/libtorch/torch", "2.13.0");
    const own = version === null ? folder.path : folder.libtorch("own", version);
    const attempt = () => findLibtorch(folder.path, folder.environment({ LIBTORCH: own }));
    expect(attempt).toThrow(/LIBTORCH does not name a LibTorch/);
    expect(attempt).toThrow(version === null ? /no include\/ATen/ : /LibTorch 2\.3\.1/);
  });
});
