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
  /** One number per column: the background's wave, and how far along its gradient the column is. */
  readonly columnSine: Float64Array;
  readonly columnCosine: Float64Array;
  readonly columnShare: Float64Array;
  /** Where the columns and rows are on a turned head, in the picture's axes from its middle on. */
  readonly columnPlace: Float64Array;
  readonly rowPlace: Float64Array;
  /** A part of a turned head: its first and last column in each row, within these how much of a pixel it covers. */
  readonly spanFrom: Int32Array;
  readonly spanTo: Int32Array;
  readonly share: Float64Array;
  /** How near to the camera this part is. */
  readonly near: Float64Array;

  constructor(size: number) {
    this.size = size;
    this.pixels = new Float32Array(size * size * 3);
    this.spare = new Float32Array(size * size * 3);
    this.x = new Float64Array(size * size);
    this.y = new Float64Array(size * size);
    this.light = new Float64Array(size * size);
    this.depth = new Float64Array(size * size);
    this.distance = new Float64Array(size);
    this.columnSine = new Float64Array(size);
    this.columnCosine = new Float64Array(size);
    this.columnShare = new Float64Array(size);
    this.columnPlace = new Float64Array(size);
    this.rowPlace = new Float64Array(size);
    this.spanFrom = new Int32Array(size);
    this.spanTo = new Int32Array(size);
    this.share = new Float64Array(size * size);
    this.near = new Float64Array(size * size);
  }
}
