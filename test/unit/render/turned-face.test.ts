import { describe, expect, it } from "vitest";
import { rotationOf } from "../../../lib/render/head-pose.ts";
import {
  drawIdentity,
  drawView,
  type FaceIdentity,
  type FaceView,
  type HeadPose,
  RandomStream,
  renderTurnedFace,
} from "../../../lib/render/index.ts";

const SIZE = 128;
const SCALE = 0.9;

/** A bald person with bright skin, whose eyes are the only dark things on the face, and bluish so that they are told. */
function person(seed: number): FaceIdentity {
  const drawn = drawIdentity(new RandomStream(seed));
  return {
    ...drawn,
    skin: [0.9, 0.75, 0.65],
    hair: [0.9, 0.75, 0.65],
    hairStyle: "none",
    beard: 0,
    glasses: false,
    eye: { ...drawn.eye, iris: [0.05, 0.1, 0.9], irisRadius: 0.1 },
  };
}

/** Even light, white background, no noise, no blur, eyes straight ahead of the head. */
function view(): FaceView {
  const drawn = drawView(new RandomStream(9), [9]);
  return {
    ...drawn,
    pitch: 0,
    yaw: 0,
    head: { x: 0, y: 0, scale: SCALE, roll: 0 },
    light: { azimuth: 0, elevation: 0, ambient: 1, diffuse: 0, tint: [1, 1, 1] },
    background: {
      ...drawn.background,
      first: [1, 1, 1],
      second: [1, 1, 1],
      wave: { x: 0, y: 0, phase: 0, strength: 0 },
    },
    clothes: [1, 1, 1],
    lids: 1,
    mouthOpen: 0,
    noise: 0,
    blur: 0,
  };
}

const render = (identity: FaceIdentity, pose: Partial<HeadPose>) =>
  renderTurnedFace(identity, view(), { pitch: 0, yaw: 0, roll: 0, ...pose }, SIZE);

/** Middle of the blue of the irises that lie in a part of the picture, in picture coordinates ([−1,1]). */
function irises(pixels: Uint8Array, inPart: (x: number, y: number) => boolean = () => true) {
  let [weight, sumX, sumY] = [0, 0, 0];
  for (let pixel = 0; pixel < SIZE * SIZE; pixel++) {
    const x = (((pixel % SIZE) + 0.5) / SIZE) * 2 - 1;
    const y = ((Math.floor(pixel / SIZE) + 0.5) / SIZE) * 2 - 1;
    const blue = Math.max(0, (pixels[pixel * 3 + 2] ?? 0) - (pixels[pixel * 3] ?? 0) - 40);
    if (!inPart(x, y)) continue;
    weight += blue;
    sumX += blue * x;
    sumY += blue * y;
  }
  return { x: sumX / weight, y: sumY / weight, weight };
}

/** Half the width of everything that is not background on the row through the picture's middle, with its middle. */
function outline(pixels: Uint8Array) {
  const row = SIZE / 2;
  const dark = Array.from({ length: SIZE }, (_, column) => column).filter(
    (column) => (pixels[(row * SIZE + column) * 3 + 2] ?? 0) < 245,
  );
  return { left: Math.min(...dark), right: Math.max(...dark) };
}

const steps = (values: number[]) => values.slice(1).map((value, index) => value - (values[index] ?? 0));

describe("rotationOf", () => {
  it("lets the face look where a gaze of the same pitch and yaw looks, whatever the roll", () => {
    for (const roll of [-0.3, 0, 0.2]) {
      const turn = rotationOf({ pitch: 0.4, yaw: -0.6, roll });
      expect(turn[2]).toBeCloseTo(Math.cos(0.4) * Math.sin(-0.6), 12);
      expect(turn[5]).toBeCloseTo(-Math.sin(0.4), 12);
      expect(turn[8]).toBeCloseTo(Math.cos(0.4) * Math.cos(-0.6), 12);
    }
  });

  it("is a rotation: its rows have length one, stand on each other and do not mirror", () => {
    const m = rotationOf({ pitch: 0.37, yaw: 0.61, roll: -0.29 });
    const row = (index: number) => m.slice(index * 3, index * 3 + 3) as [number, number, number];
    const dot = (a: number[], b: number[]) =>
      a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0);
    for (const [i, j] of [
      [0, 0],
      [1, 1],
      [2, 2],
      [0, 1],
      [0, 2],
      [1, 2],
    ] as const) {
      expect(dot(row(i), row(j))).toBeCloseTo(i === j ? 1 : 0, 12);
    }
    const [a, b, c] = [row(0), row(1), row(2)];
    const cross = [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
    expect(dot(cross, c)).toBeCloseTo(1, 12);
  });
});

describe.each([1, 2, 3])("renderTurnedFace for person %i", (seed) => {
  const identity = person(seed);

  it("moves the eyes to the picture's right as yaw grows", () => {
    const columns = [-0.6, -0.3, 0, 0.3, 0.6].map((yaw) => irises(render(identity, { yaw })).x);
    for (const step of steps(columns)) expect(step).toBeGreaterThan(0.05);
    expect(columns[2]).toBeCloseTo(0, 1);
  });

  it("moves the eyes up as pitch grows", () => {
    const rows = [-0.4, -0.2, 0, 0.2, 0.4].map((pitch) => irises(render(identity, { pitch })).y);
    for (const step of steps(rows)) expect(step).toBeLessThan(-0.05);
  });

  it("turns the line through the eyes by exactly the roll, clockwise", () => {
    const slope = (roll: number) => {
      const pixels = render(identity, { roll });
      const left = irises(pixels, (x) => x < 0);
      const right = irises(pixels, (x) => x > 0);
      return Math.atan2(right.y - left.y, right.x - left.x);
    };
    const level = slope(0);
    for (const roll of [-0.3, -0.1, 0.1, 0.3]) expect(slope(roll) - level).toBeCloseTo(roll, 1);
    expect(Math.abs(slope(0.3) - level - 0.3)).toBeLessThan(0.03);
  });

  it("brings the eyes nearer to each other as the head turns away: by the cosine of the yaw and their depth", () => {
    const apart = (yaw: number) => {
      const pixels = render(identity, { yaw });
      const middle = irises(pixels).x;
      return irises(pixels, (x) => x > middle).x - irises(pixels, (x) => x < middle).x;
    };
    // Both lie equally deep in a symmetric head, so the distance between them shrinks by the cosine alone.
    for (const yaw of [-0.4, 0.4]) expect(apart(yaw) / apart(0)).toBeCloseTo(Math.cos(yaw), 1);
  });

  it("turns the back of the head into view: the head reaches further on the side that it turns from", () => {
    const ahead = outline(render(identity, {}));
    const turned = outline(render(identity, { yaw: 0.7 }));
    expect(Math.abs(ahead.left + ahead.right - (SIZE - 1))).toBeLessThanOrEqual(2);
    // The ear on the far side goes out of sight.
    expect(turned.right).toBeLessThan(ahead.right);
  });

  it("leaves what is behind the head as it is", () => {
    const ahead = render(identity, {});
    const turned = render(identity, { yaw: 0.5, pitch: 0.3, roll: 0.2 });
    for (let column = 0; column < SIZE; column++) {
      expect([...turned.subarray(column * 3, column * 3 + 3)]).toEqual([
        ...ahead.subarray(column * 3, column * 3 + 3),
      ]);
    }
  });
});
