import { digestOf, type LabelledImages } from "../data/index.ts";
import { type FaceLabels, LABEL_NAMES, renderFaces } from "../render/index.ts";

/** Which faces to render. */
export interface RenderChoice {
  labels: FaceLabels;
  count: number;
  people: number;
  /** Height and width in pixels. */
  size: number;
  seed: number;
}

/**
 * Rendered faces as a data set: the same choice gives the same bytes on every machine.
 * @throws ERR_CONFIG when a number is out of the renderer's bounds.
 */
export function renderedImages(choice: RenderChoice): LabelledImages {
  const { pixels, labels, subjects, count, size } = renderFaces(choice);
  const planes = planesOf(pixels, count, size);
  const people = Math.min(choice.people, count);
  const data: Omit<LabelledImages, "sha256"> = {
    pixels: planes,
    labels,
    labelNames: [...LABEL_NAMES[choice.labels]],
    unit: "radians",
    subjects,
    subjectNames: Array.from({ length: people }, (_, person) => `person-${person}`),
    count,
    channels: 3,
    height: size,
    width: size,
    source: "rendered",
    kind: "rendered",
  };
  return { ...data, sha256: digestOf(data) };
}

/** count × size × size × 3 to count × 3 × size × size. */
function planesOf(pixels: Uint8Array, count: number, size: number): Uint8Array {
  const plane = size * size;
  const planes = new Uint8Array(pixels.length);
  for (let image = 0; image < count; image++) {
    const start = image * plane * 3;
    for (let at = 0; at < plane; at++) {
      for (let channel = 0; channel < 3; channel++) {
        planes[start + channel * plane + at] = pixels[start + at * 3 + channel] ?? 0;
      }
    }
  }
  return planes;
}
