import { symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { File, ready } from "h5wasm";
import { describe, expect, it } from "vitest";
import { loadDataSet } from "../../../lib/data/index.ts";
import { expectRefusal } from "../images/fixture.ts";
import { faceGazeArrays, type Hdf5Content, matFile, pattern, planes, writeUnder } from "./published-sets.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const SIDE = 6;
const folder = temporaryFolder();

/** Pictures of a person and their gaze, in radians. */
function person(seed: number, count: number) {
  const pictures = Array.from({ length: count }, (_, at) => pattern(SIDE, SIDE, seed + at));
  const gaze = pictures.map((_, at): [number, number] => [0.25 * at - 0.5, 0.125 * seed]);
  return { pictures, gaze };
}

async function write(name: string, content: Hdf5Content) {
  await writeUnder(folder.path, name, await matFile(content));
}

function arraysOf({ pictures, gaze }: ReturnType<typeof person>, type?: typeof Float32Array) {
  return faceGazeArrays(pictures, gaze, SIDE, type);
}

describe("MPIIFaceGaze as published", () => {
  it("gives RGB pictures, gaze in radians and one person per file", async () => {
    const [first, second] = [person(1, 3), person(7, 20)];
    await write("p00.mat", arraysOf(first));
    await write("p01.mat", arraysOf(second));
    await writeUnder(folder.path, "Readme.txt", "as published");
    const data = await loadDataSet(folder.path);
    expect(data).toMatchObject({ kind: "mpiifacegaze", unit: "radians", count: 23, channels: 3 });
    expect([data.height, data.width, data.labelNames]).toEqual([SIDE, SIDE, ["pitch", "yaw"]]);
    expect([...data.pixels]).toEqual([...first.pictures, ...second.pictures].flatMap((each) => planes(each)));
    expect([...data.labels]).toEqual([...first.gaze, ...second.gaze].flat());
    expect(data.subjectNames).toEqual(["p00", "p01"]);
    expect([...(data.subjects ?? [])]).toEqual([0, 0, 0, ...new Array(20).fill(1)]);
  });

  it("reads floats in [0,255] as the same pictures", async () => {
    await write("p00.mat", arraysOf(person(2, 2)));
    const bytes = await loadDataSet(folder.path);
    await write("p00.mat", arraysOf(person(2, 2), Float32Array));
    expect((await loadDataSet(folder.path)).sha256).toBe(bytes.sha256);
  });

  it("spreads a limit over all files and reads one file alone", async () => {
    const [first, second] = [person(1, 4), person(7, 4)];
    await write("p00.mat", arraysOf(first));
    await write("p01.mat", arraysOf(second));
    const data = await loadDataSet(folder.path, { limit: 4 });
    const chosen = [first.pictures[0], first.pictures[2], second.pictures[0], second.pictures[2]];
    expect([...data.pixels]).toEqual(chosen.flatMap((each) => planes(each as Uint8Array)));
    expect([...(data.subjects ?? [])]).toEqual([0, 0, 1, 1]);
    expect((await loadDataSet(join(folder.path, "p01.mat"))).subjectNames).toEqual(["p01"]);
  });

  it("keeps the labels that are named, in their order, and resizes", async () => {
    await write("p00.mat", arraysOf(person(3, 2)));
    const data = await loadDataSet(folder.path, { labels: ["yaw"], size: { height: 3, width: 2 } });
    expect([data.labelNames, [...data.labels]]).toEqual([["yaw"], [0.375, 0.375]]);
    expect(data.pixels.length).toBe(2 * 3 * 3 * 2);
    await expectRefusal(loadDataSet(folder.path, { labels: ["roll"] }), "ERR_CONFIG", "roll", "pitch, yaw");
  });
});

describe("broken MPIIFaceGaze", () => {
  it.each([0.05, 0.5, 0.95])("refuses a file cut to %f of its length", async (share) => {
    const whole = await matFile(arraysOf(person(1, 8)));
    await writeUnder(folder.path, "p00.mat", whole.subarray(0, Math.floor(whole.length * share)));
    await expectRefusal(loadDataSet(folder.path), "ERR_IMAGES_FORMAT", "p00.mat", "HDF5");
  });

  it("refuses a file that is no HDF5", async () => {
    await writeUnder(folder.path, "p00.mat", "MATLAB 5.0 MAT-file".padEnd(4096, "x"));
    await expectRefusal(loadDataSet(folder.path), "ERR_IMAGES_FORMAT", "p00.mat", "HDF5");
  });

  it("refuses missing arrays, wrong shapes and wrong types, naming the array", async () => {
    const { "Data/data": data, "Data/label": label } = arraysOf(person(1, 2)) as Required<Hdf5Content>;
    const variants: [Hdf5Content, string][] = [
      [{ "Data/data": data as never }, "Data/label"],
      [{ "Data/label": label as never }, "Data/data"],
      [
        { "Data/data": { ...data, shape: [2, SIDE, SIDE, 3] } as never, "Data/label": label as never },
        "N×3×H×W",
      ],
      [{ "Data/data": data as never, "Data/label": { ...label, shape: [4, 8] } as never }, "2×16 labels"],
      [
        { "Data/data": data as never, "Data/label": { data: new Float64Array(16), shape: [1, 16] } },
        "2×16 labels",
      ],
    ];
    for (const [content, text] of variants) {
      await write("p00.mat", content);
      await expectRefusal(loadDataSet(folder.path), "ERR_IMAGES_FORMAT", "p00.mat", text);
    }
  });

  it("refuses a label that is no number and a pixel out of range, naming the image", async () => {
    const { pictures, gaze } = person(1, 3);
    await write("p00.mat", faceGazeArrays(pictures, [gaze[0], [Number.NaN, 0], gaze[2]] as never, SIDE));
    await expectRefusal(loadDataSet(folder.path), "ERR_IMAGES_FORMAT", "image 1", "p00.mat", "pitch", "NaN");
    const bright = faceGazeArrays(pictures, gaze, SIDE, Float32Array);
    (bright["Data/data"]?.data as Float32Array)[0] = 256;
    await write("p00.mat", bright);
    await expectRefusal(loadDataSet(folder.path), "ERR_IMAGES_FORMAT", "image 0", "[0,255]", "256");
  });

  it("does not follow an HDF5 link to another file", async () => {
    await write("other/p01.mat", arraysOf(person(1, 2)));
    const library = await ready;
    const files = library.FS as unknown as { readFile(path: string): Uint8Array; unlink(path: string): void };
    const file = new File("/linking.mat", "w");
    file.create_external_link(join(folder.path, "other/p01.mat"), "/Data", "Data");
    file.close();
    await writeUnder(folder.path, "p00.mat", files.readFile("/linking.mat"));
    files.unlink("/linking.mat");
    await expectRefusal(loadDataSet(folder.path), "ERR_IMAGES_FORMAT", "p00.mat");
    // The file that it names is sound.
    expect((await loadDataSet(join(folder.path, "other"))).count).toBe(2);
  });

  it("does not follow a link out of the folder", async () => {
    const outside = join(folder.path, "outside.mat");
    await writeFile(outside, await matFile(arraysOf(person(1, 1))));
    await writeUnder(folder.path, "set/Readme.txt", "");
    await symlink(outside, join(folder.path, "set", "p00.mat"));
    await expectRefusal(loadDataSet(join(folder.path, "set")), "ERR_IMAGES_FORMAT", "leads out");
  });
});
