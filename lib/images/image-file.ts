import sharp, { type Metadata, type SharpOptions } from "sharp";
import { DrmGuardError } from "../errors/index.ts";
import { MAXIMUM_IMAGE_PIXELS } from "./bounds.ts";
import { channelsLast, type Picture } from "./picture.ts";

/** What an image file's header says. */
export interface ImageFacts {
  format: "png" | "jpeg" | "webp";
  /** Channels of colour, without alpha. */
  channels: 1 | 3;
  /** As seen: EXIF orientation is applied. */
  height: number;
  width: number;
  sixteenBit: boolean;
}

/**
 * Damaged data fail. Colour profiles are ignored, as training pipelines do (Pillow, OpenCV): a model saw the stored
 * numbers.
 */
const OPTIONS: SharpOptions = { failOn: "error", limitInputPixels: MAXIMUM_IMAGE_PIXELS, ignoreIcc: true };

/**
 * Reads the header of a PNG, JPEG or WebP; the content decides which it is, not the file's name.
 * @throws ERR_IMAGES_UNREADABLE, ERR_IMAGES_TOO_LARGE, ERR_IMAGES_CHANNELS (CMYK), each naming the file.
 */
export async function readImageFacts(bytes: Uint8Array, name: string): Promise<ImageFacts> {
  const format = formatOf(bytes);
  if (format === null) {
    throw unreadable(name, "it is no PNG, JPEG or WebP, whatever its name says");
  }
  const header = await readHeader(bytes, name);
  if (header.format !== format) throw unreadable(name, `its content is ${header.format}`);
  if ((header.pages ?? 1) > 1) throw unreadable(name, `it is animated (${header.pages} frames)`);
  const { height, width } = header.autoOrient;
  if (height * width > MAXIMUM_IMAGE_PIXELS) {
    throw new DrmGuardError(
      "ERR_IMAGES_TOO_LARGE",
      `${name} is ${height}×${width}; at most ${MAXIMUM_IMAGE_PIXELS} pixels are allowed.`,
      { hint: "Make the image smaller; a model's input rarely needs a thousand pixels a side." },
    );
  }
  const channels = header.channels - (header.hasAlpha ? 1 : 0);
  if (channels !== 1 && channels !== 3) {
    throw new DrmGuardError("ERR_IMAGES_CHANNELS", `Expected grey or RGB in ${name}, got ${header.space}.`);
  }
  return { format, channels, height, width, sixteenBit: header.depth === "ushort" };
}

async function readHeader(bytes: Uint8Array, name: string): Promise<Metadata> {
  try {
    // The bound on pixels is checked above with a message of its own; a header alone allocates nothing.
    return await sharp(bytes, { ...OPTIONS, limitInputPixels: false }).metadata();
  } catch (cause) {
    throw unreadable(name, messageOf(cause), cause);
  }
}

/** Only these three decoders are ever handed untrusted bytes. */
function formatOf(bytes: Uint8Array): ImageFacts["format"] | null {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 12)).toString("latin1");
  if (start.startsWith("\x89PNG\r\n\x1a\n")) return "png";
  if (start.startsWith("\xff\xd8\xff")) return "jpeg";
  if (start.startsWith("RIFF") && start.endsWith("WEBP")) return "webp";
  return null;
}

/**
 * Decodes an image whose header was read. 16-bit images keep their 16 bits. An alpha channel is dropped when it is
 * fully opaque; otherwise the picture would depend on a background that nobody chose.
 * @throws ERR_IMAGES_UNREADABLE when the data are damaged, ERR_IMAGES_CHANNELS when the image is transparent somewhere.
 */
export async function decodeImageFile(bytes: Uint8Array, facts: ImageFacts, name: string): Promise<Picture> {
  const { channels, height, width, sixteenBit } = facts;
  const { data, info } = await decodeRaw(bytes, facts, name);
  if (info.height !== height || info.width !== width) throw unreadable(name, "it changed while it was read");
  const values = sixteenBit
    ? new Uint16Array(data.buffer, data.byteOffset, data.byteLength / 2)
    : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const maximum = sixteenBit ? 65_535 : 255;
  const stored = info.channels;
  if (stored === channels + 1) requireOpaque(values, stored, maximum, name);
  else if (stored !== channels) throw unreadable(name, `it decodes to ${stored} channels`);
  return channelsLast(values, { channels, height, width }, maximum, stored);
}

async function decodeRaw(bytes: Uint8Array, { channels, sixteenBit }: ImageFacts, name: string) {
  const grey = sixteenBit ? "grey16" : "b-w";
  const colour = sixteenBit ? "rgb16" : "srgb";
  try {
    return await sharp(bytes, OPTIONS)
      .autoOrient()
      .toColourspace(channels === 1 ? grey : colour)
      .raw({ depth: sixteenBit ? "ushort" : "uchar" })
      .toBuffer({ resolveWithObject: true });
  } catch (cause) {
    throw unreadable(name, messageOf(cause), cause);
  }
}

function requireOpaque(
  values: Uint8Array | Uint16Array,
  stored: number,
  maximum: number,
  name: string,
): void {
  for (let index = stored - 1; index < values.length; index += stored) {
    if (values[index] === maximum) continue;
    throw new DrmGuardError("ERR_IMAGES_CHANNELS", `${name} is transparent in places.`, {
      hint: "Flatten it onto the background that the model was trained with; opaque alpha channels are dropped.",
    });
  }
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? (cause.message.split("\n")[0] as string) : String(cause);
}

function unreadable(name: string, why: string, cause?: unknown): DrmGuardError {
  return new DrmGuardError("ERR_IMAGES_UNREADABLE", `${name} cannot be decoded: ${why}.`, {
    cause,
    details: { name },
  });
}
