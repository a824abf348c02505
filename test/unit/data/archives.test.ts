import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { loadDataSet } from "../../../lib/data/index.ts";
import { expectRefusal } from "../images/fixture.ts";
import { npzOf, pattern, planes, writeUnder } from "./published-sets.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const folder = temporaryFolder();
type Arrays = Parameters<typeof npzOf>[0];

const LABELS = { dtype: "<f4", shape: [3, 2], data: Float32Array.of(1, 2, 3, 4, 5, 6) };
const IMAGES = {
  dtype: "|u1",
  shape: [3, 4, 5, 3],
  data: Uint8Array.from([0, 1, 2].flatMap((seed) => [...pattern(4, 5, seed)])),
};
const SUBJECTS = { dtype: "<i2", shape: [3], data: Int16Array.of(10, 9, 10) };

async function write(arrays: Arrays): Promise<string> {
  await writeUnder(folder.path, "set.npz", npzOf(arrays));
  return join(folder.path, "set.npz");
}

async function packed() {
  const files = await Promise.all(
    [0, 1, 2].map((seed) =>
      sharp(pattern(4, 5, seed), { raw: { height: 4, width: 5, channels: 3 } })
        .jpeg({ quality: 95 })
        .toBuffer(),
    ),
  );
  const offsets = [0];
  for (const file of files) offsets.push((offsets.at(-1) as number) + file.length);
  return {
    jpeg: { dtype: "|u1", shape: [offsets.at(-1) as number], data: new Uint8Array(Buffer.concat(files)) },
    offsets: { dtype: "<i8", shape: [4], data: BigInt64Array.from(offsets, BigInt) },
    shape: { dtype: "<i8", shape: [4], data: BigInt64Array.of(3n, 4n, 5n, 3n) },
    labels: LABELS,
    subjects: SUBJECTS,
    landmarks: { dtype: "<f4", shape: [3, 2, 2], data: Float32Array.from({ length: 12 }, (_, at) => at / 8) },
    split: { dtype: "|i1", shape: [3], data: Int8Array.of(0, 1, 0) },
  };
}

describe("a .npz with images", () => {
  it("gives bytes, labels and persons", async () => {
    const data = await loadDataSet(await write({ images: IMAGES, labels: LABELS, subjects: SUBJECTS }));
    expect(data).toMatchObject({ kind: "npz", unit: "unknown", count: 3, height: 4, width: 5, channels: 3 });
    expect([...data.pixels]).toEqual([0, 1, 2].flatMap((seed) => planes(pattern(4, 5, seed))));
    expect([data.labelNames, [...data.labels]]).toEqual([
      ["labels.0", "labels.1"],
      [1, 2, 3, 4, 5, 6],
    ]);
    expect([data.subjectNames, [...(data.subjects ?? [])]]).toEqual([
      ["9", "10"],
      [1, 0, 1],
    ]);
  });

  it("gives the same set for floats in [0,1] in N×C×H×W", async () => {
    const bytes = await loadDataSet(await write({ images: IMAGES, labels: LABELS }));
    const floats = Float32Array.from(bytes.pixels, (value) => value / 255);
    const images = { dtype: "<f4", shape: [3, 3, 4, 5], data: floats };
    const data = await loadDataSet(await write({ images, labels: LABELS }));
    expect([data.sha256, data.subjects, data.subjectNames]).toEqual([bytes.sha256, null, []]);
  });

  it("tells sets apart that differ in one label or one pixel only", async () => {
    const first = await loadDataSet(await write({ images: IMAGES, labels: LABELS }));
    const other = { ...LABELS, data: Float32Array.of(1, 2, 3, 4, 5, 7) };
    const pixels = { ...IMAGES, data: IMAGES.data.with(0, 99) };
    expect((await loadDataSet(await write({ images: IMAGES, labels: other }))).sha256).not.toBe(first.sha256);
    expect((await loadDataSet(await write({ images: pixels, labels: LABELS }))).sha256).not.toBe(
      first.sha256,
    );
  });

  const broken: [string, Arrays, string[]][] = [
    ["no labels", { images: IMAGES }, ["no array", "labels", "images"]],
    ["too few labels", { images: IMAGES, labels: { ...LABELS, shape: [2, 3] } }, ["3 rows", "2×3"]],
    ["text labels", { images: IMAGES, labels: { ...LABELS, dtype: "<U2" } }, ["labels", "<U2"]],
    [
      "NaN",
      { images: IMAGES, labels: { ...LABELS, data: LABELS.data.with(3, Number.NaN) } },
      ["image 1", "labels.1"],
    ],
    [
      "fewer subjects than images",
      { images: IMAGES, labels: LABELS, subjects: { dtype: "<i2", shape: [2], data: Int16Array.of(1, 2) } },
      ["3 subjects", "got 2"],
    ],
    [
      "subjects that are no numbers",
      { images: IMAGES, labels: LABELS, subjects: { ...LABELS, shape: [3, 2] } },
      ["subjects", "<f4"],
    ],
    [
      "short values",
      { images: IMAGES, labels: { ...LABELS, data: LABELS.data.subarray(1) } },
      ["labels", "length"],
    ],
  ];
  it.each(broken)("refuses %s, naming the file", async (_, arrays, texts) => {
    await expectRefusal(loadDataSet(await write(arrays)), "ERR_IMAGES_FORMAT", "set.npz", ...texts);
  });

  it("refuses labels beyond float32", async () => {
    const labels = { dtype: "<f8", shape: [3], data: Float64Array.of(1, 1e300, 3) };
    await expectRefusal(loadDataSet(await write({ images: IMAGES, labels })), "ERR_IMAGES_FORMAT", "image 1");
  });
});

describe("the packed form", () => {
  it("gives the pictures that sharp decodes, labels and persons", async () => {
    const arrays = await packed();
    const data = await loadDataSet(await write(arrays));
    expect(data).toMatchObject({ kind: "packed-jpeg", unit: "unknown", count: 3, channels: 3 });
    const start = Number(arrays.offsets.data[1]);
    const end = Number(arrays.offsets.data[2]);
    const decoded = await sharp(arrays.jpeg.data.slice(start, end)).raw().toBuffer();
    expect([...data.pixels.subarray(60, 120)]).toEqual(planes(decoded));
    expect([...data.labels]).toEqual([...LABELS.data]);
    expect([...(data.subjects ?? [])]).toEqual([1, 0, 1]);
  });

  it("gives other arrays by name, whole or by column", async () => {
    const data = await loadDataSet(await write(await packed()), {
      labels: ["split", "landmarks", "labels.1"],
    });
    expect(data.labelNames).toEqual([
      "split",
      "landmarks.0",
      "landmarks.1",
      "landmarks.2",
      "landmarks.3",
      "labels.1",
    ]);
    expect([...data.labels.subarray(6, 12)]).toEqual([1, 0.5, 0.625, 0.75, 0.875, 4]);
  });

  it("refuses arrays that are not there, or named twice", async () => {
    const path = await write(await packed());
    await expectRefusal(loadDataSet(path, { labels: ["age"] }), "ERR_CONFIG", "age", "landmarks.3");
    await expectRefusal(loadDataSet(path, { labels: ["landmarks", "landmarks.0"] }), "ERR_CONFIG", "twice");
    await expectRefusal(loadDataSet(path, { kind: "npz" }), "ERR_IMAGES_FORMAT", "set.npz", "packed");
  });

  it("refuses a damaged picture, naming it", async () => {
    const arrays = await packed();
    const { jpeg } = arrays;
    const start = Number(arrays.offsets.data[2]);
    const path = await write({ ...arrays, jpeg: { ...jpeg, data: jpeg.data.with(start, 0) } });
    await expectRefusal(loadDataSet(path), "ERR_IMAGES_UNREADABLE", "image 2", "set.npz");
  });
});
