import { DrmGuardError } from "../errors/index.ts";
import type { HeadSquare } from "./head-crop.ts";
import { HEAD_CUBE_MILLIMETRES } from "./head-crop.ts";

/** One annotated frame of a sequence. */
export interface PandoraFrame {
  /** Number in the picture's name. */
  number: number;
  /** As stored, in degrees. */
  roll: number;
  pitch: number;
  yaw: number;
  /** Head joint in pixels of the colour picture. */
  column: number;
  row: number;
  /** Distance of the head joint from the camera plane in metres. */
  depth: number;
}

/** Place of the head in the Kinect's joint order (JointType_Head), with or without the legs. */
const HEAD_JOINT = 3;
/** Focal length of the Kinect One's colour camera over its picture's height of 1080 pixels. */
const FOCAL_OVER_HEIGHT = 1081.37 / 1080;
const MAXIMUM_FRAMES = 1_000_000;

/** The head's square in a picture of a height. */
export function headSquareOf({ column, row, depth }: PandoraFrame, height: number): HeadSquare {
  return { column, row, side: (HEAD_CUBE_MILLIMETRES / 1000) * ((FOCAL_OVER_HEIGHT * height) / depth) };
}

/**
 * Reads a sequence's `data.json`.
 * @throws ERR_IMAGES_FORMAT naming the frame and the field that is missing or wrong.
 */
export function parsePandora(text: string, name: string): PandoraFrame[] {
  let entries: unknown;
  try {
    entries = JSON.parse(text);
  } catch (cause) {
    throw wrong("JSON", name, cause);
  }
  if (!Array.isArray(entries) || entries.length > MAXIMUM_FRAMES) throw wrong("a list of frames", name);
  const frames = entries.map((entry, index) => parseFrame(entry, `entry ${index} of ${name}`));
  if (new Set(frames.map((frame) => frame.number)).size < frames.length) {
    throw wrong("every frame_num once", name);
  }
  return frames;
}

function parseFrame(entry: unknown, name: string): PandoraFrame {
  const number = numberAt(entry, ["frame_num"], name);
  if (!Number.isSafeInteger(number) || number < 0) throw wrong("a whole number as frame_num", name);
  const depth = numberAt(entry, ["joints3D", HEAD_JOINT, 2], name);
  if (!(depth > 0)) throw wrong(`a positive distance of the head as joints3D.${HEAD_JOINT}.2`, name);
  return {
    number,
    roll: numberAt(entry, ["orientation", "euler", "roll"], name),
    pitch: numberAt(entry, ["orientation", "euler", "pitch"], name),
    yaw: numberAt(entry, ["orientation", "euler", "yaw"], name),
    column: numberAt(entry, ["jointsRGB", HEAD_JOINT, 0], name),
    row: numberAt(entry, ["jointsRGB", HEAD_JOINT, 1], name),
    depth,
  };
}

function numberAt(entry: unknown, keys: readonly (string | number)[], name: string): number {
  let value: unknown = entry;
  for (const key of keys) {
    const has = typeof value === "object" && value !== null && Object.hasOwn(value, key);
    value = has ? (value as Record<string | number, unknown>)[key] : undefined;
  }
  if (typeof value !== "number" || !Number.isFinite(value))
    throw wrong(`a number as ${keys.join(".")}`, name);
  return value;
}

function wrong(what: string, name: string, cause?: unknown): DrmGuardError {
  return new DrmGuardError("ERR_IMAGES_FORMAT", `Expected ${what} in ${name}.`, {
    cause,
    hint: "Every frame needs frame_num, orientation.euler, jointsRGB and joints3D; remove frames that lack one.",
  });
}
