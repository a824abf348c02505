import { mkdir, open, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import type { FaceSeries, RenderedFaces } from "./render-faces.ts";

/** PNGs that are encoded at the same time. */
const CONCURRENCY = 16;

/**
 * Writes faces as NUMBER.png files and labels.csv: a header, then one line per file with the person's number and the
 * labels in radians, in full float32 precision.
 * @param path a folder that is not there yet
 */
export async function writeFacesFolder(
  path: string,
  { count, size, labelNames }: FaceSeries,
  chunks: AsyncIterable<RenderedFaces>,
): Promise<void> {
  await mkdir(path);
  const digits = Math.max(6, String(count - 1).length);
  const table = await open(join(path, "labels.csv"), "wx");
  try {
    await table.writeFile(`${["file", "subject", ...labelNames].join(",")}\n`);
    let first = 0;
    for await (const faces of chunks) {
      const names = Array.from(
        { length: faces.count },
        (_, index) => `${String(first + index).padStart(digits, "0")}.png`,
      );
      for (let start = 0; start < names.length; start += CONCURRENCY) {
        const group = names.slice(start, start + CONCURRENCY);
        await Promise.all(group.map((name, index) => writePng(join(path, name), faces, start + index, size)));
      }
      const columns = labelNames.length;
      const lines = names.map((name, index) => {
        const values = faces.labels.subarray(index * columns, (index + 1) * columns);
        return `${[name, faces.subjects[index], ...values].join(",")}\n`;
      });
      await table.writeFile(lines.join(""));
      first += faces.count;
    }
  } finally {
    await table.close();
  }
}

async function writePng(path: string, { pixels }: RenderedFaces, index: number, size: number): Promise<void> {
  const bytes = pixels.subarray(index * size * size * 3, (index + 1) * size * size * 3);
  const image = sharp(bytes, { raw: { width: size, height: size, channels: 3 } });
  await writeFile(path, await image.png().toBuffer());
}
