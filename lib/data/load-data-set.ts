import { DrmGuardError } from "../errors/index.ts";
import { readBiwi } from "./biwi.ts";
import { readColumbiaGaze } from "./columbia-gaze.ts";
import { resolveDataSetOptions } from "./data-set-options.ts";
import { decodeSamples } from "./decode-samples.ts";
import { detectKind } from "./detect.ts";
import { readFolder } from "./folder.ts";
import type { DataSetKind, DataSetOptions, LabelledImages } from "./labelled-images.ts";
import { readMpiiFaceGaze } from "./mpiifacegaze.ts";
import { namedColumns, withNames } from "./named-columns.ts";
import { readNpz } from "./npz.ts";
import { readPackedJpeg } from "./packed-jpeg.ts";
import { readPandora } from "./pandora.ts";
import type { DataSetReader } from "./sample-set.ts";

/** Rendered faces are made, not read. */
const READERS: Readonly<Record<Exclude<DataSetKind, "rendered">, DataSetReader>> = {
  mpiifacegaze: readMpiiFaceGaze,
  "columbia-gaze": readColumbiaGaze,
  biwi: readBiwi,
  pandora: readPandora,
  "packed-jpeg": readPackedJpeg,
  npz: readNpz,
  folder: readFolder,
};

/**
 * Reads a labelled data set into memory, ready for training.
 *
 * @param path a folder or a file; each reader's file says its layout, labels and signs.
 * @param options without a kind, the reader is found from what lies at the path.
 * @returns pixels as bytes (stretched to the size by writeResized's filter, rounded), labels, persons. Order is that of
 *   the source: natural order of names, or of rows.
 * @throws DrmGuardError: ERR_FILE_NOT_FOUND, ERR_CONFIG (wrong options, labels that are not there), ERR_IMAGES_FORMAT,
 *   ERR_IMAGES_TOO_FEW, ERR_IMAGES_MIXED_SIZES (a size is needed), ERR_IMAGES_UNREADABLE, ERR_IMAGES_CHANNELS,
 *   ERR_IMAGES_TOO_LARGE, ERR_CANCELLED. Nothing is skipped.
 */
export async function loadDataSet(path: string, options: DataSetOptions = {}): Promise<LabelledImages> {
  const named = namedColumns(options.labels);
  const { columns } = named;
  const resolved = resolveDataSetOptions({
    ...options,
    ...(columns === undefined ? {} : { labels: columns }),
  });
  const kind = resolved.kind ?? (await detectKind(path));
  if (!isReadable(kind)) {
    throw new DrmGuardError(
      "ERR_CONFIG",
      `There is no reader for the data set kind ${JSON.stringify(kind)}; there are ${Object.keys(READERS).join(", ")}.`,
    );
  }
  const data = await READERS[kind](path, resolved, (set) => decodeSamples(set, resolved));
  return withNames(data, named, options.unit);
}

function isReadable(kind: string): kind is keyof typeof READERS {
  return Object.hasOwn(READERS, kind);
}
