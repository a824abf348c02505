import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ImageOptions, loadImages } from "../../../lib/images/index.ts";
import { expectRefusal, fixture } from "./fixture.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "drmguard-folder-"));
});
afterEach(() => rm(folder, { recursive: true }));

/** A flat picture of one grey level or one colour. */
async function paint(name: string, colour: number | [number, number, number], height = 3, width = 4) {
  const values = typeof colour === "number" ? [colour] : colour;
  const data = Uint8Array.from(
    { length: height * width * values.length },
    (_, at) => values[at % values.length] as number,
  );
  const image = sharp(data, { raw: { height, width, channels: values.length as 1 | 3 } });
  const encoded = image.toColourspace(values.length === 1 ? "b-w" : "srgb");
  await encoded
    .toFormat(name.endsWith("g") && !name.endsWith("png") ? "jpeg" : "png")
    .toFile(join(folder, name));
}

function load(options: ImageOptions = {}) {
  return loadImages(folder, { minimum: 1, ...options });
}

describe("what counts as an image of a folder", () => {
  it("reads upper-case extensions and orders names naturally", async () => {
    await paint("face-10.PNG.png", 10);
    await paint("face-9.png", 9);
    await copyFile(join(folder, "face-9.png"), join(folder, "face-11.PNG"));
    const batch = await load();
    expect(
      [...batch.pixels].filter((_, at) => at % 12 === 0).map((value) => Math.round(value * 255)),
    ).toEqual([9, 10, 9]);
  });

  it("passes hidden files and companions over", async () => {
    await paint("1.png", 1);
    const companions = [
      ".DS_Store",
      "._1.png",
      "LICENSE",
      "licence.txt",
      "README.md",
      "labels.csv",
      "Thumbs.db",
      "poses.npy",
      "meta.json",
    ];
    for (const name of companions) await writeFile(join(folder, name), "text");
    expect((await load()).available).toBe(1);
  });

  it.each(["2.bmp", "2.gif", "2.heic", "clip.mp4", "more.zip", "2", "2.png.part"])(
    "names %s as unexpected",
    async (name) => {
      await paint("1.png", 1);
      await writeFile(join(folder, name), "x");
      await expectRefusal(load(), "ERR_IMAGES_FORMAT", name);
    },
  );

  it("names a subfolder as unexpected", async () => {
    await paint("1.png", 1);
    await mkdir(join(folder, "more"));
    await expectRefusal(load(), "ERR_IMAGES_FORMAT", "more is a folder");
  });

  it("follows a link inside the folder and refuses one that leads out", async () => {
    await paint("1.png", 1);
    await symlink("1.png", join(folder, "2.png"));
    expect((await load()).available).toBe(2);
    await symlink(fixture("set/face-1.png"), join(folder, "3.png"));
    await expectRefusal(load(), "ERR_IMAGES_FORMAT", "3.png is a symbolic link that leads out");
  });

  it("refuses links to nothing, to folders out of it, and to itself", async () => {
    await symlink("gone.png", join(folder, "1.png"));
    await expectRefusal(load(), "ERR_IMAGES_UNREADABLE", "1.png is a symbolic link to nothing");
    await rm(join(folder, "1.png"));
    await symlink("..", join(folder, "up.png"));
    await expectRefusal(load(), "ERR_IMAGES_FORMAT", "up.png");
    await rm(join(folder, "up.png"));
    await symlink(".", join(folder, "self.png"));
    await expectRefusal(load(), "ERR_IMAGES_FORMAT", "self.png");
  });

  it("says that an empty folder has no images", async () => {
    await writeFile(join(folder, "README"), "nothing yet");
    await expectRefusal(loadImages(folder), "ERR_IMAGES_TOO_FEW", "at least 16", "found no images");
  });
});

describe("sizes", () => {
  it("of two kinds are an error that names two files, unless a size is given", async () => {
    await paint("a.png", 5, 3, 4);
    await paint("b.png", 5, 3, 4);
    await paint("c.png", 5, 7, 2);
    await expectRefusal(load(), "ERR_IMAGES_MIXED_SIZES", "a.png is 3×4 and c.png is 7×2", "--input-size");
    const batch = await load({ size: { height: 6, width: 6 } });
    expect([batch.count, batch.height, batch.width]).toEqual([3, 6, 6]);
    expect(new Set(batch.pixels)).toEqual(new Set([Math.fround(5 / 255)]));
  });
});

describe("channels", () => {
  it("of a folder are those of its richest image; grey files among colour are r = g = b", async () => {
    await paint("1.png", 51);
    await paint("2.png", [255, 0, 51]);
    const batch = await load({ channels: 3 });
    const corners = [...batch.pixels].filter((_, at) => at % 12 === 0);
    expect(batch.channels).toBe(3);
    expect(corners).toEqual([51, 51, 51, 255, 0, 51].map((value) => Math.fround(value / 255)));
  });

  it("of a grey folder are 1, which does not fit a colour model", async () => {
    await paint("1.png", 51);
    await paint("2.png", 52);
    expect((await load()).channels).toBe(1);
    await expectRefusal(load({ channels: 3 }), "ERR_IMAGES_CHANNELS", "Expected images with 3 channels");
  });

  it("names the colour image that does not fit a grey model", async () => {
    await paint("1.png", 51);
    await paint("2.png", [255, 0, 51]);
    await expectRefusal(load({ channels: 1 }), "ERR_IMAGES_CHANNELS", "2.png has 3 channels");
  });
});

describe("unreadable files", () => {
  it("are named, the first in order when there are several", async () => {
    for (let index = 1; index <= 9; index++) await paint(`${index}.png`, index);
    await writeFile(join(folder, "5.png"), "no picture");
    await writeFile(join(folder, "7.png"), "no picture");
    await expectRefusal(load(), "ERR_IMAGES_UNREADABLE", "5.png cannot be decoded");
  });

  it("are found in the picture data behind a sound header", async () => {
    await copyFile(fixture("files/colour.png"), join(folder, "1.png"));
    const whole = await sharp(fixture("files/colour.png")).png().toBuffer();
    const damaged = Buffer.from(whole);
    damaged.fill(0x55, Math.floor(whole.length / 2), Math.floor(whole.length / 2) + 20);
    await writeFile(join(folder, "2.png"), damaged);
    await expectRefusal(load(), "ERR_IMAGES_UNREADABLE", "2.png");
  });

  it("do not matter when the limit leaves them out: only chosen files are decoded", async () => {
    for (let index = 0; index < 8; index++) await paint(`${index}.png`, index);
    await writeFile(join(folder, "1.png"), "no picture");
    const batch = await load({ limit: 4 });
    expect([batch.count, batch.available]).toEqual([4, 8]);
    expect(Math.round((batch.pixels[12] as number) * 255)).toBe(2);
  });
});
