/** A labelled data set in memory, ready for training: pixels as bytes, one row of labels per image. */
export interface LabelledImages {
  /** count × channels × height × width, RGB (or grey), 0 to 255. */
  pixels: Uint8Array;
  /** count × labelNames.length, in `unit`. */
  labels: Float32Array;
  /** What each column of `labels` is: "pitch", "yaw", … */
  labelNames: string[];
  unit: LabelUnit;
  /** Which person each image shows, as an index into `subjectNames`; null where persons are unknown. */
  subjects: Int32Array | null;
  subjectNames: string[];
  count: number;
  channels: number;
  height: number;
  width: number;
  /** Where the images came from, as the user named it. */
  source: string;
  kind: DataSetKind;
  /** SHA-256 of pixels, labels and shape: equal for equal data, however they were stored. */
  sha256: string;
}

export const LABEL_UNITS = ["radians", "degrees", "pixels", "years", "unknown"] as const;
export type LabelUnit = (typeof LABEL_UNITS)[number];

export type DataSetKind =
  | "mpiifacegaze"
  | "columbia-gaze"
  | "biwi"
  | "pandora"
  | "packed-jpeg"
  | "npz"
  | "folder"
  | "rendered";

/** How to read a data set. */
export interface DataSetOptions {
  /** Which reader; found from what lies at the path when left out. */
  kind?: DataSetKind;
  /** Height and width that every image is resized to; required where the source has no fixed size. */
  size?: { height: number; width: number };
  channels?: 1 | 3;
  /** Use at most this many images, spread evenly over the set in a fixed order. */
  limit?: number;
  /** Label columns to keep, in this order; all when left out. "labels.0=pitch" gives a column a name of its own. */
  labels?: string[];
  /** What the labels are in, where the source does not say. */
  unit?: LabelUnit;
  signal?: AbortSignal;
}

/** Indices of images for training and for measuring. */
export interface DataSplit {
  training: Int32Array;
  heldOut: Int32Array;
}
