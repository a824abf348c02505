/**
 * The packed form: a .npz with `jpeg` (uint8, JPEG files end to end), `offsets` (int64, N+1: file i is jpeg[offsets[i]
 * … offsets[i+1]]), `shape` (int64: N, H, W, C) and `labels` (float32, N×d or N); where persons are known, `subjects`
 * (N whole numbers).
 *
 * Labels: the columns of `labels` are called `labels.0`, `labels.1`, …; the file says neither what they are nor their
 * unit, so the unit is "unknown". Any other numeric array with N rows can be chosen by its name (`landmarks`, all its
 * columns) or column by column (`landmarks.0`). `split` (N numbers, 0 for training) is such an array; splitByPerson
 * does not look at it.
 */
import { archiveReader } from "./archive-samples.ts";

export const readPackedJpeg = archiveReader("packed-jpeg");
