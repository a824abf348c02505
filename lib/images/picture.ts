/**
 * One decoded image as a strided view: the value at (channel, row, column) is
 * values[channel·channelStride + row·rowStride + column·columnStride] / maximum, in [0,1].
 * Strides let channels-first and channels-last images share one form without a copy.
 */
export interface Picture {
  channels: 1 | 3;
  height: number;
  width: number;
  values: Uint8Array | Uint16Array | Float32Array;
  channelStride: number;
  rowStride: number;
  columnStride: number;
  /** The stored value that stands for 1: 255, 65535 or 1. */
  maximum: number;
}

/** A view of values that are stored row by row with their channels side by side (H×W×C). */
export function channelsLast(
  values: Picture["values"],
  shape: { channels: 1 | 3; height: number; width: number },
  maximum: number,
  storedChannels: number = shape.channels,
): Picture {
  const strides = { channelStride: 1, rowStride: shape.width * storedChannels, columnStride: storedChannels };
  return { ...shape, ...strides, values, maximum };
}

/** A view of values that are stored channel by channel (C×H×W). */
export function channelsFirst(
  values: Picture["values"],
  shape: { channels: 1 | 3; height: number; width: number },
  maximum: number,
): Picture {
  const strides = { channelStride: shape.height * shape.width, rowStride: shape.width, columnStride: 1 };
  return { ...shape, ...strides, values, maximum };
}

/** The same grey picture seen as RGB: all three channels read the one that is stored. */
export function greyAsRgb(picture: Picture): Picture {
  return { ...picture, channels: 3, channelStride: 0 };
}
