import { readFileSync } from "node:fs";
import { crc32 } from "node:zlib";
import { describe, expect, it } from "vitest";
import { decodeImageFile, readImageFacts } from "../../../lib/images/image-file.ts";
import { writeResized } from "../../../lib/images/resize.ts";
import { expectRefusal, fixture, fixtureJson, largestDifference, planar } from "./fixture.ts";

interface Expected {
  shape: number[];
  maximum: number;
  values: number[];
}

const EXPECTED = fixtureJson<Record<string, Expected>>("files/expected.json");
/** Lossy decoders may differ from Pillow's by rounding in the inverse transform and the colour conversion. */
const LOSSY = /\.jpe?g$|lossy/;

async function decode(bytes: Uint8Array, name: string) {
  const facts = await readImageFacts(bytes, name);
  return decodeImageFile(bytes, facts, name);
}

function read(name: string): Uint8Array {
  return readFileSync(fixture(`files/${name}`));
}

describe("decoding one image file gives Pillow's values", () => {
  it.each(Object.keys(EXPECTED))("%s", async (name) => {
    const { shape, maximum, values } = EXPECTED[name] as Expected;
    const [height, width, channels = 1] = shape as [number, number, number?];
    const picture = await decode(read(name), name);
    expect([picture.height, picture.width, picture.channels]).toEqual([height, width, channels]);
    const pixels = new Float32Array(height * width * channels);
    writeResized(picture, { height, width }, pixels, 0);
    const difference = largestDifference(pixels, planar(values, channels, maximum));
    expect(difference).toBeLessThanOrEqual(LOSSY.test(name) ? 2.01 / 255 : 0);
  });

  it("scales 16-bit images by 65535", async () => {
    const picture = await decode(read("grey-16.png"), "grey-16.png");
    expect([picture.values[0], picture.values[1], picture.maximum]).toEqual([0, 65_535, 65_535]);
  });
});

describe("image files that are refused", () => {
  it("transparency, even of one pixel by one step", () =>
    expectRefusal(
      decode(read("transparent.png"), "a.png"),
      "ERR_IMAGES_CHANNELS",
      "a.png is transparent",
      "Flatten",
    ));

  it("CMYK", () => expectRefusal(decode(read("cmyk.jpg"), "a.jpg"), "ERR_IMAGES_CHANNELS", "a.jpg", "cmyk"));

  it("animation", () =>
    expectRefusal(decode(read("animated.webp"), "a.webp"), "ERR_IMAGES_UNREADABLE", "a.webp", "2 frames"));

  it("other formats behind an image's name", () => {
    const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>');
    return expectRefusal(decode(svg, "a.png"), "ERR_IMAGES_UNREADABLE", "a.png", "no PNG, JPEG or WebP");
  });

  it("empty files", () =>
    expectRefusal(decode(new Uint8Array(0), "a.png"), "ERR_IMAGES_UNREADABLE", "a.png"));

  it.each(["colour.png", "colour-444.jpg", "lossless.webp"])("%s cut short", (name) => {
    const whole = read(name);
    return expectRefusal(
      decode(whole.subarray(0, Math.floor(whole.length * 0.7)), name),
      "ERR_IMAGES_UNREADABLE",
      name,
    );
  });

  it("more pixels than the bound, before anything of that size is allocated", () => {
    const bytes = Buffer.from(read("colour.png"));
    bytes.writeUInt32BE(60_000, 16);
    bytes.writeUInt32BE(60_000, 20);
    bytes.writeUInt32BE(crc32(bytes.subarray(12, 29)), 29);
    return expectRefusal(decode(bytes, "a.png"), "ERR_IMAGES_TOO_LARGE", "a.png is 60000×60000");
  });
});
