import { DrmGuardError } from "../errors/index.ts";
import type { LabelledImages, LabelUnit } from "./labelled-images.ts";

/** Columns as the source calls them, and the names that the caller gives them instead. */
export interface NamedColumns {
  columns: string[] | undefined;
  /** Aligned with `columns`; undefined keeps the source's name. */
  names: (string | undefined)[];
}

/** Takes "column=name" apart; archives often do not say what their columns are. */
export function namedColumns(labels: readonly string[] | undefined): NamedColumns {
  if (labels === undefined) return { columns: undefined, names: [] };
  const parts = labels.map((label) => (typeof label === "string" ? label.split("=") : [label]));
  return { columns: parts.map(([column]) => column as string), names: parts.map(([, name]) => name) };
}

/**
 * The data with the names and the unit that the caller gave.
 * @throws ERR_CONFIG when a name stands for several columns, or the source says another unit.
 */
export function withNames(
  data: LabelledImages,
  { names }: NamedColumns,
  unit: LabelUnit | undefined,
): LabelledImages {
  const renamed = names.some((name) => name !== undefined);
  if (renamed && names.length !== data.labelNames.length) {
    throw new DrmGuardError(
      "ERR_CONFIG",
      `Expected a single column before every "=" of the labels of ${data.source}; one of them stands for several.`,
    );
  }
  if (unit !== undefined && data.unit !== "unknown" && data.unit !== unit) {
    throw new DrmGuardError(
      "ERR_CONFIG",
      `The labels of ${data.source} are in ${data.unit}, not in ${unit}.`,
    );
  }
  const labelNames = renamed ? data.labelNames.map((own, index) => names[index] ?? own) : data.labelNames;
  return { ...data, labelNames, unit: unit ?? data.unit };
}
