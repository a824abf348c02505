import { DrmGuardError } from "../errors/index.ts";
import { parseNumbers } from "./number-text.ts";

/** Three rows of three. */
export type Matrix = readonly (readonly [number, number, number])[];
export type Vector = readonly [number, number, number];

/** Where a head is and how it is turned. */
export interface BiwiPose {
  /** Head to camera coordinates. */
  rotation: Matrix;
  /** Centre of the head in millimetres: right, down, away from the depth camera. */
  centre: Vector;
}

/** A colour camera: pixels from points in the depth camera's coordinates. */
export interface BiwiCamera {
  intrinsics: Matrix;
  rotation: Matrix;
  /** Millimetres. */
  translation: Vector;
}

/** `rgb.cal` as published for sequence 12; used where a sequence has none. */
export const DEFAULT_CAMERA: BiwiCamera = {
  intrinsics: [
    [517.679, 0, 320],
    [0, 517.679, 240.5],
    [0, 0, 1],
  ],
  rotation: [
    [0.999947, 0.00432361, 0.00929419],
    [-0.00446314, 0.999877, 0.0150443],
    [-0.009228, -0.015085, 0.999844],
  ],
  translation: [-24.0198, 5.8896, -13.2308],
};

/** How far RᵀR may be from the identity: published matrices have six digits. */
const ROTATION_TOLERANCE = 1e-2;

/**
 * Reads `frame_XXXXX_pose.txt`: three rows of a rotation matrix, a blank line, the head's centre.
 * @throws ERR_IMAGES_FORMAT
 */
export function parsePose(text: string, name: string): BiwiPose {
  const lines = text.split(/\r?\n/);
  const rotation = matrixOf(lines.slice(0, 3), "a rotation matrix in lines 1 to 3", name);
  requireRotation(rotation, name);
  if ((lines[3] ?? "").trim() !== "") throw wrong("a blank line 4", name);
  const centre = vectorOf(lines[4] ?? "", "the head's centre in line 5", name);
  if (lines.slice(5).some((line) => line.trim() !== "")) throw wrong("nothing after line 5", name);
  return { rotation, centre };
}

/**
 * Reads `rgb.cal`: the intrinsic matrix in lines 1 to 3, the rotation in lines 7 to 9, the translation in line 11.
 * @throws ERR_IMAGES_FORMAT
 */
export function parseCamera(text: string, name: string): BiwiCamera {
  const lines = text.split(/\r?\n/);
  const intrinsics = matrixOf(lines.slice(0, 3), "an intrinsic matrix in lines 1 to 3", name);
  const rotation = matrixOf(lines.slice(6, 9), "a rotation matrix in lines 7 to 9", name);
  requireRotation(rotation, name);
  const [[focalAcross], [, focalDown]] = intrinsics as [Vector, Vector, Vector];
  if (!(focalAcross > 0 && focalDown > 0)) throw wrong("positive focal lengths", name);
  return { intrinsics, rotation, translation: vectorOf(lines[10] ?? "", "a translation in line 11", name) };
}

function matrixOf(lines: readonly string[], what: string, name: string): Matrix {
  if (lines.length < 3) throw wrong(what, name);
  return lines.map((line) => vectorOf(line, what, name));
}

function vectorOf(line: string, what: string, name: string): Vector {
  const numbers = parseNumbers(line);
  if (numbers.length !== 3 || !numbers.every(Number.isFinite)) throw wrong(what, name);
  return numbers as unknown as Vector;
}

function requireRotation(matrix: Matrix, name: string): void {
  const [a, b, c] = matrix as [Vector, Vector, Vector];
  const lengths = [a, b, c].map((row) => dot(row, row));
  const straight = lengths.every((length) => Math.abs(length - 1) < ROTATION_TOLERANCE);
  const square = [dot(a, b), dot(a, c), dot(b, c)].every((value) => Math.abs(value) < ROTATION_TOLERANCE);
  const turn =
    a[0] * (b[1] * c[2] - b[2] * c[1]) -
    a[1] * (b[0] * c[2] - b[2] * c[0]) +
    a[2] * (b[0] * c[1] - b[1] * c[0]);
  if (!straight || !square || turn < 0) throw wrong("a rotation (orthonormal, no mirror image)", name);
}

/** Scalar product. */
export function dot(left: Vector, right: Vector): number {
  return left[0] * right[0] + left[1] * right[1] + left[2] * right[2];
}

function wrong(what: string, name: string): DrmGuardError {
  return new DrmGuardError("ERR_IMAGES_FORMAT", `Expected ${what} in ${name}.`, {
    hint: "Copy the file again from the data set.",
  });
}
