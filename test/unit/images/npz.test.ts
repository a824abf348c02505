import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { unzipSync, type Zippable, zipSync } from "fflate";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DrmGuardError } from "../../../lib/errors/index.ts";
import { loadImages } from "../../../lib/images/index.ts";
import { expectRefusal, fixture, headerOf, integersNpy, npyOf } from "./fixture.ts";

let room: string;
beforeAll(async () => {
  room = await mkdtemp(join(tmpdir(), "drmguard-npz-"));
});
afterAll(() => rm(room, { recursive: true }));

async function loadBytes(bytes: Uint8Array) {
  const path = join(room, "set.npz");
  await writeFile(path, bytes);
  return loadImages(path);
}

function loadEntries(entries: Zippable, level: 0 | 6 = 0) {
  return loadBytes(zipSync(entries, { level }));
}

const IMAGES = npyOf(headerOf("|u1", [20, 2, 2, 3]), new Uint8Array(240).fill(9));

describe("which array of a .npz holds the images", () => {
  it("is `images` or `x`, else the only one that can", async () => {
    const labels = npyOf(headerOf("<f4", [20, 2]), new Uint8Array(160));
    const other = npyOf(headerOf("|u1", [20, 4, 4]), new Uint8Array(320));
    expect((await loadEntries({ "images.npy": IMAGES, "masks.npy": other })).height).toBe(2);
    expect((await loadEntries({ "x.npy": IMAGES, "masks.npy": other })).height).toBe(2);
    expect(
      (await loadEntries({ "faces.npy": IMAGES, "labels.npy": labels, "notes.txt": labels })).height,
    ).toBe(2);
  });

  it("is refused with the list of arrays when several or none can", async () => {
    await expectRefusal(
      loadImages(fixture("arrays/ambiguous.npz")),
      "ERR_IMAGES_FORMAT",
      /several.*"left" .\|u1 20×8×6×3., "right"/,
    );
    await expectRefusal(
      loadImages(fixture("arrays/no-images.npz")),
      "ERR_IMAGES_FORMAT",
      /no array.*"labels" .<f4 20×2./,
    );
    await expectRefusal(
      loadEntries({ "images.npy": IMAGES, "x.npy": IMAGES }),
      "ERR_IMAGES_FORMAT",
      "several",
    );
    await expectRefusal(loadEntries({}), "ERR_IMAGES_FORMAT", "none");
  });

  it("is checked like a .npy file", () => {
    const objects = npyOf(headerOf("|O", [20, 2, 2, 3]), new Uint8Array(9));
    return expectRefusal(loadEntries({ "images.npy": objects }), "ERR_IMAGES_FORMAT", "unpickling");
  });

  it("may be called like what objects inherit", async () => {
    expect((await loadEntries({ "__proto__x.npy": IMAGES, "constructor.txt": IMAGES })).count).toBe(20);
  });
});

/** Positions of the fields of the first directory entry. */
function directoryOf(zip: Uint8Array): { view: DataView; entry: number } {
  const view = new DataView(zip.buffer, zip.byteOffset, zip.byteLength);
  return { view, entry: view.getUint32(zip.length - 22 + 16, true) };
}

describe("damaged and hostile archives", () => {
  it("with one changed byte of data fail their checksum, stored or compressed", async () => {
    const stored = zipSync({ "images.npy": IMAGES }, { level: 0 });
    const at = stored.length - 200;
    stored[at] = (stored[at] as number) ^ 1;
    await expectRefusal(loadBytes(stored), "ERR_IMAGES_FORMAT", "checksum is wrong");
    const compressed = zipSync({ "images.npy": IMAGES }, { level: 6 });
    const { view, entry } = directoryOf(compressed);
    view.setUint32(entry + 16, 12345, true);
    await expectRefusal(loadBytes(compressed), "ERR_IMAGES_FORMAT", "checksum is wrong");
  });

  it("that inflate to more than they declare are stopped", async () => {
    const zip = zipSync(
      { "images.npy": npyOf(headerOf("|u1", [20, 200, 200, 3]), new Uint8Array(2_400_000)) },
      { level: 6 },
    );
    const { view, entry } = directoryOf(zip);
    view.setUint32(entry + 24, 5000, true);
    await expectRefusal(loadBytes(zip), "ERR_IMAGES_FORMAT", "longer than declared");
  });

  it("that declare more than DEFLATE can hold, or than the bound, are stopped before allocating", async () => {
    const zip = zipSync({ "images.npy": IMAGES }, { level: 6 });
    const { view, entry } = directoryOf(zip);
    view.setUint32(entry + 24, 2_000_000_000, true);
    await expectRefusal(loadBytes(zip), "ERR_IMAGES_FORMAT", "more than is possible");
    view.setUint32(entry + 24, 4_000_000_000, true);
    await expectRefusal(loadBytes(zip), "ERR_IMAGES_TOO_LARGE", "4000000000 bytes", "numpy.savez");
  });

  it("with too many entries are refused", async () => {
    const entries = Object.fromEntries(
      Array.from({ length: 4097 }, (_, index) => [`${index}`, new Uint8Array(0)]),
    );
    await expectRefusal(loadEntries(entries), "ERR_IMAGES_TOO_LARGE", "4097 entries");
  });

  it("whose entries share bytes or names are refused", async () => {
    const zip = zipSync({ "a.npy": IMAGES, "b.npy": IMAGES }, { level: 0 });
    const { view, entry } = directoryOf(zip);
    const overlapping = zip.slice();
    const second = new DataView(overlapping.buffer);
    second.setUint32(entry + 20, view.getUint32(entry + 20, true) + 400, true);
    await expectRefusal(loadBytes(overlapping), "ERR_IMAGES_FORMAT", "overlap");
    const twins = zip.slice();
    const name = entry + 46 + 5 + 46;
    expect(String.fromCharCode(twins[name] as number)).toBe("b");
    twins[name] = "a".charCodeAt(0);
    await expectRefusal(loadBytes(twins), "ERR_IMAGES_FORMAT", "same name");
  });

  it("encrypted or compressed otherwise are refused", async () => {
    const zip = zipSync({ "images.npy": IMAGES }, { level: 6 });
    const { view, entry } = directoryOf(zip);
    view.setUint16(entry + 10, 14, true);
    await expectRefusal(loadBytes(zip), "ERR_IMAGES_FORMAT", "method 14");
    view.setUint16(entry + 8, 1, true);
    await expectRefusal(loadBytes(zip), "ERR_IMAGES_FORMAT", "encrypted");
  });

  it("cut short or changed anywhere are read or refused, never anything else", async () => {
    const sound = zipSync({ "images.npy": IMAGES, "labels.npy": integersNpy([1, 2]) }, { level: 6 });
    const edits = fc.array(fc.tuple(fc.nat(sound.length - 1), fc.nat(255)), { maxLength: 3 });
    const property = fc.asyncProperty(
      edits,
      fc.integer({ min: 1, max: sound.length }),
      async (changes, length) => {
        const bytes = sound.slice(0, changes.length === 0 ? length : undefined);
        for (const [at, value] of changes) bytes[at] = value;
        const outcome = await loadBytes(bytes).catch((thrown: unknown) => thrown);
        if (outcome instanceof Error) {
          expect(outcome).toBeInstanceOf(DrmGuardError);
          expect((outcome as DrmGuardError).code).toMatch(/^ERR_IMAGES_/);
        } else {
          expect(new Set((outcome as { pixels: Float32Array }).pixels)).toEqual(
            new Set([Math.fround(9 / 255)]),
          );
        }
      },
    );
    await fc.assert(property, { seed: 6, numRuns: 400 });
  });
});

describe("the packed form", () => {
  const arrays = unzipSync(readFileSync(fixture("arrays/colour.jpk.npz")));
  const jpegs = arrays["jpeg.npy"] as Uint8Array;
  const length = jpegs.length - 128;
  const offsets = Array.from(
    new BigInt64Array((arrays["offsets.npy"] as Uint8Array).slice(128).buffer),
    Number,
  );

  function load(changed: Zippable) {
    return loadEntries({ ...arrays, ...changed });
  }

  it("is read when nothing is changed", async () => {
    expect((await load({})).kind).toBe("packed-jpeg");
  });

  it.each([
    ["too few offsets", offsets.slice(0, -1), "Expected 21 offsets"],
    ["a first offset other than 0", offsets.with(0, 1), "run from 1"],
    ["a last offset beyond the end", offsets.with(20, length + 1), `to ${length + 1}`],
    ["a last offset before the end", offsets.with(20, length - 1), `to ${length - 1}`],
    ["offsets that fall", offsets.with(3, offsets[5] as number), "Image 3"],
    ["an empty image", offsets.with(3, offsets[2] as number), "Image 2 .* takes 0 bytes"],
    ["a negative offset", offsets.with(3, -5), "Image 2"],
  ])("with %s is refused", (_, values, text) =>
    expectRefusal(load({ "offsets.npy": integersNpy(values) }), "ERR_IMAGES_FORMAT", new RegExp(text)),
  );

  it.each([
    ["another number of images", [19, 8, 6, 3], "ERR_IMAGES_FORMAT", "20 offsets for 19"],
    ["another size", [20, 8, 7, 3], "ERR_IMAGES_UNREADABLE", "JPEG of 8×7 as image 0"],
    ["fewer channels", [20, 8, 6, 1], "ERR_IMAGES_CHANNELS", "image 0"],
    ["four channels", [20, 8, 6, 4], "ERR_IMAGES_CHANNELS", "got 4"],
    ["three lengths", [20, 8, 6], "ERR_IMAGES_FORMAT", "N, H, W, C"],
    ["a negative length", [20, -8, 6, 3], "ERR_IMAGES_FORMAT", "N, H, W, C"],
  ] as const)("whose shape says %s is refused", (_, shape, code, text) =>
    expectRefusal(load({ "shape.npy": integersNpy(shape) }), code, text),
  );

  it("without a shape, or with other types, is refused", async () => {
    const { "shape.npy": _, ...rest } = arrays;
    await expectRefusal(loadEntries(rest), "ERR_IMAGES_FORMAT", 'lack the array "shape"');
    const floats = npyOf(headerOf("<f8", [21]), new Uint8Array(168));
    await expectRefusal(load({ "offsets.npy": floats }), "ERR_IMAGES_FORMAT", "<f8 21");
  });

  it("names the image whose JPEG is damaged", async () => {
    const damaged = jpegs.slice();
    damaged.fill(0, 128 + (offsets[7] as number), 128 + (offsets[8] as number));
    await expectRefusal(load({ "jpeg.npy": damaged }), "ERR_IMAGES_UNREADABLE", "image 7 of");
  });
});
