/** Benign images, ready for the native core. */
export interface ImageBatch {
  /** count × channels × height × width, RGB (or grey), in [0,1]. */
  pixels: Float32Array;
  count: number;
  channels: number;
  height: number;
  width: number;
  /** Where the images came from, as the user named it. */
  source: string;
  /** What kind of set it was. */
  kind: "folder" | "npy" | "npz" | "packed-jpeg" | "memory";
  /** SHA-256 of the pixels and the shape: equal for equal images, however they were stored. */
  sha256: string;
  /** How many images the source holds, before `limit` was applied. */
  available: number;
}

/** How to read an image set. */
export interface ImageOptions {
  /** Height and width that every image is resized to; without it all images must have one size already. */
  size?: { height: number; width: number };
  /** Channels that the model takes. */
  channels?: 1 | 3;
  /** Fewest images that make a scan worth anything; fewer is ERR_IMAGES_TOO_FEW. */
  minimum?: number;
  /** Use at most this many, spread evenly over the set in a fixed order. */
  limit?: number;
}
