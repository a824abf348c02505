import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type ImageBatch,
  type ImageOptions,
  imagesFromArray,
  loadImages,
} from "../../../lib/images/index.ts";
import { expectRefusal, fixture, fixtureJson, largestDifference, planar } from "./fixture.ts";

const COUNT = 20;
const HEIGHT = 8;
const WIDTH = 6;
const IMAGE = HEIGHT * WIDTH * 3;
const EXPECTED = fixtureJson<{ u1: number[]; f2: number[] }>("set-expected.json");

/** N×H×W×3 values as N×3×H×W floats. */
function batchOf(values: readonly number[], maximum: number): number[] {
  return Array.from({ length: values.length / IMAGE }, (_, image) =>
    planar(values.slice(image * IMAGE, (image + 1) * IMAGE), 3, maximum),
  ).flat();
}

function load(name: string, options?: ImageOptions): Promise<ImageBatch> {
  return loadImages(fixture(name), options);
}

describe("every form of one set", () => {
  it.each([
    ["set", "folder"],
    ["arrays/nhwc-u1.npy", "npy"],
    ["arrays/nhwc-u1-v2.npy", "npy"],
    ["arrays/nhwc-u1-v3.npy", "npy"],
    ["arrays/nchw-u1.npy", "npy"],
    ["arrays/nhwc-f4.npy", "npy"],
    ["arrays/nchw-f8.npy", "npy"],
    ["arrays/images.npz", "npz"],
    ["arrays/compressed-x.npz", "npz"],
    ["arrays/only.npz", "npz"],
  ])("%s gives numpy's pixels and the same SHA-256", async (name, kind) => {
    const batch = await load(name);
    const { pixels, sha256, ...facts } = batch;
    expect(facts).toEqual({
      count: COUNT,
      channels: 3,
      height: HEIGHT,
      width: WIDTH,
      source: fixture(name),
      kind,
      available: COUNT,
    });
    expect(largestDifference(pixels, batchOf(EXPECTED.u1, 255))).toBe(0);
    const shape = new Uint8Array(BigInt64Array.of(20n, 3n, 8n, 6n).buffer);
    const hash = createHash("sha256").update(shape).update(new Uint8Array(pixels.buffer)).digest("hex");
    expect(sha256).toBe(hash);
    expect(sha256).toBe((await load("arrays/nhwc-u1.npy")).sha256);
  });

  it("gives one SHA-256 after resizing too", async () => {
    const options = { size: { height: 5, width: 9 } };
    const folder = await load("set", options);
    const array = await load("arrays/nchw-u1.npy", options);
    expect([folder.height, folder.width, folder.pixels.length]).toEqual([5, 9, COUNT * 3 * 5 * 9]);
    expect(folder.sha256).toBe(array.sha256);
  });

  it("reads float16", async () => {
    const batch = await load("arrays/nhwc-f2.npy");
    expect(largestDifference(batch.pixels, batchOf(EXPECTED.f2, 1))).toBe(0);
  });

  it("reads N×H×W as grey", async () => {
    const batch = await load("arrays/grey-u1.npy");
    expect([batch.channels, batch.height, batch.width]).toEqual([1, HEIGHT, WIDTH]);
    const red = EXPECTED.u1.filter((_, index) => index % 3 === 0).map((value) => Math.fround(value / 255));
    expect(largestDifference(batch.pixels, red)).toBe(0);
  });

  it.each([
    ["colour", 3],
    ["grey", 1],
  ] as const)("decodes the packed %s form as Pillow does", async (name, channels) => {
    const batch = await load(`arrays/${name}.jpk.npz`, { channels });
    const values = fixtureJson<number[]>(`packed-${name}-expected.json`);
    const image = HEIGHT * WIDTH * channels;
    const expected = Array.from({ length: COUNT }, (_, index) =>
      planar(values.slice(index * image, (index + 1) * image), channels, 255),
    ).flat();
    expect([batch.kind, batch.channels, batch.count]).toEqual(["packed-jpeg", channels, COUNT]);
    expect(largestDifference(batch.pixels, expected)).toBeLessThanOrEqual(2.01 / 255);
  });
});

describe("limit", () => {
  it.each(["set", "arrays/nchw-u1.npy", "arrays/images.npz"])(
    "takes floor(i·N/limit) of %s in order",
    async (name) => {
      const batch = await load(name, { limit: 6, minimum: 6 });
      const chosen = [0, 3, 6, 10, 13, 16].flatMap((at) => EXPECTED.u1.slice(at * IMAGE, (at + 1) * IMAGE));
      expect([batch.count, batch.available]).toEqual([6, COUNT]);
      expect(largestDifference(batch.pixels, batchOf(chosen, 255))).toBe(0);
    },
  );

  it("takes all when there are fewer", async () => {
    const batch = await load("set", { limit: 1000 });
    expect([batch.count, batch.sha256]).toEqual([COUNT, (await load("set")).sha256]);
  });

  it("below the minimum is a contradiction", () =>
    expectRefusal(load("set", { limit: 8 }), "ERR_CONFIG", "limit of 8", "minimum of 16"));
});

describe("refusals", () => {
  let room: string;
  beforeAll(async () => {
    room = await mkdtemp(join(tmpdir(), "drmguard-images-"));
  });
  afterAll(() => rm(room, { recursive: true }));

  it("nothing there", () => expectRefusal(load("nowhere"), "ERR_FILE_NOT_FOUND", "nowhere"));

  it("a file of another kind", async () => {
    await expectRefusal(load("set/LICENSE"), "ERR_IMAGES_FORMAT", "LICENSE", "no .npy or .npz");
    await expectRefusal(load("set/face-1.png"), "ERR_IMAGES_FORMAT", "folder");
    const empty = join(room, "empty.npy");
    await writeFile(empty, "");
    await expectRefusal(loadImages(empty), "ERR_IMAGES_FORMAT", "empty.npy");
  });

  it("too few, with the number and the minimum", () =>
    expectRefusal(
      load("arrays/nhwc-u1.npy", { minimum: 21 }),
      "ERR_IMAGES_TOO_FEW",
      "at least 21",
      "found 20",
    ));

  it.each(["set", "arrays/nhwc-u1.npy", "arrays/images.npz", "arrays/colour.jpk.npz"])(
    "%s for a grey model",
    (name) =>
      expectRefusal(load(name, { channels: 1 }), "ERR_IMAGES_CHANNELS", "1 channel (grey)", "3 channels"),
  );

  it.each(["arrays/grey-u1.npy", "arrays/grey.jpk.npz"])("%s for a colour model", (name) =>
    expectRefusal(load(name, { channels: 3 }), "ERR_IMAGES_CHANNELS", "Expected images with 3 channels"),
  );

  it.each(["set", "arrays/nhwc-u1.npy", "arrays/colour.jpk.npz"])("a batch of %s beyond the bound", (name) =>
    expectRefusal(
      load(name, { size: { height: 16_000, width: 16_000 } }),
      "ERR_IMAGES_TOO_LARGE",
      /20×3×16000×16000 float32.*at most 8\.0 GiB/,
    ),
  );

  it.each([
    [{ size: { height: 0, width: 5 } }, "input height"],
    [{ size: { height: 5, width: 1.5 } }, "input width"],
    [{ size: { height: 5, width: 100_000 } }, "input width"],
    [{ channels: 4 as 3 }, "channels"],
    [{ minimum: 0 }, "minimum"],
    [{ limit: Number.NaN }, "limit"],
  ] as const)("options %j", (options, name) => expectRefusal(load("set", options), "ERR_CONFIG", name));
});

describe("imagesFromArray", () => {
  const bytes = Uint8Array.from(EXPECTED.u1);
  const shape = [COUNT, HEIGHT, WIDTH, 3];

  it("equals the same set from a file, for both layouts and element types", async () => {
    const file = await load("arrays/nhwc-u1.npy");
    const last = await imagesFromArray({ data: bytes, shape, layout: "nhwc" });
    const first = await imagesFromArray({
      data: file.pixels,
      shape: [20, 3, 8, 6],
      layout: "nchw",
      source: "mine",
    });
    expect([last.sha256, last.kind, last.source]).toEqual([file.sha256, "memory", "memory"]);
    expect([first.sha256, first.kind, first.source]).toEqual([file.sha256, "memory", "mine"]);
  });

  it("neither keeps nor changes the caller's array", async () => {
    const data = Float32Array.from({ length: 16 * 4 }, (_, index) => (index === 0 ? 1.0000005 : 0.5));
    const first = data[0];
    const batch = await imagesFromArray({ data, shape: [16, 2, 2], layout: "nhwc" });
    expect(data[0]).toBe(first);
    expect(batch.pixels[0]).toBe(1);
    data.fill(0);
    expect(batch.pixels[5]).toBe(0.5);
  });

  it("reads a view into a larger buffer (Buffer#subarray) at its own place", async () => {
    const larger = Buffer.concat([Buffer.alloc(7, 200), bytes]);
    const batch = await imagesFromArray({ data: larger.subarray(7), shape, layout: "nhwc" });
    expect(batch.sha256).toBe((await load("arrays/nhwc-u1.npy")).sha256);
  });

  it("lets the layout decide where a shape alone could not", async () => {
    const data = new Uint8Array(16 * 3 * 4 * 3);
    const batch = await imagesFromArray({ data, shape: [16, 3, 4, 3], layout: "nchw" });
    expect([batch.channels, batch.height, batch.width]).toEqual([3, 4, 3]);
  });

  it.each([
    [
      "a shape that does not fit",
      { data: bytes, shape: [20, 8, 7, 3], layout: "nhwc" },
      "ERR_IMAGES_FORMAT",
      "does not fit",
    ],
    [
      "two channels",
      { data: new Uint8Array(128), shape: [16, 2, 2, 2], layout: "nhwc" },
      "ERR_IMAGES_CHANNELS",
      "got 2",
    ],
    [
      "images without pixels",
      { data: new Uint8Array(0), shape: [16, 0, 2, 3], layout: "nhwc" },
      "ERR_IMAGES_FORMAT",
      "no pixels",
    ],
    [
      "no images",
      { data: new Uint8Array(0), shape: [0, 2, 2, 3], layout: "nhwc" },
      "ERR_IMAGES_TOO_FEW",
      "no images",
    ],
    ["another layout", { data: bytes, shape, layout: "hwcn" as "nhwc" }, "ERR_CONFIG", "hwcn"],
    [
      "another array",
      { data: [1] as unknown as Uint8Array, shape: [1], layout: "nhwc" },
      "ERR_IMAGES_FORMAT",
      "Float32Array",
    ],
    [
      "floats to 255",
      { data: new Float32Array(64).fill(9), shape: [16, 2, 2], layout: "nhwc" },
      "ERR_IMAGES_FORMAT",
      "divide",
    ],
  ] as const)("refuses %s", (_, array, code, text) => expectRefusal(imagesFromArray(array), code, text));
});
