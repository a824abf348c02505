import type { FaceIdentity } from "./face-traits.ts";
import { FACE_CENTRE } from "./head-form.ts";

/** Where the hair of a turned head ends. A class and no closure: its numbers are passed without allocating. */
export class HairCut {
  readonly #line: number;
  readonly #drop: number;
  readonly #lowest: number;
  readonly #middle: number;
  readonly #faceHalfWidth: number;
  readonly #edgeWidth: number;

  /** @param pixelWidth width of a picture's pixel in face units */
  constructor({ hairStyle, hairline, parting, faceHalfWidth }: FaceIdentity, pixelWidth: number) {
    this.#line = hairStyle === "fringe" ? hairline + 0.16 : hairline;
    this.#drop = hairStyle === "long" ? 2.6 : 1.5;
    this.#lowest = hairStyle === "long" ? 0.75 : 0.12;
    this.#middle = parting * 0.4;
    this.#faceHalfWidth = faceHalfWidth;
    this.#edgeWidth = Math.max(pixelWidth, 0.04);
  }

  /** How much hair there is at a point in the head's axes, from 0 to 1. */
  share(x: number, y: number, z: number): number {
    // In front as on a head that faces the camera; behind the ears down to the nape.
    const edge = z > 0 ? this.#front(x) : Math.max(this.#lowest, Math.min(0.45, this.#lowest - z));
    return Math.min(1, Math.max(0, 0.5 + (0.6 * (edge - y - FACE_CENTRE)) / this.#edgeWidth));
  }

  #front(x: number): number {
    const fromParting = (x - this.#middle) / this.#faceHalfWidth;
    const line =
      this.#line +
      this.#drop * Math.max(0, Math.abs(x) / this.#faceHalfWidth - 0.62) +
      0.1 * fromParting * fromParting;
    return Math.min(line, this.#lowest);
  }
}
