/**
 * A .npz with `images` (N×H×W×C or N×C×H×W with C = 1 or 3, or N×H×W; uint8, or floats in [0,1]), `labels` (N×d or N
 * numbers) and, where persons are known, `subjects` (N whole numbers).
 *
 * Labels: named and chosen as in the packed form (`labels.0`, …); the unit is "unknown". Floats become bytes: round(255
 * v).
 */
import { archiveReader } from "./archive-samples.ts";

export const readNpz = archiveReader("npz");
