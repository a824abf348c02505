import type { Picture } from "../images/picture.ts";
import type { ResolvedDataSetOptions } from "./data-set-options.ts";
import type { LabelColumn } from "./label-columns.ts";
import type { DataSetKind, LabelledImages } from "./labelled-images.ts";

/** One picture with its labels. */
export interface Sample {
  picture: Picture;
  /** One value per column of the set. */
  labels: ArrayLike<number>;
  /** Where it came from, for messages. */
  name: string;
}

/** The labelled images that were found in one source, their pictures not yet decoded. */
export interface SampleSet {
  /** Where the images came from, as the user named it. */
  source: string;
  kind: DataSetKind;
  /** How many images the source holds. */
  available: number;
  columns: readonly LabelColumn[];
  unit: LabelledImages["unit"];
  /** Name of the person that an image shows, 0 ≤ index < available; null where persons are unknown. */
  subjectOf: ((index: number) => string) | null;
  channels: 1 | 3;
  /** The one size that all pictures have; null where they differ or may differ. */
  size: { height: number; width: number } | null;
  /** Decodes one image, 0 ≤ index < available. */
  read(index: number): Promise<Sample>;
}

/** Opens a source, hands its samples to `decode` and closes the source whatever happens. */
export type DataSetReader = (
  path: string,
  options: ResolvedDataSetOptions,
  decode: (set: SampleSet) => Promise<LabelledImages>,
) => Promise<LabelledImages>;
