import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { strToU8, zipSync } from "fflate";
import { afterAll, describe, expect, it } from "vitest";
import { loadModelFile } from "../../../lib/models/load-model.ts";
import { detectFormat } from "../../../lib/models/model-format.ts";
import { codeOf, FIXTURES, fixtureBytes, fixturePath, HOSTILE } from "./model-fixtures.ts";

const folder = mkdtempSync(join(tmpdir(), "drmguard-models-"));
afterAll(() => rmSync(folder, { recursive: true }));

function written(name: string, content: Uint8Array | string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const zip = (...names: string[]) => zipSync(Object.fromEntries(names.map((name) => [name, strToU8("x")])));

describe("loadModelFile", () => {
  for (const { file, form } of FIXTURES.models.flatMap((model) => model.files)) {
    it(`reads ${file}`, async () => {
      const model = await loadModelFile(fixturePath(file));
      expect(model.format).toBe(form === "export" ? "torch.export" : "torchscript");
      expect(model.name).toBe(file);
      expect(Buffer.compare(model.bytes, fixtureBytes(file))).toBe(0);
      expect(model.sha256).toBe(createHash("sha256").update(fixtureBytes(file)).digest("hex"));
    });
  }

  it("looks at the content, not at the extension", async () => {
    const disguised = written("really-an-export.pt", fixtureBytes("no_linear_head.pt2"));
    expect((await loadModelFile(disguised)).format).toBe("torch.export");
  });

  for (const [file, { code, stage }] of Object.entries(HOSTILE)) {
    if (stage !== "load") continue;
    it(`refuses ${file} with ${code} and says which file it was`, async () => {
      const path = fixturePath(`hostile/${file}`);
      await expect(loadModelFile(path)).rejects.toMatchObject({
        code,
        message: expect.stringContaining(path),
      });
    });
  }

  it("refuses files above the bound without reading them", async () => {
    const path = fixturePath("no_linear_head.trace.pt");
    const size = fixtureBytes("no_linear_head.trace.pt").length;
    await expect(loadModelFile(path, { maximumBytes: size - 1 })).rejects.toMatchObject({
      code: "ERR_MODEL_TOO_LARGE",
    });
    expect((await loadModelFile(path, { maximumBytes: size })).bytes.length).toBe(size);
  });

  it("refuses a missing file and a folder", async () => {
    await expect(loadModelFile(join(folder, "absent.pt"))).rejects.toMatchObject({
      code: "ERR_FILE_NOT_FOUND",
    });
    await expect(loadModelFile(folder)).rejects.toMatchObject({
      code: "ERR_FILE_NOT_FOUND",
      message: expect.stringContaining("no regular file"),
    });
  });
});

describe("what a file seems to be", () => {
  const safetensors = Uint8Array.from([2, 0, 0, 0, 0, 0, 0, 0, ...strToU8("{}")]);
  const onnx = Uint8Array.from([0x08, 0x09, 0x12, 0x07, ...strToU8("pytorch"), 0x3a, 0x02, 0x0a, 0x00]);
  for (const [what, content, words] of [
    ["a safetensors file", safetensors, "safetensors"],
    ["an ONNX model", onnx, "ONNX"],
    ["a text file", strToU8("model: resnet18\n"), "text file"],
    ["an HDF5 file", Uint8Array.from([0x89, ...strToU8("HDF\r\n"), 0x1a, 0x0a]), "HDF5"],
    ["a gzip archive", Uint8Array.from([0x1f, 0x8b, 8, 0]), "gzip"],
    ["an empty zip", zipSync({}), "empty zip"],
    ["noise", Uint8Array.from([0xff, 0x00, 0x13]), "unknown kind"],
    ["a NumPy archive", zip("weights.npy"), "NumPy"],
    [
      "a pickled checkpoint",
      zip("archive/data.pkl", "archive/data/0", "archive/version"),
      "pickled PyTorch checkpoint",
    ],
    ["a compiled package", zip("m/archive_format", "m/data/aotinductor/model/a.so"), "AOTInductor"],
    ["an export of the old layout", zip("serialized_exported_program.json", "version"), "older layout"],
    [
      "a program beside the root folder",
      zip("m/archive_format", "models/model.json"),
      "without a model program",
    ],
  ] as const) {
    it(`names ${what}`, () => {
      expect(() => detectFormat(content)).toThrow(expect.objectContaining({ code: "ERR_MODEL_FORMAT" }));
      expect(() => detectFormat(content)).toThrow(words);
    });
  }

  it("tells how to export the model behind a checkpoint", () => {
    expect(() => detectFormat(fixtureBytes("hostile/state_dict.pt"))).toThrow(
      expect.objectContaining({ hint: expect.stringContaining("torch.export.save") }),
    );
  });

  it("takes every cut of a model for truncated", () => {
    const whole = fixtureBytes("no_linear_head.pt2");
    // The export carries a zip of its own (sample inputs): a cut behind that one's end must not pass for a whole file.
    const inner = Buffer.from(whole).indexOf("PK\x05\x06", 0, "latin1") + 22;
    expect(inner).toBeLessThan(whole.length - 22);
    for (const length of [4, 100, inner - 1, inner, inner + 1, whole.length - 23, whole.length - 1]) {
      expect(codeOf(() => detectFormat(whole.slice(0, length)))).toBe("ERR_MODEL_TRUNCATED");
    }
  });

  it("refuses records that leave the archive", () => {
    for (const name of ["../evil", "m/../../evil", "/etc/passwd", "m\\..\\evil"]) {
      expect(codeOf(() => detectFormat(zip("m/models/model.json", "m/archive_format", name)))).toBe(
        "ERR_MODEL_FORMAT",
      );
    }
  });
});
