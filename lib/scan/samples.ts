import type { ScanEvidence } from "../evidence/schema.ts";
import type { ImageBatch } from "../images/image-batch.ts";
import { encodeDifference, encodePng } from "../images/png.ts";
import type { InversionResult, SessionFacts } from "../native/addon.ts";
import { rowOf } from "./deviations.ts";

type Sample = NonNullable<ScanEvidence["reversedTrigger"]>["samples"][number];

/** Enough to see whether a trigger is one for all images; each costs three pictures in the evidence. */
const SAMPLE_IMAGES = 6;

/** Indices of the images that a report shows, spread evenly over the batch. */
export function sampleIndices(count: number): number[] {
  const shown = Math.min(SAMPLE_IMAGES, count);
  return Array.from({ length: shown }, (_, index) => Math.floor((index * count) / shown));
}

/** Pictures and outputs of the sample images without and with the reversed trigger. */
export async function drawSamples(
  indices: readonly number[],
  images: ImageBatch,
  facts: SessionFacts,
  result: InversionResult,
): Promise<Sample[]> {
  const { channels, height, width } = images;
  const size = channels * height * width;
  return Promise.all(
    indices.map(async (image, row) => {
      const benign = images.pixels.subarray(image * size, (image + 1) * size);
      const triggered = result.triggeredSamples.subarray(row * size, (row + 1) * size);
      const difference = await encodeDifference(benign, triggered, channels, height, width);
      return {
        image,
        benign: base64(await encodePng(benign, channels, height, width)),
        triggered: base64(await encodePng(triggered, channels, height, width)),
        difference: base64(difference.png),
        gain: difference.gain,
        outputBefore: rowOf(facts.benignOutputs, image, facts.outputs),
        outputAfter: rowOf(result.triggeredOutputs, row, facts.outputs),
      };
    }),
  );
}

function base64(png: Buffer): string {
  return png.toString("base64");
}
