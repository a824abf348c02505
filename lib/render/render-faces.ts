import { DrmGuardError } from "../errors/index.ts";
import { Canvas } from "./canvas.ts";
import { renderFaceOn } from "./face-renderer.ts";
import { drawIdentity, drawView, type FaceIdentity, type FaceView } from "./face-traits.ts";
import { drawHeadPose } from "./head-pose.ts";
import { RandomStream } from "./random-stream.ts";
import { renderTurnedFaceOn } from "./turned-face-renderer.ts";

/** What the labels say: where the eyes look, or how the head is turned. */
export type FaceLabels = "gaze" | "head-pose";

/** The columns of the labels, all in radians. */
export const LABEL_NAMES: Readonly<Record<FaceLabels, readonly string[]>> = {
  gaze: ["pitch", "yaw"],
  "head-pose": ["pitch", "yaw", "roll"],
};

export interface RenderOptions {
  /** Number of pictures, 1 to 1,000,000. */
  count: number;
  /** Integer in [0, 2³²). Different seeds give different people. */
  seed: number;
  /** Height and width in pixels, 16 to 512. */
  size: number;
  /** Number of people that the pictures take turns to show; 1,000 when left out. */
  people?: number;
  /** Gaze when left out: heads that face the camera, and roll a little. */
  labels?: FaceLabels;
}

/** Rendered pictures with exact labels. */
export interface RenderedFaces {
  /** count × size × size × 3, RGB. */
  pixels: Uint8Array;
  /**
   * In radians. Gaze, count × 2: pitch (up is positive) and yaw (towards the picture's right is positive). Head pose,
   * count × 3: pitch and yaw of the face with the same signs, and roll (clockwise in the picture is positive); see
   * HeadPose.
   */
  labels: Float32Array;
  /** Which person each picture shows, in [0, people). */
  subjects: Int32Array;
  count: number;
  size: number;
}

const DEFAULT_PEOPLE = 1000;
/** 2 GiB of pixels: beyond this the call is a mistake. */
const LARGEST_BYTES = 2 ** 31;
/** First keys of the streams, so that people, views, noise and poses never share one. */
const PERSON = 1;
const VIEW = 2;
const NOISE = 3;
const POSE = 4;
/** The eyes of a turned head look almost straight ahead of it: this share of the gaze's range to either side. */
const TURNED_GAZE_SHARE = 0.2;

/**
 * Renders faces that look in known directions, or heads in known poses. Picture i depends on the seed, the size, the
 * number of people, the kind of labels and i only, so a longer run begins with the pictures of a shorter one.
 * @throws DrmGuardError ERR_CONFIG when an option is out of range
 */
export function renderFaces(options: RenderOptions): RenderedFaces {
  const faces = new FaceSeries(options);
  const { count, size } = options;
  const bytes = size * size * 3;
  if (count * bytes > LARGEST_BYTES) {
    throw new DrmGuardError(
      "ERR_CONFIG",
      `Expected at most ${LARGEST_BYTES} bytes of pixels, but ${count} pictures of ${size}×${size} take ${count * bytes}.`,
      { hint: "Render fewer or smaller pictures, or several sets with different seeds." },
    );
  }
  return faces.render(0, count);
}

/** The pictures that renderFaces would give, in parts: any range of them at a time. */
export class FaceSeries {
  readonly count: number;
  readonly size: number;
  readonly labelNames: readonly string[];
  readonly #seed: number;
  readonly #people: number;
  readonly #labels: FaceLabels;
  readonly #canvas: Canvas;
  readonly #identities = new Map<number, FaceIdentity>();

  /** @throws DrmGuardError ERR_CONFIG when an option is out of range */
  constructor({ count, seed, size, people = DEFAULT_PEOPLE, labels = "gaze" }: RenderOptions) {
    requireInteger("count", count, 1, 1_000_000);
    requireInteger("seed", seed, 0, 2 ** 32 - 1);
    requireInteger("size", size, 16, 512);
    requireInteger("people", people, 1, 1_000_000);
    if (!Object.hasOwn(LABEL_NAMES, labels)) {
      throw new DrmGuardError("ERR_CONFIG", `Expected labels to be gaze or head-pose, but got ${labels}.`, {
        hint: "Ask for one of the two.",
      });
    }
    this.count = count;
    this.size = size;
    this.labelNames = LABEL_NAMES[labels];
    this.#seed = seed;
    this.#people = people;
    this.#labels = labels;
    this.#canvas = new Canvas(size);
  }

  /** Renders the pictures from `first` on. */
  render(first: number, count: number): RenderedFaces {
    const bytes = this.size * this.size * 3;
    const columns = this.labelNames.length;
    const pixels = new Uint8Array(count * bytes);
    const labels = new Float32Array(count * columns);
    const subjects = new Int32Array(count);
    for (let index = 0; index < count; index++) {
      const picture = first + index;
      const target = new Uint8Array(pixels.buffer, index * bytes, bytes);
      labels.set(this.#renderPicture(picture, target), index * columns);
      subjects[index] = picture % this.#people;
    }
    return { pixels, labels, subjects, count, size: this.size };
  }

  /** @returns the picture's labels */
  #renderPicture(picture: number, bytes: Uint8Array): number[] {
    const identity = this.#identity(picture % this.#people);
    const view = drawView(new RandomStream(VIEW, this.#seed, picture), [NOISE, this.#seed, picture]);
    if (this.#labels === "gaze") {
      renderFaceOn(this.#canvas, identity, view, bytes);
      return [view.pitch, view.yaw];
    }
    const pose = drawHeadPose(new RandomStream(POSE, this.#seed, picture));
    const eyes: FaceView = {
      ...view,
      pitch: view.pitch * TURNED_GAZE_SHARE,
      yaw: view.yaw * TURNED_GAZE_SHARE,
    };
    renderTurnedFaceOn(this.#canvas, identity, eyes, pose, bytes);
    return [pose.pitch, pose.yaw, pose.roll];
  }

  #identity(subject: number): FaceIdentity {
    const known = this.#identities.get(subject);
    if (known !== undefined) return known;
    const drawn = drawIdentity(new RandomStream(PERSON, this.#seed, subject));
    this.#identities.set(subject, drawn);
    return drawn;
  }
}

function requireInteger(name: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new DrmGuardError(
    "ERR_CONFIG",
    `Expected ${name} to be a whole number from ${least} to ${most}, but got ${value}.`,
    { hint: `Give ${name} a value in that range.` },
  );
}
