/**
 * Renders faces with exact gaze labels as the single arrays that train_models.py reads (drmguard render writes a .npz):
 *   npx tsx scripts/demo/render-faces.ts --count 400 --seed 1 --size 48 --out FOLDER [--people 1000]
 * writes images.npy (uint8, N×H×W×3), labels.npy (float32, N×2: pitch and yaw in radians) and subjects.npy (int32, N)
 * into FOLDER.
 */
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { encodeNpy, renderFaces } from "../../lib/render/index.ts";

const { values } = parseArgs({
  options: {
    count: { type: "string", default: "400" },
    seed: { type: "string", default: "1" },
    size: { type: "string", default: "48" },
    people: { type: "string", default: "1000" },
    out: { type: "string" },
  },
});
if (values.out === undefined) {
  console.error("Expected --out FOLDER.");
  process.exit(4);
}
const folder = values.out;
const { pixels, labels, subjects, count, size } = renderFaces({
  count: Number(values.count),
  seed: Number(values.seed),
  size: Number(values.size),
  people: Number(values.people),
});

function write(name: string, bytes: Uint8Array): void {
  const path = join(folder, name);
  writeFileSync(`${path}.partial`, bytes);
  renameSync(`${path}.partial`, path);
}

mkdirSync(folder, { recursive: true });
write("images.npy", encodeNpy(pixels, [count, size, size, 3]));
write("labels.npy", encodeNpy(labels, [count, 2]));
write("subjects.npy", encodeNpy(subjects, [count]));
