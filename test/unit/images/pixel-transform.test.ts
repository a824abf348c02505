import { describe, expect, it } from "vitest";
import { PIXEL_PRESETS, type PixelPreset, resolvePixelTransform } from "../../../lib/images/index.ts";
import type { PixelTransform } from "../../../lib/native/addon.ts";
import { expectRefusal } from "./fixture.ts";

/** What the native core does, for one pixel of three equal channels. */
function applied({ scale, mean, deviation }: PixelTransform, value: number): number {
  return (value * scale - (mean[0] as number)) / (deviation[0] as number);
}

async function refusal(choice: unknown, channels?: 1 | 3): Promise<void> {
  resolvePixelTransform(choice as PixelPreset, channels);
}

describe("the pixel transform", () => {
  it("defaults to RGB in [0,1]", () => {
    expect(resolvePixelTransform()).toEqual({ channelOrder: "rgb", scale: 1, mean: [0], deviation: [1] });
    expect(resolvePixelTransform({ scale: 255 })).toEqual({
      channelOrder: "rgb",
      scale: 255,
      mean: [0],
      deviation: [1],
    });
  });

  it.each([
    ["unit", 0, 1, "rgb"],
    ["signed", -1, 1, "rgb"],
    ["raw255", 0, 255, "rgb"],
    ["raw255-bgr", 0, 255, "bgr"],
  ] as const)("preset %s maps [0,1] to [%d,%d] in %s order", (preset, least, most, order) => {
    const transform = resolvePixelTransform(preset);
    expect([applied(transform, 0), applied(transform, 1), transform.channelOrder]).toEqual([
      least,
      most,
      order,
    ]);
  });

  it("has torchvision's ImageNet numbers", () => {
    const { mean, deviation, scale } = resolvePixelTransform("imagenet", 3);
    expect({ mean, deviation, scale }).toEqual({
      mean: [0.485, 0.456, 0.406],
      deviation: [0.229, 0.224, 0.225],
      scale: 1,
    });
  });

  it("shares nothing with the presets", () => {
    resolvePixelTransform("imagenet").mean[0] = 99;
    expect(PIXEL_PRESETS.imagenet.mean[0]).toBe(0.485);
  });

  it.each([
    ["an unknown preset", "imagenette", undefined, /"imagenette".*unit, imagenet/],
    ["a name that objects inherit", "toString", undefined, /"toString"/],
    ["an unknown key", { std: [1] }, undefined, /"std"/],
    ["another order", { channelOrder: "gbr" }, undefined, /rgb.*bgr/],
    ["scale 0", { scale: 0 }, undefined, /scale.*positive/],
    ["an infinite scale", { scale: Number.POSITIVE_INFINITY }, undefined, /scale/],
    ["a scale that is text", { scale: "255" }, undefined, /scale/],
    ["deviation 0", { deviation: [1, 0, 1] }, undefined, /deviation.*positive/],
    ["NaN in the mean", { mean: [Number.NaN] }, undefined, /mean.*finite/],
    ["two means", { mean: [0, 0] }, undefined, /mean.*got 2/],
    ["three means for one channel", "imagenet", 1, /mean must have 1 number, got 3/],
    ["BGR for one channel", "raw255-bgr", 1, /bgr.*3 channels/],
  ] as const)("refuses %s", (_, choice, channels, message) =>
    expectRefusal(refusal(choice, channels), "ERR_CONFIG", message),
  );
});
