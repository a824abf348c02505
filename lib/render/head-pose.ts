import type { RandomStream } from "./random-stream.ts";

/**
 * How a head is turned, in radians. Pitch is positive when the face looks up, yaw when it looks towards the right side
 * of the picture, roll when the head leans clockwise as the camera sees it.
 *
 * The head is first rolled around its own forward axis, then pitched, then yawed. So the face looks along
 * (cos pitch · sin yaw, −sin pitch, cos pitch · cos yaw) in the picture's axes (x right, y down, z towards the camera)
 * whatever the roll, as a gaze with the same pitch and yaw would.
 */
export interface HeadPose {
  pitch: number;
  yaw: number;
  roll: number;
}

/** Largest angles of the rendered head poses in radians. */
export const HEAD_PITCH_LIMIT = 0.5;
export const HEAD_YAW_LIMIT = 0.7;
export const HEAD_ROLL_LIMIT = 0.35;

/** Draws a pose uniformly within the limits. */
export function drawHeadPose(random: RandomStream): HeadPose {
  return {
    pitch: random.uniform(-HEAD_PITCH_LIMIT, HEAD_PITCH_LIMIT),
    yaw: random.uniform(-HEAD_YAW_LIMIT, HEAD_YAW_LIMIT),
    roll: random.uniform(-HEAD_ROLL_LIMIT, HEAD_ROLL_LIMIT),
  };
}

/** A 3 × 3 matrix, row by row. */
export type Matrix3 = readonly [number, number, number, number, number, number, number, number, number];

/** The rotation from the head's axes to the picture's. */
export function rotationOf({ pitch, yaw, roll }: HeadPose): Matrix3 {
  const [cp, sp] = [Math.cos(pitch), Math.sin(pitch)];
  const [cy, sy] = [Math.cos(yaw), Math.sin(yaw)];
  const [cr, sr] = [Math.cos(roll), Math.sin(roll)];
  // Yaw · pitch · roll, each around its own axis, multiplied out.
  return [
    cy * cr + sy * sp * sr,
    sy * sp * cr - cy * sr,
    sy * cp,
    cp * sr,
    cp * cr,
    -sp,
    cy * sp * sr - sy * cr,
    sy * sr + cy * sp * cr,
    cy * cp,
  ];
}
