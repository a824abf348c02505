import { DrmGuardError } from "../errors/index.ts";
import { ARCHITECTURE_KEY, ARCHITECTURE_NAMES, architectureOf, readHeader } from "../weights/index.ts";
import { type ModelArchive, openArchive } from "./model-archive.ts";

/** "safetensors": weights of an architecture that drmguard trains, named in the file's metadata. */
export type ModelFormat = "torchscript" | "torch.export" | "safetensors";

const EXPORT_IT =
  "Export the model where its class is known: torch.export.save(torch.export.export(model.eval(), (x,), " +
  'dynamic_shapes=({0: torch.export.Dim("batch")},)), "model.pt2").';

/**
 * Tells a model's format from its content; the file's name plays no part.
 * @throws ERR_MODEL_FORMAT with what the file seems to be instead; ERR_MODEL_TRUNCATED for a zip without its end and
 *   for safetensors that are cut short.
 */
export function detectFormat(bytes: Uint8Array): ModelFormat {
  if (isSafetensors(bytes)) return formatOfSafetensors(bytes);
  if (!startsWith(bytes, "PK\x03\x04")) throw notAModel(describeForeign(bytes));
  return formatOfArchive(openArchive(bytes));
}

function formatOfSafetensors(bytes: Uint8Array): ModelFormat {
  if (architectureOf(readHeader(bytes).metadata) !== null) return "safetensors";
  throw notAModel([
    `a safetensors file without the metadata ${ARCHITECTURE_KEY}: weights without a program`,
    `${EXPORT_IT} Weights of ${ARCHITECTURE_NAMES.join(", ")} as drmguard train writes them are read as they are.`,
  ]);
}

function formatOfArchive(archive: ModelArchive): ModelFormat {
  const names = [...archive.records.keys()];
  const has = (name: string) => archive.records.has(name);
  const holds = (folder: string) => names.some((name) => name.startsWith(folder));
  const hasProgram = names.some((name) => /^models\/[^/]+\.json$/.test(name));
  if (hasProgram && (has("archive_format") || holds("data/weights/"))) return "torch.export";
  if (holds("code/") && (has("constants.pkl") || has("data.pkl"))) return "torchscript";
  if (has("data.pkl")) {
    throw notAModel(["a pickled PyTorch checkpoint (torch.save): weights without a program", EXPORT_IT]);
  }
  if (holds("data/aotinductor/")) {
    throw notAModel([
      "an AOTInductor package: compiled code, through which no gradient can be taken",
      EXPORT_IT,
    ]);
  }
  if (names.some((name) => name.endsWith("serialized_exported_program.json"))) {
    throw notAModel([
      "a torch.export file of an older layout",
      "Load it with torch.export.load and save it again with torch 2.8 or newer.",
    ]);
  }
  if (names.some((name) => name.endsWith(".npy"))) throw notAModel(["a NumPy .npz archive"]);
  throw notAModel(["a zip archive without a model program"]);
}

/** What the file seems to be, and what to do about it where that is not the usual remedy. */
type Description = [what: string, hint?: string];

function describeForeign(bytes: Uint8Array): Description {
  if (bytes.length === 0) return ["an empty file"];
  if (bytes[0] === 0x80 && (bytes[1] ?? 0xff) <= 5)
    return ["a Python pickle, which is never unpickled here", EXPORT_IT];
  if (startsWith(bytes, "\x89HDF\r\n")) return ["an HDF5 file (Keras?)"];
  if (startsWith(bytes, "\x93NUMPY")) return ["a NumPy array"];
  if (startsWith(bytes, "\x1f\x8b")) return ["a gzip archive"];
  if (startsWith(bytes, "PK\x05\x06")) return ["an empty zip archive"];
  if (new TextDecoder("latin1").decode(bytes.subarray(257, 262)) === "ustar") return ["a tar archive"];
  if (isOnnx(bytes)) return ["an ONNX model", `ONNX carries no gradients here. ${EXPORT_IT}`];
  if (isText(bytes)) return ["a text file"];
  return ["a file of an unknown kind"];
}

function startsWith(bytes: Uint8Array, latin1: string): boolean {
  return (
    bytes.length >= latin1.length && [...latin1].every((letter, at) => bytes[at] === letter.charCodeAt(0))
  );
}

/** Eight bytes of header length, then the header as JSON. */
function isSafetensors(bytes: Uint8Array): boolean {
  if (bytes.length < 10 || bytes[8] !== 0x7b) return false;
  const header = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
  return header >= 2n && header <= BigInt(bytes.length - 8);
}

/** Protobuf: field 1 (ir_version, a small number), then the producer, the graph, the domain or the opsets. */
function isOnnx(bytes: Uint8Array): boolean {
  const irVersion = bytes[1] ?? 0;
  return (
    bytes[0] === 0x08 &&
    irVersion >= 1 &&
    irVersion <= 32 &&
    [0x12, 0x1a, 0x22, 0x3a, 0x42].includes(bytes[2] ?? 0)
  );
}

function isText(bytes: Uint8Array): boolean {
  return bytes.subarray(0, 4096).every((byte) => byte >= 0x20 || (byte >= 0x09 && byte <= 0x0d));
}

function notAModel([what, hint]: Description): DrmGuardError {
  const message = `Expected a TorchScript or torch.export model, but this seems to be ${what}.`;
  return new DrmGuardError("ERR_MODEL_FORMAT", message, hint === undefined ? {} : { hint });
}
