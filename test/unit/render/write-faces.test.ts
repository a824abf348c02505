import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { unzipSync } from "fflate";
import { describe, expect, it, onTestFinished } from "vitest";
import { loadImages } from "../../../lib/images/index.ts";
import { encodeNpy, renderFaces, writeFaces } from "../../../lib/render/index.ts";

const OPTIONS = { count: 7, seed: 4, size: 24, people: 3, labels: "head-pose" } as const;

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "drmguard-render-"));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

/** The planes that loadImages gives for the renderer's bytes. */
function planes({ pixels, count, size }: ReturnType<typeof renderFaces>): Float32Array {
  const plane = size * size;
  return Float32Array.from({ length: pixels.length }, (_, index) => {
    const image = Math.floor(index / (plane * 3));
    const channel = Math.floor(index / plane) % 3;
    expect(image).toBeLessThan(count);
    return Math.fround((pixels[(image * plane + (index % plane)) * 3 + channel] ?? 0) / 255);
  });
}

describe("writeFaces into a .npz", () => {
  it("writes the arrays as numpy does, and the images as scan reads them", async () => {
    const path = join(await folder(), "faces.npz");
    const progress: number[] = [];
    await writeFaces(path, OPTIONS, { onProgress: (done, total) => progress.push(done / total) });
    const faces = renderFaces(OPTIONS);
    const arrays = unzipSync(await readFile(path));
    // encodeNpy is held to numpy's own bytes in npy-writer.test.ts.
    expect(Object.keys(arrays)).toEqual(["images.npy", "labels.npy", "subjects.npy"]);
    expect(Buffer.from(arrays["images.npy"] ?? [])).toEqual(
      Buffer.from(encodeNpy(faces.pixels, [7, 24, 24, 3])),
    );
    expect(Buffer.from(arrays["labels.npy"] ?? [])).toEqual(Buffer.from(encodeNpy(faces.labels, [7, 3])));
    expect(Buffer.from(arrays["subjects.npy"] ?? [])).toEqual(Buffer.from(encodeNpy(faces.subjects, [7])));
    const images = await loadImages(path, { minimum: 1 });
    expect([images.count, images.channels, images.height, images.width]).toEqual([7, 3, 24, 24]);
    expect(images.pixels).toEqual(planes(faces));
    expect(progress).toEqual([1]);
  });

  it("writes the same bytes whatever the number of chunks and the time", async () => {
    const path = await folder();
    const large = { count: 30, seed: 2, size: 256, people: 4 };
    const progress: number[] = [];
    await writeFaces(join(path, "a.npz"), large, { onProgress: (done) => progress.push(done) });
    expect(progress.length).toBeGreaterThan(1);
    const written = await readFile(join(path, "a.npz"));
    const images = Buffer.from(unzipSync(written)["images.npy"] ?? []);
    // Buffers this large are compared by themselves: a matcher would take minutes.
    expect(images.subarray(128).equals(renderFaces(large).pixels)).toBe(true);
    await writeFaces(join(path, "b.npz"), large);
    expect(written.equals(await readFile(join(path, "b.npz")))).toBe(true);
  });

  it("replaces a file only when forced, and never what is no file", async () => {
    const path = await folder();
    const file = join(path, "faces.npz");
    await writeFile(file, "precious");
    await expect(writeFaces(file, OPTIONS)).rejects.toMatchObject({ code: "ERR_FILE_WRITE" });
    expect(await readFile(file, "utf8")).toBe("precious");
    await writeFaces(file, OPTIONS, { force: true });
    expect((await readFile(file)).subarray(0, 2).toString()).toBe("PK");
    await mkdir(join(path, "folder.npz"));
    await expect(writeFaces(join(path, "folder.npz"), OPTIONS, { force: true })).rejects.toMatchObject({
      code: "ERR_FILE_WRITE",
    });
    expect((await readdir(path)).sort()).toEqual(["faces.npz", "folder.npz"]);
  });

  it("leaves nothing behind when it is stopped", async () => {
    const path = await folder();
    const controller = new AbortController();
    const stopped = writeFaces(
      join(path, "a.npz"),
      { count: 60, seed: 2, size: 256 },
      {
        signal: controller.signal,
        onProgress: () => controller.abort(),
      },
    );
    await expect(stopped).rejects.toMatchObject({ code: "ERR_CANCELLED" });
    expect(await readdir(path)).toEqual([]);
  });

  it("refuses more than an archive holds before it renders anything", async () => {
    const path = await folder();
    const much = { count: 1_000_000, seed: 1, size: 64 };
    await expect(writeFaces(join(path, "a.npz"), much)).rejects.toMatchObject({ code: "ERR_CONFIG" });
    expect(await readdir(path)).toEqual([]);
  });
});

describe("writeFaces into a folder", () => {
  it("writes the pictures losslessly and the labels exactly", async () => {
    const path = join(await folder(), "faces");
    await writeFaces(path, OPTIONS);
    const faces = renderFaces(OPTIONS);
    const [header, ...lines] = (await readFile(join(path, "labels.csv"), "utf8")).trimEnd().split("\n");
    expect(header).toBe("file,subject,pitch,yaw,roll");
    expect(lines).toHaveLength(7);
    for (const [index, line] of lines.entries()) {
      const [file, subject, ...labels] = line.split(",");
      expect(file).toBe(`00000${index}.png`);
      expect(Number(subject)).toBe(faces.subjects[index]);
      expect(labels.map(Number)).toEqual([...faces.labels.subarray(index * 3, index * 3 + 3)]);
    }
    await rm(join(path, "labels.csv"));
    expect((await loadImages(path, { minimum: 1 })).pixels).toEqual(planes(faces));
  });

  it("never replaces a folder that holds anything", async () => {
    const path = await folder();
    await writeFile(join(path, "mine.txt"), "precious");
    await expect(writeFaces(path, OPTIONS, { force: true })).rejects.toMatchObject({
      code: "ERR_FILE_WRITE",
    });
    expect(await readdir(path)).toEqual(["mine.txt"]);
  });

  it("refuses a name of neither kind", async () => {
    const path = await folder();
    await expect(writeFaces(join(path, "faces.zip"), OPTIONS)).rejects.toMatchObject({ code: "ERR_CONFIG" });
    expect(await readdir(path)).toEqual([]);
  });
});
