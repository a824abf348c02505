/** The buffers that one picture needs, to be used again for the next of the same size. */
export class Canvas {
  readonly size: number;
  /** size × size × 3 in [0,1], row by row. */
  readonly pixels: Float32Array;
  /** A second picture for what cannot be done in place. */
  readonly spare: Float32Array;
  /** Face coordinates of every pixel's middle. */
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** Light that falls on every pixel's point of the head; 0 where it has not been worked out. */
  readonly light: Float64Array;
  /** How near to the camera what every pixel shows is; only of turned heads. */
  readonly depth: Float64Array;
  /** One row of distances. */
  readonly distance: Float64Array;
  /** One row of noise, three numbers per pixel. */
  readonly noise: Uint16Array;

  constructor(size: number) {
    this.size = size;
    this.pixels = new Float32Array(size * size * 3);
    this.spare = new Float32Array(size * size * 3);
    this.x = new Float64Array(size * size);
    this.y = new Float64Array(size * size);
    this.light = new Float64Array(size * size);
    this.depth = new Float64Array(size * size);
    this.distance = new Float64Array(size);
    this.noise = new Uint16Array(size * 3);
  }
}
