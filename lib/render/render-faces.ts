import { DrmGuardError } from "../errors/index.ts";
import { renderFace } from "./face-renderer.ts";
import { drawIdentity, drawView, type FaceIdentity } from "./face-traits.ts";
import { RandomStream } from "./random-stream.ts";

export interface RenderOptions {
  /** Number of pictures, 1 to 1,000,000. */
  count: number;
  /** Integer in [0, 2³²). Different seeds give different people. */
  seed: number;
  /** Height and width in pixels, 16 to 512. */
  size: number;
  /** Number of people that the pictures take turns to show; 1,000 when left out. */
  people?: number;
}

/** Rendered pictures with exact labels. */
export interface RenderedFaces {
  /** count × size × size × 3, RGB. */
  pixels: Uint8Array;
  /** count × 2: gaze pitch (up is positive) and yaw (towards the picture's right is positive) in radians. */
  labels: Float32Array;
  /** Which person each picture shows, in [0, people). */
  subjects: Int32Array;
  count: number;
  size: number;
}

const DEFAULT_PEOPLE = 1000;
/** 2 GiB of pixels: beyond this the call is a mistake. */
const LARGEST_BYTES = 2 ** 31;
/** First keys of the streams, so that people, views and noise never share one. */
const PERSON = 1;
const VIEW = 2;
const NOISE = 3;

/**
 * Renders faces that look in known directions. Picture i depends on the seed, the size, the number of people and i
 * only, so a longer run begins with the pictures of a shorter one.
 * @throws DrmGuardError ERR_CONFIG when an option is out of range
 */
export function renderFaces(options: RenderOptions): RenderedFaces {
  const { count, seed, size, people = DEFAULT_PEOPLE } = options;
  requireInteger("count", count, 1, 1_000_000);
  requireInteger("seed", seed, 0, 2 ** 32 - 1);
  requireInteger("size", size, 16, 512);
  requireInteger("people", people, 1, 1_000_000);
  const bytes = size * size * 3;
  if (count * bytes > LARGEST_BYTES) {
    throw new DrmGuardError(
      "ERR_CONFIG",
      `Expected at most ${LARGEST_BYTES} bytes of pixels, but ${count} pictures of ${size}×${size} take ${count * bytes}.`,
      { hint: "Render fewer or smaller pictures, or several sets with different seeds." },
    );
  }
  const pixels = new Uint8Array(count * bytes);
  const labels = new Float32Array(count * 2);
  const subjects = new Int32Array(count);
  const identities = new Map<number, FaceIdentity>();
  for (let picture = 0; picture < count; picture++) {
    const subject = picture % people;
    let identity = identities.get(subject);
    if (identity === undefined) {
      identity = drawIdentity(new RandomStream(PERSON, seed, subject));
      identities.set(subject, identity);
    }
    const view = drawView(new RandomStream(VIEW, seed, picture), [NOISE, seed, picture]);
    pixels.set(renderFace(identity, view, size), picture * bytes);
    labels[picture * 2] = view.pitch;
    labels[picture * 2 + 1] = view.yaw;
    subjects[picture] = subject;
  }
  return { pixels, labels, subjects, count, size };
}

function requireInteger(name: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new DrmGuardError(
    "ERR_CONFIG",
    `Expected ${name} to be a whole number from ${least} to ${most}, but got ${value}.`,
    { hint: `Give ${name} a value in that range.` },
  );
}
