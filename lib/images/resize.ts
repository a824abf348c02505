import type { Picture } from "./picture.ts";

/** For each output position: the first input it reads and the weights of the inputs from there on. */
interface Taps {
  starts: Int32Array;
  weights: Float64Array[];
}

/**
 * Writes a picture at a size into `target` as C×H×W floats in [0,1], beginning at `offset`.
 *
 * The picture is stretched to the size, as the preprocessing of regression models does: height and width scale
 * separately, nothing is cropped or padded. The filter is the triangle ("bilinear, antialiased") of Pillow and
 * torchvision, computed here in double precision so that every machine gets the same bits.
 */
export function writeResized(
  picture: Picture,
  size: { height: number; width: number },
  target: Float32Array,
  offset: number,
): void {
  if (picture.height === size.height && picture.width === size.width) {
    writeAsStored(picture, target, offset);
    return;
  }
  const across = triangleTaps(picture.width, size.width);
  const down = triangleTaps(picture.height, size.height);
  for (let channel = 0; channel < picture.channels; channel++) {
    const narrowed = resizeRows(picture, channel, across, size.width);
    resizeColumns(narrowed, down, size, target, offset + channel * size.height * size.width);
  }
}

function writeAsStored(picture: Picture, target: Float32Array, offset: number): void {
  const { values, maximum } = picture;
  let next = offset;
  for (let channel = 0; channel < picture.channels; channel++) {
    for (let row = 0; row < picture.height; row++) {
      let from = channel * picture.channelStride + row * picture.rowStride;
      for (let column = 0; column < picture.width; column++, from += picture.columnStride) {
        target[next++] = (values[from] as number) / maximum;
      }
    }
  }
}

function triangleTaps(inputSize: number, outputSize: number): Taps {
  const scale = inputSize / outputSize;
  // When shrinking, the filter widens so that every input pixel counts; when enlarging, it spans two pixels.
  const reach = Math.max(scale, 1);
  const starts = new Int32Array(outputSize);
  const weights: Float64Array[] = [];
  for (let position = 0; position < outputSize; position++) {
    const centre = (position + 0.5) * scale;
    const start = Math.max(0, Math.trunc(centre - reach + 0.5));
    const end = Math.min(inputSize, Math.trunc(centre + reach + 0.5));
    const raw = Float64Array.from({ length: end - start }, (_, index) =>
      Math.max(0, 1 - Math.abs(start + index + 0.5 - centre) / reach),
    );
    const sum = raw.reduce((total, weight) => total + weight, 0);
    starts[position] = start;
    weights.push(raw.map((weight) => weight / sum));
  }
  return { starts, weights };
}

function resizeRows(picture: Picture, channel: number, taps: Taps, outputWidth: number): Float64Array {
  const { values, maximum, columnStride } = picture;
  const output = new Float64Array(picture.height * outputWidth);
  for (let row = 0; row < picture.height; row++) {
    const rowStart = channel * picture.channelStride + row * picture.rowStride;
    for (let column = 0; column < outputWidth; column++) {
      const weights = taps.weights[column] as Float64Array;
      let from = rowStart + (taps.starts[column] as number) * columnStride;
      let sum = 0;
      for (let tap = 0; tap < weights.length; tap++, from += columnStride) {
        sum += (weights[tap] as number) * (values[from] as number);
      }
      output[row * outputWidth + column] = sum / maximum;
    }
  }
  return output;
}

function resizeColumns(
  input: Float64Array,
  taps: Taps,
  size: { height: number; width: number },
  target: Float32Array,
  offset: number,
): void {
  for (let row = 0; row < size.height; row++) {
    const weights = taps.weights[row] as Float64Array;
    const start = taps.starts[row] as number;
    for (let column = 0; column < size.width; column++) {
      let sum = 0;
      for (let tap = 0; tap < weights.length; tap++) {
        sum += (weights[tap] as number) * (input[(start + tap) * size.width + column] as number);
      }
      // Rounding in the weights may pass 1 by an ulp of a double.
      target[offset + row * size.width + column] = Math.min(1, Math.max(0, sum));
    }
  }
}
