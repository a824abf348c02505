import { DrmGuardError } from "../errors/index.ts";

/** @throws ERR_IMAGES_CHANNELS when images have another number of channels than the model takes. */
export function requireChannels(found: 1 | 3, wanted: 1 | 3 | null, name: string): void {
  if (wanted === null || found === wanted) return;
  throw new DrmGuardError(
    "ERR_IMAGES_CHANNELS",
    `Expected images with ${channelsInWords(wanted)}, but ${name} has ${channelsInWords(found)}.`,
    {
      hint: "Give images of the kind that the model was trained on, or set the channels that the model takes.",
      details: { found, wanted },
    },
  );
}

function channelsInWords(channels: 1 | 3): string {
  return channels === 1 ? "1 channel (grey)" : "3 channels (RGB)";
}
