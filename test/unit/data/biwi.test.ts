import { rm } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { anglesOf } from "../../../lib/data/biwi.ts";
import { loadDataSet } from "../../../lib/data/index.ts";
import { expectRefusal } from "../images/fixture.ts";
import {
  calibrationText,
  IDENTITY,
  pattern,
  planes,
  poseText,
  squareOf,
  writePicture,
  writeUnder,
} from "./published-sets.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const folder = temporaryFolder();
/** By numpy, with the formulas of Hopenet's reader of this set. */
const PUBLISHED_ANGLES: readonly number[] = [-0.404924, 9.327468, -6.394386];
const size = { height: 15, width: 15 };

function product(left: number[][], right: number[][]): number[][] {
  return left.map((row) =>
    IDENTITY.map((_, column) =>
      row.reduce((sum, value, at) => sum + value * (right[at]?.[column] as number), 0),
    ),
  );
}

/** Rotation about an axis (0: right, 1: down, 2: away) by an angle in degrees, right-handed. */
function turn(axis: number, degrees: number): number[][] {
  const [sine, cosine] = [Math.sin((degrees * Math.PI) / 180), Math.cos((degrees * Math.PI) / 180)];
  const [next, last] = [(axis + 1) % 3, (axis + 2) % 3];
  const matrix = IDENTITY.map((row) => [...row]) as [number, number, number][];
  (matrix[next] as number[])[next] = cosine;
  (matrix[next] as number[])[last] = -sine;
  (matrix[last] as number[])[next] = sine;
  (matrix[last] as number[])[last] = cosine;
  return matrix;
}

/** A head that looks up by pitch, is turned to the picture's left by yaw and tilted clockwise by roll. */
function rotationOf(pitch: number, yaw: number, roll: number): number[][] {
  return product(product(turn(0, -pitch), turn(1, yaw)), turn(2, roll));
}

describe("the angles of a rotation matrix", () => {
  it("are those that the matrix was composed from", () => {
    const angle = fc.double({ min: -80, max: 80, noNaN: true });
    fc.assert(
      fc.property(angle, angle, angle, (pitch, yaw, roll) => {
        const found = anglesOf(rotationOf(pitch, yaw, roll) as never);
        for (const [at, expected] of [pitch, yaw, roll].entries()) expect(found[at]).toBeCloseTo(expected, 6);
      }),
    );
  });

  it("are positive for a face that looks up, to the picture's left, or is tilted clockwise", () => {
    // A face looks along −z of the head (towards the camera); the picture's axes are right and down.
    const look = (matrix: number[][]) => matrix.map((row) => -(row[2] as number));
    expect(look(rotationOf(20, 0, 0))[1]).toBeLessThan(0);
    expect(look(rotationOf(0, 20, 0))[0]).toBeLessThan(0);
    // The head's right side of the picture moves down.
    expect(rotationOf(0, 0, 20)[1]?.[0]).toBeGreaterThan(0);
  });

  it("are Hopenet's for a published pose", () => {
    // The first frame of sequence 12, as the set's card prints it.
    const published = [
      [0.980639, 0.109899, 0.162077],
      [-0.11023, 0.993882, -0.00697376],
      [-0.161851, -0.011027, 0.986754],
    ];
    const [pitch, yaw, roll] = anglesOf(published as never);
    expect(pitch).toBeCloseTo(PUBLISHED_ANGLES[0] as number, 4);
    expect(yaw).toBeCloseTo(PUBLISHED_ANGLES[1] as number, 4);
    expect(roll).toBeCloseTo(PUBLISHED_ANGLES[2] as number, 4);
  });
});

async function writeFrame(sequence: string, frame: string, seed: number, pose: string) {
  await writePicture(folder.path, `${sequence}/frame_${frame}_rgb.png`, pattern(48, 64, seed), 48, 64);
  await writeUnder(folder.path, `${sequence}/frame_${frame}_pose.txt`, pose);
}

describe("Biwi as published", () => {
  beforeEach(async () => {
    await writeFrame("03", "00003", 1, poseText(rotationOf(10, -20, 5), [100, -50, 1000]));
    await writeFrame("03", "00004", 2, poseText(rotationOf(-30, 40, -15), [100, -50, 1000]));
    await writeFrame("15", "00007", 3, poseText(rotationOf(0, 60, 0), [100, -50, 1000]));
    await writeFrame("24", "00001", 4, poseText(IDENTITY, [100, -50, 1000]));
    for (const sequence of ["03", "15"]) {
      await writeUnder(folder.path, `${sequence}/rgb.cal`, calibrationText(50, 32, 24));
      await writeUnder(folder.path, `${sequence}/depth.cal`, calibrationText(57, 32, 24));
      await writeUnder(folder.path, `${sequence}/frame_00003_depth.bin`, "depth");
    }
    await writeUnder(folder.path, "24/rgb.cal", calibrationText(50, 32, 24, [-24, 20, 0]));
    await writeUnder(folder.path, "03.obj", "mesh");
  });

  it("gives pitch, yaw, roll in degrees and persons over their recordings", async () => {
    const data = await loadDataSet(folder.path, { size });
    expect(data).toMatchObject({ kind: "biwi", unit: "degrees", count: 4, channels: 3 });
    expect(data.labelNames).toEqual(["pitch", "yaw", "roll"]);
    const expected = [10, -20, 5, -30, 40, -15, 0, 60, 0, 0, 0, 0];
    for (const [at, angle] of expected.entries()) expect(data.labels[at]).toBeCloseTo(angle, 4);
    // Sequence 15 shows the person of sequence 03 again.
    expect([data.subjectNames, [...(data.subjects ?? [])]]).toEqual([
      ["03", "24"],
      [0, 0, 0, 1],
    ]);
  });

  it("knows the four people who were recorded twice among the 24 sequences", async () => {
    const sequences = Array.from({ length: 24 }, (_, at) => String(at + 1).padStart(2, "0"));
    const picture = pattern(16, 16, 1);
    for (const sequence of sequences) {
      await writePicture(folder.path, `all/${sequence}/frame_00001_rgb.png`, picture, 16, 16);
      await writeUnder(folder.path, `all/${sequence}/frame_00001_pose.txt`, poseText(IDENTITY, [0, 0, 1000]));
      await writeUnder(folder.path, `all/${sequence}/rgb.cal`, calibrationText(50, 8, 8));
    }
    const data = await loadDataSet(join(folder.path, "all"), { size: { height: 2, width: 2 } });
    expect(data.subjectNames.length).toBe(20);
    const personOf = (sequence: string) => data.subjects?.[sequences.indexOf(sequence)];
    const twice = [
      ["02", "21"],
      ["03", "15"],
      ["05", "18"],
      ["07", "22"],
    ] as const;
    for (const [earlier, later] of twice) expect(personOf(later)).toBe(personOf(earlier));
  });

  it("cuts out the square around the projected head", async () => {
    const data = await loadDataSet(folder.path, { size });
    // Column 32 + 50·100/1000 = 37, row 24 − 50·50/1000 = 21.5, side 300·50/1000 = 15: from row 14, column 30 on.
    // Sequence 24: column 32 + 50·(100−24)/1000 = 35.8, row 24 + 50·(−50+20)/1000 = 22.5: from row 15, column 28 on.
    const squares = [
      squareOf(pattern(48, 64, 1), 64, 14, 30, 15),
      squareOf(pattern(48, 64, 2), 64, 14, 30, 15),
      squareOf(pattern(48, 64, 3), 64, 14, 30, 15),
      squareOf(pattern(48, 64, 4), 64, 15, 28, 15),
    ];
    expect([...data.pixels]).toEqual(squares.flatMap((square) => planes(square)));
  });

  it("moves a square that reaches over the border inside", async () => {
    await rm(join(folder.path, "15"), { recursive: true });
    await rm(join(folder.path, "24"), { recursive: true });
    await writeUnder(folder.path, "03/frame_00003_pose.txt", poseText(IDENTITY, [-600, 440, 1000]));
    const data = await loadDataSet(folder.path, { size, limit: 1 });
    // Column 2, row 46: the square would leave at the left and below.
    expect([...data.pixels]).toEqual(planes(squareOf(pattern(48, 64, 1), 64, 33, 0, 15)));
  });

  it("uses the published camera where a sequence has no rgb.cal", async () => {
    const picture = pattern(480, 640, 5);
    await writePicture(folder.path, "big/01/frame_00001_rgb.png", picture, 480, 640);
    await writeUnder(folder.path, "big/01/frame_00001_pose.txt", poseText(IDENTITY, [0, 0, 1000]));
    const data = await loadDataSet(join(folder.path, "big"), { size: { height: 157, width: 157 } });
    // numpy: K (R [0 0 1000] + t) is column 312.273, row 251.484 at depth 986.613; side 300·517.679/986.613 = 157.4.
    expect([...data.pixels]).toEqual(planes(squareOf(picture, 640, 173, 234, 157)));
  });

  const pose = (text: string) => writeUnder(folder.path, "03/frame_00004_pose.txt", text);

  it("refuses a picture without a pose", async () => {
    await rm(join(folder.path, "03/frame_00004_pose.txt"));
    await expectRefusal(loadDataSet(folder.path, { size }), "ERR_FILE_NOT_FOUND", "frame_00004_pose.txt");
  });

  it.each([
    ["a short file", "1 0 0\n0 1 0\n"],
    ["no head centre", "1 0 0\n0 1 0\n0 0 1\n"],
    ["a word", "1 0 0\n0 x 0\n0 0 1\n\n0 0 1000\n"],
    ["NaN", "1 0 0\n0 1 0\n0 0 1\n\n0 nan 1000\n"],
    ["hexadecimal", "0x1 0 0\n0 1 0\n0 0 1\n\n0 0 1000\n"],
    ["no rotation", "1 0 0\n0 2 0\n0 0 1\n\n0 0 1000\n"],
    ["a mirror image", "1 0 0\n0 1 0\n0 0 -1\n\n0 0 1000\n"],
    ["a head behind the camera", "1 0 0\n0 1 0\n0 0 1\n\n0 0 -5\n"],
    ["text after the centre", "1 0 0\n0 1 0\n0 0 1\n\n0 0 1000\n7\n"],
  ])("refuses a pose with %s, naming the file", async (_, text) => {
    await pose(text);
    await expectRefusal(loadDataSet(folder.path, { size }), "ERR_IMAGES_FORMAT", "frame_00004_pose.txt");
  });

  it("refuses a head outside the picture, a broken calibration and a broken picture", async () => {
    await pose(poseText(IDENTITY, [9000, 0, 1000]));
    await expectRefusal(
      loadDataSet(folder.path, { size }),
      "ERR_IMAGES_FORMAT",
      "frame_00004_rgb.png",
      "inside",
    );
    await pose(poseText(IDENTITY, [0, 0, 1000]));
    await writeUnder(folder.path, "15/rgb.cal", "517.679 0 320\n");
    await expectRefusal(loadDataSet(folder.path, { size }), "ERR_IMAGES_FORMAT", "rgb.cal", "intrinsic");
    await writeUnder(folder.path, "15/rgb.cal", calibrationText(50, 32, 24));
    await writeUnder(folder.path, "24/frame_00001_rgb.png", "no picture");
    await expectRefusal(loadDataSet(folder.path, { size }), "ERR_IMAGES_UNREADABLE", "frame_00001_rgb.png");
  });
});
