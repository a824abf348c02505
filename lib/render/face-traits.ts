import type { RandomStream } from "./random-stream.ts";

/** Red, green and blue in [0,1]. */
export type Colour = readonly [number, number, number];

export type HairStyle = "short" | "long" | "fringe" | "none";

/**
 * What makes one person look unlike another. Lengths are in face units: the picture spans [−1,1] in both directions
 * for a face at scale 1, x to the right and y down.
 */
export interface FaceIdentity {
  skin: Colour;
  faceHalfWidth: number;
  /** How much the face narrows towards the chin, 0 (not at all) to 1. */
  jaw: number;
  chin: number;
  hair: Colour;
  hairStyle: HairStyle;
  /** Height of the hairline in the middle of the forehead. */
  hairline: number;
  parting: number;
  brow: { thickness: number; arch: number; tilt: number; height: number };
  eye: {
    spacing: number;
    halfWidth: number;
    halfHeight: number;
    tilt: number;
    iris: Colour;
    irisRadius: number;
    ballRadius: number;
  };
  nose: { length: number; halfWidth: number };
  mouth: { height: number; halfWidth: number; thickness: number; curve: number; lips: Colour };
  /** Opacity of the beard, 0 for none. */
  beard: number;
  glasses: boolean;
}

/** What differs between two pictures of one person. */
export interface FaceView {
  /** Gaze in radians: pitch is positive upwards, yaw is positive towards the right side of the picture. */
  pitch: number;
  yaw: number;
  /** Shift in picture units, scale and roll (radians, clockwise) of the head. */
  head: { x: number; y: number; scale: number; roll: number };
  light: {
    /** Where the light comes from, in radians: azimuth to the right, elevation upwards. */
    azimuth: number;
    elevation: number;
    ambient: number;
    diffuse: number;
    tint: Colour;
  };
  background: {
    first: Colour;
    second: Colour;
    /** Direction of the gradient in radians. */
    angle: number;
    /** A soft wave over the gradient. */
    wave: { x: number; y: number; phase: number; strength: number };
  };
  clothes: Colour;
  /** How wide the lids are open, 1 on average. */
  lids: number;
  /** How far the mouth is open, 0 is closed. */
  mouthOpen: number;
  /** Deviation of the pixel noise in [0,1] and the keys of its stream. */
  noise: number;
  noiseKeys: readonly number[];
  /** Share of each neighbour in the blur along either direction, 0 is sharp. */
  blur: number;
}

/** The colour that shadows and openings lean to. */
export const DARK: Colour = [0.12, 0.07, 0.06];

/** Largest gaze angles of the data set in radians. */
export const PITCH_LIMIT = 0.6;
export const YAW_LIMIT = 0.8;

const SKIN_TONES: readonly Colour[] = [
  [0.98, 0.85, 0.76],
  [0.94, 0.77, 0.65],
  [0.84, 0.64, 0.5],
  [0.67, 0.47, 0.34],
  [0.45, 0.3, 0.22],
];
const HAIR_COLOURS: readonly Colour[] = [
  [0.09, 0.07, 0.07],
  [0.22, 0.14, 0.09],
  [0.4, 0.25, 0.14],
  [0.72, 0.55, 0.3],
  [0.55, 0.24, 0.12],
  [0.66, 0.65, 0.64],
];
const IRIS_COLOURS: readonly Colour[] = [
  [0.27, 0.16, 0.09],
  [0.4, 0.26, 0.12],
  [0.3, 0.42, 0.55],
  [0.3, 0.42, 0.27],
  [0.42, 0.45, 0.46],
];
const HAIR_STYLES: readonly HairStyle[] = ["short", "short", "long", "long", "fringe", "none"];

/** The colour a share of the way from one to the other. */
export function blend(from: Colour, to: Colour, share: number): Colour {
  return [
    from[0] + (to[0] - from[0]) * share,
    from[1] + (to[1] - from[1]) * share,
    from[2] + (to[2] - from[2]) * share,
  ];
}

function pick<T>(random: RandomStream, choices: readonly T[]): T {
  return choices[random.index(choices.length)] as T;
}

function vary(random: RandomStream, colour: Colour, amount: number): Colour {
  const shift = random.uniform(-amount, amount);
  const channel = (value: number) =>
    Math.min(1, Math.max(0.02, value + shift + random.uniform(-amount, amount) / 2));
  return [channel(colour[0]), channel(colour[1]), channel(colour[2])];
}

/** A grey of any brightness with some colour; `strength` 0 is grey, 1 any colour. */
function paleColour(random: RandomStream, strength: number): Colour {
  const grey = random.uniform(0.12, 0.88);
  const channel = () => grey + (random.uniform(0.05, 0.95) - grey) * strength;
  return [channel(), channel(), channel()];
}

function skinTone(random: RandomStream): Colour {
  const place = random.uniform(0, SKIN_TONES.length - 1);
  const index = Math.floor(place);
  return vary(
    random,
    blend(SKIN_TONES[index] as Colour, SKIN_TONES[index + 1] as Colour, place - index),
    0.03,
  );
}

/** Draws a person. */
export function drawIdentity(random: RandomStream): FaceIdentity {
  const skin = skinTone(random);
  return {
    skin,
    faceHalfWidth: random.uniform(0.55, 0.65),
    jaw: random.uniform(0.12, 0.42),
    chin: random.uniform(0.76, 0.88),
    hair: vary(random, pick(random, HAIR_COLOURS), 0.04),
    hairStyle: pick(random, HAIR_STYLES),
    hairline: random.uniform(-0.58, -0.44),
    parting: random.uniform(-0.3, 0.3),
    brow: {
      thickness: random.uniform(0.022, 0.045),
      arch: random.uniform(0.02, 0.07),
      tilt: random.uniform(-0.12, 0.12),
      height: random.uniform(0.19, 0.23),
    },
    eye: {
      spacing: random.uniform(0.26, 0.295),
      halfWidth: random.uniform(0.185, 0.215),
      halfHeight: random.uniform(0.1, 0.13),
      tilt: random.uniform(-0.08, 0.12),
      iris: vary(random, pick(random, IRIS_COLOURS), 0.04),
      irisRadius: random.uniform(0.085, 0.1),
      ballRadius: random.uniform(0.185, 0.2),
    },
    nose: { length: random.uniform(0.3, 0.38), halfWidth: random.uniform(0.085, 0.125) },
    mouth: {
      height: random.uniform(0.45, 0.53),
      halfWidth: random.uniform(0.17, 0.26),
      thickness: random.uniform(0.035, 0.06),
      curve: random.uniform(-0.015, 0.05),
      lips: blend(skin, [0.72, 0.22, 0.24], random.uniform(0.3, 0.65)),
    },
    beard: random.chance(0.25) ? random.uniform(0.2, 0.75) : 0,
    glasses: random.chance(0.15),
  };
}

/** Draws a picture's circumstances: gaze, head, light, background, camera. */
export function drawView(random: RandomStream, noiseKeys: readonly number[]): FaceView {
  const first = paleColour(random, 0.35);
  return {
    pitch: random.uniform(-PITCH_LIMIT, PITCH_LIMIT),
    yaw: random.uniform(-YAW_LIMIT, YAW_LIMIT),
    head: {
      x: random.uniform(-0.08, 0.08),
      y: random.uniform(-0.06, 0.08),
      scale: random.uniform(0.88, 1.02),
      roll: random.uniform(-0.1, 0.1),
    },
    light: {
      azimuth: random.uniform(-1.1, 1.1),
      elevation: random.uniform(-0.1, 0.9),
      ambient: random.uniform(0.38, 0.6),
      diffuse: random.uniform(0.4, 0.68),
      tint: [random.uniform(0.94, 1.06), 1, random.uniform(0.92, 1.06)],
    },
    background: {
      first,
      second: vary(random, first, 0.2),
      angle: random.uniform(0, 2 * Math.PI),
      wave: {
        x: random.uniform(-5, 5),
        y: random.uniform(-5, 5),
        phase: random.uniform(0, 2 * Math.PI),
        strength: random.uniform(0, 0.1),
      },
    },
    clothes: paleColour(random, 0.6),
    lids: random.uniform(0.88, 1.1),
    mouthOpen: random.chance(0.3) ? random.uniform(0.01, 0.05) : 0,
    noise: random.uniform(0.004, 0.02),
    noiseKeys,
    blur: random.uniform(0.02, 0.14),
  };
}
