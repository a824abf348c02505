import { describe, expect, it } from "vitest";
import {
  drawIdentity,
  drawView,
  type FaceIdentity,
  type FaceView,
  RandomStream,
  renderFace,
} from "../../../lib/render/index.ts";

const SIZE = 96;
const ANGLES = [-0.5, -0.25, 0, 0.25, 0.5];
/** Height of the line through the eyes in face units, and its row for a head that is neither moved nor scaled. */
const EYE_LINE = -0.06;
const EYE_ROW = ((1 + EYE_LINE) / 2) * SIZE;

/** A person with bright skin, dark eyes and nothing dark near them, whose irises can be measured. */
function person(seed: number): FaceIdentity {
  const drawn = drawIdentity(new RandomStream(seed));
  return {
    ...drawn,
    skin: [0.9, 0.75, 0.65],
    hairStyle: "none",
    beard: 0,
    glasses: false,
    eye: { ...drawn.eye, iris: [0.1, 0.08, 0.05], tilt: 0 },
  };
}

/** Frontal light, no noise, no blur, head in the middle. */
function view(pitch: number, yaw: number): FaceView {
  const drawn = drawView(new RandomStream(9), [9]);
  return {
    ...drawn,
    pitch,
    yaw,
    head: { x: 0, y: 0, scale: 1, roll: 0 },
    light: { azimuth: 0, elevation: 0.3, ambient: 0.6, diffuse: 0.4, tint: [1, 1, 1] },
    lids: 1,
    mouthOpen: 0,
    noise: 0,
    blur: 0,
  };
}

/**
 * Middle of the darkness in a window around one eye, in pixels. A window of `halfHeight` 0.06 (face units) leaves the
 * lash line out, one of 0.17 holds the whole eye.
 */
function darkCentre(pixels: Uint8Array, eyeX: number, eyeY: number, halfHeight: number) {
  let weight = 0;
  let columns = 0;
  let rows = 0;
  for (let row = 0; row < SIZE; row++) {
    for (let column = 0; column < SIZE; column++) {
      const dx = (column + 0.5) / (SIZE / 2) - 1 - eyeX;
      const dy = (row + 0.5) / (SIZE / 2) - 1 - eyeY;
      const red = pixels[(row * SIZE + column) * 3] ?? 0;
      const darkness = Math.abs(dx) < 0.18 && Math.abs(dy) < halfHeight ? Math.max(0, 60 - red) : 0;
      weight += darkness;
      columns += darkness * column;
      rows += darkness * row;
    }
  }
  return { column: columns / weight, row: rows / weight };
}

const differences = (values: number[]) => values.slice(1).map((value, index) => value - (values[index] ?? 0));

describe.each([1, 2, 3, 4])("renderFace for person %i", (seed) => {
  const identity = person(seed);

  const iris = (side: number, pitch: number, yaw: number, halfHeight: number) =>
    darkCentre(
      renderFace(identity, view(pitch, yaw), SIZE),
      side * identity.eye.spacing,
      EYE_LINE,
      halfHeight,
    );

  it.each([-1, 1])("moves the iris to the right as yaw grows, eye %i", (side) => {
    const columns = ANGLES.map((yaw) => iris(side, 0, yaw, 0.06).column);
    for (const step of differences(columns)) expect(step).toBeGreaterThan(0.5);
  });

  it.each([-1, 1])("moves the iris up as pitch grows, eye %i", (side) => {
    const rows = ANGLES.map((pitch) => iris(side, pitch, 0, 0.17).row);
    for (const step of differences(rows)) expect(step).toBeLessThan(-0.3);
  });

  it("moves the iris as a disc on a turning ball", () => {
    // The rim's middle is √(R² − r²) from the ball's and the pupil's is R: what shows of both is their sine's share,
    // seen up to 3 % larger for being nearer to the camera.
    const { ballRadius, irisRadius } = identity.eye;
    const rim = Math.sqrt(ballRadius ** 2 - irisRadius ** 2) * (SIZE / 2);
    const pupil = ballRadius * (SIZE / 2);
    for (const yaw of [0.1, 0.2, 0.3]) {
      const moved = iris(1, 0, yaw, 0.06).column - iris(1, 0, -yaw, 0.06).column;
      expect(moved).toBeGreaterThan(0.97 * 2 * rim * Math.sin(yaw));
      expect(moved).toBeLessThan(1.06 * 2 * pupil * Math.sin(yaw));
    }
  });

  it("changes nothing but the eyes when nothing but the gaze changes", () => {
    const left = renderFace(identity, view(0, -0.5), SIZE);
    const right = renderFace(identity, view(0, 0.5), SIZE);
    for (let index = 0; index < left.length; index++) {
      const row = Math.floor(index / (SIZE * 3));
      if (Math.abs(row - EYE_ROW) > 12) expect(right[index]).toBe(left[index]);
    }
  });
});

describe("renderFace", () => {
  it("keeps the gaze when the head rolls: the iris moves along the picture's rows, not the head's", () => {
    const identity = person(1);
    const roll = 0.3;
    const x = Math.cos(roll) * identity.eye.spacing - Math.sin(roll) * EYE_LINE;
    const y = Math.sin(roll) * identity.eye.spacing + Math.cos(roll) * EYE_LINE;
    const turned = [-0.3, 0.3].map((yaw) => {
      const pixels = renderFace(identity, { ...view(0, yaw), head: { x: 0, y: 0, scale: 1, roll } }, SIZE);
      return darkCentre(pixels, x, y, 0.06);
    });
    const [from, to] = turned as [{ column: number; row: number }, { column: number; row: number }];
    expect(to.column - from.column).toBeGreaterThan(2);
    expect(Math.abs(to.row - from.row)).toBeLessThan(0.15 * (to.column - from.column));
  });

  it("shows different people in the same circumstances differently", () => {
    const circumstances = view(0.1, 0.2);
    const pictures = [1, 2, 3, 4, 5, 6].map((seed) =>
      renderFace(drawIdentity(new RandomStream(seed)), circumstances, 48),
    );
    for (const [index, picture] of pictures.entries()) {
      for (const other of pictures.slice(index + 1))
        expect(meanDifference(picture, other)).toBeGreaterThan(4);
    }
  });

  it("lights the side of the face that the light comes from", () => {
    const lit = (azimuth: number) => {
      const frontal = view(0, 0);
      const light = { ...frontal.light, azimuth, ambient: 0.4, diffuse: 0.6 };
      const pixels = renderFace(person(2), { ...frontal, light }, SIZE);
      const cheek = (column: number) =>
        pixels[(Math.round(0.62 * SIZE) * SIZE + Math.round(column * SIZE)) * 3] ?? 0;
      return cheek(0.66) - cheek(0.34);
    };
    expect(lit(0.9)).toBeGreaterThan(20);
    expect(lit(-0.9)).toBeLessThan(-20);
  });

  it("adds noise of the asked deviation around the noiseless picture", () => {
    const quiet = view(0, 0);
    const clean = renderFace(person(1), quiet, SIZE);
    const noisy = renderFace(person(1), { ...quiet, noise: 0.02 }, SIZE);
    let squares = 0;
    let counted = 0;
    for (const [index, value] of clean.entries()) {
      // Values near the ends are cut off.
      if (value < 20 || value > 235) continue;
      squares += ((noisy[index] ?? 0) - value) ** 2;
      counted++;
    }
    expect(Math.sqrt(squares / counted) / 255).toBeCloseTo(0.02, 3);
  });
});

function meanDifference(first: Uint8Array, second: Uint8Array): number {
  return first.reduce((sum, value, index) => sum + Math.abs(value - (second[index] ?? 0)), 0) / first.length;
}
