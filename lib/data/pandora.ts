/**
 * Pandora (Borghi, Venturelli, Vezzani, Cucchiara: "POSEidon: Face-from-Depth for Driver Pose Estimation", 2017).
 *
 * The set itself was not at hand. The layout is what public programs use that record it or train on it, which agree:
 * one folder per person (`01` … `22`), in it five sequence folders (`base_1_ID`, `base_2_ID`, `free_1_ID`, `free_2_ID`,
 * `free_3_ID`; any name is taken here), each with `data.json` and `RGB/XXXXXX_RGB.png`. `data.json` is a list of
 * `{frame_num, orientation: {euler: {roll, pitch, yaw}}, jointsRGB: [[column, row], …], joints3D: [[x, y, z], …]}`.
 *
 * Labels: pitch, yaw, roll in degrees, named and signed as stored. One of those programs holds that the stored names
 * are exchanged (its pitch is the real roll, its roll the real yaw, its yaw the real pitch); that was not checked, and
 * nothing is changed here.
 *
 * Head crop: a square of HEAD_CUBE_MILLIMETRES · focal length / depth pixels around the head joint. Assumed: joints are
 * in the order of the Kinect One (the head is number 3), jointsRGB is in pixels of the stored picture, joints3D in
 * metres, and the focal length is the Kinect's usual 1081.37 pixels at a height of 1080. A head outside the picture is
 * an error.
 *
 * Persons: the folders. The cropped edition (`NN/frame_XXXXXX_face_rgb.png` with a table of angles) is not read; write
 * a labels.csv for it.
 */
import { join } from "node:path";
import { type ResolvedDataSetOptions, requireNotCancelled } from "./data-set-options.ts";
import { cropSquare } from "./head-crop.ts";
import { plainColumns } from "./label-columns.ts";
import { headSquareOf, type PandoraFrame, parsePandora } from "./pandora-annotation.ts";
import type { DataSetReader } from "./sample-set.ts";
import { entriesOf, fileWithin, readPicture, readText } from "./source-files.ts";

const PERSON = /^\d{2}$/;
/** A sequence's annotation; by it the set is recognised. */
export const PANDORA_ANNOTATION = "data.json";

interface PandoraPicture {
  person: string;
  /** From the set's folder on. */
  inside: string;
  frame: PandoraFrame;
}

/** @throws ERR_IMAGES_FORMAT, ERR_FILE_NOT_FOUND (a frame without a picture), ERR_CANCELLED */
export const readPandora: DataSetReader = async (path, options, decode) => {
  const pictures = await listPictures(path, options);
  const at = (index: number) => pictures[index] as PandoraPicture;
  return decode({
    source: path,
    kind: "pandora",
    available: pictures.length,
    columns: plainColumns(["pitch", "yaw", "roll"]),
    unit: "degrees",
    subjectOf: (index) => at(index).person,
    channels: 3,
    size: null,
    async read(index) {
      const { inside, frame } = at(index);
      const name = join(path, inside);
      const picture = await readPicture(await fileWithin(path, inside, path), name);
      const cropped = cropSquare(picture, headSquareOf(frame, picture.height), name);
      return { picture: cropped, labels: [frame.pitch, frame.yaw, frame.roll], name };
    },
  });
};

async function listPictures(folder: string, { signal }: ResolvedDataSetOptions): Promise<PandoraPicture[]> {
  const pictures: PandoraPicture[] = [];
  for (const { name: person } of await entriesOf(folder)) {
    if (!PERSON.test(person)) continue;
    for (const sequence of await entriesOf(join(folder, person))) {
      if (!sequence.isDirectory()) continue;
      requireNotCancelled(signal, folder);
      const inside = join(person, sequence.name);
      const annotation = join(inside, PANDORA_ANNOTATION);
      const name = join(folder, annotation);
      const frames = parsePandora(await readText(await fileWithin(folder, annotation, folder), name), name);
      for (const frame of frames) {
        const picture = `${String(frame.number).padStart(6, "0")}_RGB.png`;
        pictures.push({ person, inside: join(inside, "RGB", picture), frame });
      }
    }
  }
  return pictures;
}
