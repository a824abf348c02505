export type { ArrayLayout } from "./image-array.ts";
export type { ImageBatch, ImageOptions } from "./image-batch.ts";
export { type ImageArray, imagesFromArray } from "./images-from-array.ts";
export { loadImages } from "./load-images.ts";
export { rowsAt } from "./matrix-rows.ts";
export { PIXEL_PRESETS, type PixelPreset, resolvePixelTransform } from "./pixel-transform.ts";
export { type DifferenceImage, encodeDifference, encodePng } from "./png.ts";
export { DEFAULT_MINIMUM } from "./selection.ts";
