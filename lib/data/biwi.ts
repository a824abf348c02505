/**
 * Biwi Kinect Head Pose (Fanelli and others: "Random Forests for Real Time 3D Face Analysis", 2013).
 *
 * Layout: sequence folders `01` … `24` with `frame_XXXXX_rgb.png` (640×480), `frame_XXXXX_pose.txt` (rotation matrix,
 * blank line, head centre in millimetres in the depth camera's coordinates: right, down, away) and `rgb.cal`. Depth
 * pictures, `depth.cal` (the identity) and `NN.obj` are not read. A pose without a picture is passed over; a picture
 * without a pose is an error.
 *
 * Labels: pitch, yaw, roll in degrees, by the formulas that head-pose regression uses for this set (Hopenet and those
 * after it). With R as stored (head to camera) they say R = Rx(−pitch) · Ry(yaw) · Rz(roll). R is the identity for a
 * face towards the camera, so positive pitch looks up, positive yaw turns the face towards the picture's left, positive
 * roll tilts it clockwise in the picture.
 *
 * Head crop: the head's centre is projected with rgb.cal (pixel = K · (R · centre + t); where there is no rgb.cal, with
 * the one published for sequence 12: focal length 517.679, principal point (320, 240.5)), and a square of
 * HEAD_CUBE_MILLIMETRES · focal length / depth pixels around it is cut out. That R and t lead from the depth to the
 * colour camera, and not back, is inferred from the Kinect's build; the other reading moves the crop by about 0.17 of
 * its side.
 *
 * Persons: 24 sequences of 20 people. Those recorded twice, by the subject numbers of the set's card in the Hugging
 * Face data sets: 02 and 21, 03 and 15, 05 and 18, 07 and 22; each pair is one person here.
 */
import { join } from "node:path";
import { DrmGuardError } from "../errors/index.ts";
import {
  type BiwiCamera,
  type BiwiPose,
  DEFAULT_CAMERA,
  dot,
  type Matrix,
  parseCamera,
  parsePose,
  type Vector,
} from "./biwi-annotation.ts";
import { type ResolvedDataSetOptions, requireNotCancelled } from "./data-set-options.ts";
import { cropSquare, HEAD_CUBE_MILLIMETRES, type HeadSquare } from "./head-crop.ts";
import { plainColumns } from "./label-columns.ts";
import type { DataSetReader } from "./sample-set.ts";
import { entriesOf, fileWithin, readPicture, readText } from "./source-files.ts";

const SEQUENCE = /^\d{2}$/;
const PICTURE = /^(frame_\d{5})_rgb\.png$/;
/** A sequence's pose file; by it the set is recognised. */
export const BIWI_POSE = /^frame_\d{5}_pose\.txt$/;
/** The later recording of a person and the first. */
const RECORDED_AGAIN: Readonly<Record<string, string>> = { "15": "03", "18": "05", "21": "02", "22": "07" };

interface BiwiFrame {
  sequence: string;
  /** frame_XXXXX */
  frame: string;
  camera: BiwiCamera;
}

/** @throws ERR_IMAGES_FORMAT, ERR_FILE_NOT_FOUND (a picture without a pose), ERR_CANCELLED */
export const readBiwi: DataSetReader = async (path, options, decode) => {
  const frames = await listFrames(path, options);
  const at = (index: number) => frames[index] as BiwiFrame;
  return decode({
    source: path,
    kind: "biwi",
    available: frames.length,
    columns: plainColumns(["pitch", "yaw", "roll"]),
    unit: "degrees",
    subjectOf: (index) => RECORDED_AGAIN[at(index).sequence] ?? at(index).sequence,
    channels: 3,
    size: null,
    async read(index) {
      const { sequence, frame, camera } = at(index);
      const [picturePath, posePath] = await Promise.all(
        ["rgb.png", "pose.txt"].map((end) => fileWithin(path, join(sequence, `${frame}_${end}`), path)),
      );
      const name = join(path, sequence, `${frame}_rgb.png`);
      const poseName = join(path, sequence, `${frame}_pose.txt`);
      const pose = parsePose(await readText(posePath as string, poseName), poseName);
      const picture = await readPicture(picturePath as string, name);
      const square = headSquare(pose, camera, poseName);
      return { picture: cropSquare(picture, square, name), labels: anglesOf(pose.rotation), name };
    },
  });
};

async function listFrames(folder: string, { signal }: ResolvedDataSetOptions): Promise<BiwiFrame[]> {
  const frames: BiwiFrame[] = [];
  for (const { name: sequence } of await entriesOf(folder)) {
    if (!SEQUENCE.test(sequence)) continue;
    requireNotCancelled(signal, folder);
    const names = (await entriesOf(join(folder, sequence))).map((entry) => entry.name);
    const camera = names.includes("rgb.cal") ? await readCamera(folder, sequence) : DEFAULT_CAMERA;
    for (const name of names) {
      const frame = PICTURE.exec(name)?.[1];
      if (frame !== undefined) frames.push({ sequence, frame, camera });
    }
  }
  return frames;
}

async function readCamera(folder: string, sequence: string): Promise<BiwiCamera> {
  const inside = join(sequence, "rgb.cal");
  const name = join(folder, inside);
  return parseCamera(await readText(await fileWithin(folder, inside, folder), name), name);
}

/** Pitch, yaw and roll in degrees of R = Rx(−pitch) · Ry(yaw) · Rz(roll). */
export function anglesOf(rotation: Matrix): [number, number, number] {
  const [first, second, third] = rotation as [Vector, Vector, Vector];
  const pitch = Math.atan2(second[2], third[2]);
  const yaw = Math.atan2(first[2], Math.hypot(second[2], third[2]));
  const roll = Math.atan2(-first[1], first[0]);
  return [pitch, yaw, roll].map((angle) => (angle * 180) / Math.PI) as [number, number, number];
}

function headSquare({ centre }: BiwiPose, camera: BiwiCamera, name: string): HeadSquare {
  const [x, y, z] = camera.rotation.map(
    (row, axis) => dot(row, centre) + (camera.translation[axis] ?? 0),
  ) as unknown as Vector;
  if (!(z > 0)) {
    throw new DrmGuardError(
      "ERR_IMAGES_FORMAT",
      `Expected a head in front of the camera in ${name}, got the centre ${centre.join(" ")}.`,
    );
  }
  const [across, down] = camera.intrinsics as [Vector, Vector, Vector];
  return {
    column: dot(across, [x / z, y / z, 1]),
    row: dot(down, [x / z, y / z, 1]),
    side: (HEAD_CUBE_MILLIMETRES * across[0]) / z,
  };
}
