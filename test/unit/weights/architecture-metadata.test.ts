import { describe, expect, it } from "vitest";
import { openModel } from "../../../lib/models/index.ts";
import { detectFormat } from "../../../lib/models/model-format.ts";
import type { ArchitectureSpec, NativeAddon, NativeModel, TensorRecord } from "../../../lib/native/addon.ts";
import {
  ARCHITECTURE_KEY,
  architectureMetadata,
  architectureOf,
  encodeSafetensors,
} from "../../../lib/weights/index.ts";

const SPEC: ArchitectureSpec = {
  name: "resnet-tiny",
  head: "linear",
  outputs: 2,
  channels: 3,
  height: 32,
  width: 48,
};
const tensors: TensorRecord[] = [{ name: "w", dtype: "uint8", shape: [2], data: Uint8Array.of(1, 2) }];
const named = (value: unknown) => new Map([[ARCHITECTURE_KEY, JSON.stringify(value)]]);

describe("the architecture of a weights file", () => {
  it("survives the file", () => {
    expect(architectureOf(architectureMetadata(SPEC))).toEqual(SPEC);
    expect(architectureOf(new Map([["format", "pt"]]))).toBeNull();
  });

  it.each([
    ["an unknown name", { ...SPEC, name: "constructor" }],
    ["a huge image", { ...SPEC, height: 1e9 }],
    ["no outputs", { ...SPEC, outputs: 0 }],
    ["another key", { ...SPEC, more: 1 }],
    ["no object", 7],
  ])("is refused for %s", (_title, value) => {
    expect(() => architectureOf(named(value))).toThrow(expect.objectContaining({ code: "ERR_MODEL_FORMAT" }));
  });

  it("makes the file a model", async () => {
    const bytes = encodeSafetensors(tensors, architectureMetadata(SPEC));
    expect(detectFormat(bytes)).toBe("safetensors");
    const built: unknown[] = [];
    const model = {} as NativeModel;
    const addon = {
      buildTorchScript: async (...given: unknown[]) => {
        built.push(given);
        return Uint8Array.of(7);
      },
      loadTorchScript: async (archive: Uint8Array) => {
        built.push([...archive]);
        return model;
      },
    } as unknown as NativeAddon;
    const file = { path: "m", name: "m", bytes, sha256: "", format: "safetensors" } as const;
    expect(await openModel(addon, file)).toBe(model);
    expect(built).toEqual([[SPEC, tensors], [7]]);
  });

  it("is asked for where a file does not name it, with what to do", () => {
    expect(() => detectFormat(encodeSafetensors(tensors))).toThrow(
      expect.objectContaining({
        code: "ERR_MODEL_FORMAT",
        message: expect.stringContaining(ARCHITECTURE_KEY),
        hint: expect.stringContaining("torch.export.save"),
      }),
    );
  });
});
