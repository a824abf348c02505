import { DrmGuardError } from "../errors/index.ts";
import { withFileSource } from "../images/byte-source.ts";
import { openNpz } from "../images/npz.ts";
import { readArrayHeaders } from "../images/npz-arrays.ts";
import { openZip } from "../images/zip-archive.ts";
import { readLabels, readSubjects } from "./archive-labels.ts";
import type { DataSetReader } from "./sample-set.ts";

/** What the archive must hold, in words. */
const HOLDS = {
  "packed-jpeg": "packed pictures (jpeg, offsets and shape)",
  npz: "an array of pictures (images)",
};

/** A reader of .npz files whose pictures are in one of the two forms. */
export function archiveReader(kind: "packed-jpeg" | "npz"): DataSetReader {
  return (path, options, decode) =>
    withFileSource(path, async (source) => {
      const { channels } = options.images;
      const pictures = await openNpz(source, path, { size: null, channels, minimum: 1, limit: null });
      if (pictures.kind !== kind) {
        throw new DrmGuardError(
          "ERR_IMAGES_FORMAT",
          `Expected ${HOLDS[kind]} in ${path}, got ${HOLDS[pictures.kind as typeof kind]}.`,
        );
      }
      const archive = await openZip(source, path);
      const open = { archive, arrays: await readArrayHeaders(archive, path), path };
      const labels = await readLabels(open, pictures.available, options.labels);
      return decode({
        source: path,
        kind,
        available: pictures.available,
        columns: labels.columns,
        unit: "unknown",
        subjectOf: await readSubjects(open, pictures.available),
        channels: pictures.channels,
        size: { height: pictures.height, width: pictures.width },
        read: async (index) => ({
          picture: await pictures.read(index),
          labels: labels.rowOf(index),
          name: `image ${index} of ${path}`,
        }),
      });
    });
}
