import { rm } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { loadDataSet } from "../../../lib/data/index.ts";
import { expectRefusal } from "../images/fixture.ts";
import { pattern, planes, squareOf, writePicture, writeUnder } from "./published-sets.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const folder = temporaryFolder();
const SEQUENCE = "01/base_1_ID";

/** A frame as the recording program writes it; only the head joint is not zero. */
function frameOf(number: number, angles: [number, number, number], head: [number, number, number]) {
  const [roll, pitch, yaw] = angles;
  const [column, row, depth] = head;
  const euler = { roll, pitch, yaw };
  const joints = Array.from({ length: 17 }, () => [0, 0]);
  return {
    ts: 1,
    frame_num: number,
    orientation: { euler, quaternion: [1, 0, 0, 0] },
    shoulder_orientation: { euler: { roll: 1, pitch: 2, yaw: 3 }, quaternion: [1, 0, 0, 0] },
    joints,
    joints3D: joints.map((_, at) => (at === 3 ? [0.1, 0.2, depth] : [0, 0, 0])),
    jointsRGB: joints.map((joint, at) => (at === 3 ? [column, row] : joint)),
    jointsState: joints.map(() => 2),
  };
}

async function writeSequence(inside: string, frames: ReturnType<typeof frameOf>[]) {
  await writeUnder(folder.path, `${inside}/data.json`, JSON.stringify(frames));
  for (const { frame_num } of frames) {
    const name = `${inside}/RGB/${String(frame_num).padStart(6, "0")}_RGB.png`;
    await writePicture(folder.path, name, pattern(54, 96, frame_num), 54, 96);
  }
}

const first = () => frameOf(0, [1, -2, 3], [40, 30, 0.9]);

// The focal length at a height of 54 is 1081.37 · 54 / 1080 = 54.0685, so that a head at 0.9 m is 18.02 pixels wide.
describe("Pandora as recorded", () => {
  beforeEach(async () => {
    await writeSequence(SEQUENCE, [first(), frameOf(12, [4, 5, -6], [60, 20, 0.9])]);
    await writeSequence("22/free_3_ID", [frameOf(7, [0, 10, 20], [48, 27, 0.9])]);
    await writeUnder(folder.path, `${SEQUENCE}/DEPTH/000000_DEPTH.png`, "depth");
    await writeUnder(folder.path, `${SEQUENCE}/data.txt`, "the same as a table");
  });

  it("gives the stored angles, persons by folder and heads", async () => {
    const data = await loadDataSet(folder.path, { size: { height: 18, width: 18 } });
    expect(data).toMatchObject({ kind: "pandora", unit: "degrees", count: 3, channels: 3 });
    expect(data.labelNames).toEqual(["pitch", "yaw", "roll"]);
    expect([...data.labels]).toEqual([-2, 3, 1, 5, -6, 4, 10, 20, 0]);
    expect([data.subjectNames, [...(data.subjects ?? [])]]).toEqual([
      ["01", "22"],
      [0, 0, 1],
    ]);
    const squares = [
      squareOf(pattern(54, 96, 0), 96, 21, 31, 18),
      squareOf(pattern(54, 96, 12), 96, 11, 51, 18),
      squareOf(pattern(54, 96, 7), 96, 18, 39, 18),
    ];
    expect([...data.pixels]).toEqual(squares.flatMap((square) => planes(square)));
  });

  const broken: [string, unknown, string][] = [
    ["text", "no json", "JSON"],
    ["an object", {}, "list"],
    ["no number", [{ ...first(), frame_num: "0" }], "frame_num"],
    ["no angles", [{ ...first(), orientation: {} }], "orientation.euler.roll"],
    ["no joints (an untracked body)", [{ ...first(), jointsRGB: [] }], "jointsRGB.3.0"],
    ["a head without distance", [frameOf(0, [1, 2, 3], [40, 30, 0])], "distance"],
    ["a frame twice", [first(), first()], "once"],
  ];
  it.each(broken)("refuses an annotation with %s, naming the file", async (_, content, text) => {
    const json = typeof content === "string" ? content : JSON.stringify(content);
    await writeUnder(folder.path, `${SEQUENCE}/data.json`, json);
    const reading = loadDataSet(folder.path, { size: { height: 9, width: 9 } });
    await expectRefusal(reading, "ERR_IMAGES_FORMAT", "data.json", text);
  });

  it("refuses a frame without a picture and a sequence without an annotation", async () => {
    const size = { height: 9, width: 9 };
    await rm(join(folder.path, SEQUENCE, "RGB/000012_RGB.png"));
    await expectRefusal(loadDataSet(folder.path, { size }), "ERR_FILE_NOT_FOUND", "000012_RGB.png");
    await writeUnder(folder.path, "22/free_1_ID/RGB/000000_RGB.png", "");
    await expectRefusal(loadDataSet(folder.path, { size }), "ERR_FILE_NOT_FOUND", "free_1_ID", "data.json");
  });
});
