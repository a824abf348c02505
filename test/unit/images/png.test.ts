import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { encodeDifference, encodePng } from "../../../lib/images/index.ts";
import { expectRefusal } from "./fixture.ts";

async function pixelsOf(png: Buffer) {
  const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
  return { values: [...data], width: info.width, height: info.height };
}

describe("encodePng", () => {
  it("writes C×H×W floats as RGB bytes, rounded and clipped", async () => {
    const red = [0, 1];
    const green = [0.5, -1];
    const blue = [2, 1 / 255];
    const png = await encodePng(Float32Array.from([...red, ...green, ...blue]), 3, 1, 2);
    expect(await pixelsOf(png)).toEqual({ values: [0, 128, 255, 255, 0, 1], width: 2, height: 1 });
  });

  it("writes grey as a one-channel PNG", async () => {
    const png = await encodePng(Float32Array.from([0, 0.2, 0.4, 1]), 1, 2, 2);
    expect((await sharp(png).metadata()).channels).toBe(1);
    const { data } = await sharp(png).toColourspace("b-w").raw().toBuffer({ resolveWithObject: true });
    expect([...data]).toEqual([0, 51, 102, 255]);
  });

  it("refuses sizes that do not fit", () =>
    expectRefusal(encodePng(new Float32Array(5), 3, 1, 2), "ERR_INTERNAL", /3×1×2/));
});

describe("encodeDifference", () => {
  it("amplifies by the largest whole number that keeps every pixel in range", async () => {
    const benign = Float32Array.from([0.5, 0.5, 0.5, 0.5, 0.5, 0.5]);
    const triggered = Float32Array.from([0.5, 0.6, 0.25, 0.5, 0.5, 0.5]);
    const { png, gain } = await encodeDifference(benign, triggered, 3, 1, 2);
    expect(gain).toBe(4);
    // red 0, .1; green .25, 0; blue 0, 0 – times 4.
    expect((await pixelsOf(png)).values).toEqual([0, 255, 0, 102, 0, 0]);
  });

  it("is black with gain 1 for equal images, and never amplifies more than 255 times", async () => {
    const image = new Float32Array(12).fill(0.3);
    const equal = await encodeDifference(image, image, 3, 2, 2);
    expect(equal.gain).toBe(1);
    expect(new Set((await pixelsOf(equal.png)).values)).toEqual(new Set([0]));
    const nearly = await encodeDifference(
      image,
      image.map((value) => value + 1e-5),
      3,
      2,
      2,
    );
    expect(nearly.gain).toBe(255);
  });

  it("refuses images of two sizes", () =>
    expectRefusal(encodeDifference(new Float32Array(3), new Float32Array(6), 3, 1, 1), "ERR_INTERNAL"));
});
