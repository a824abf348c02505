/** Element types that are written, with the name that NumPy gives them. */
const DESCRIPTIONS = [
  [Uint8Array, "|u1"],
  [Int32Array, "<i4"],
  [Float32Array, "<f4"],
] as const;

/** Magic, version and header length of the format's version 1.0, and the alignment that its data has. */
const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0];
const ALIGNMENT = 64;

type NpyArray = Uint8Array | Int32Array | Float32Array;

/**
 * A C-ordered array as the bytes of a NumPy .npy file (format 1.0).
 * @throws RangeError when the shape does not hold exactly the array's elements
 */
export function encodeNpy(array: NpyArray, shape: readonly number[]): Uint8Array {
  const elements = shape.reduce((product, length) => product * length, 1);
  if (elements !== array.length) {
    throw new RangeError(
      `Expected ${elements} elements for the shape (${shape.join(", ")}), but got ${array.length}.`,
    );
  }
  const header = encodeNpyHeader(array, shape);
  const bytes = new Uint8Array(header.length + array.byteLength);
  bytes.set(header);
  bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), header.length);
  return bytes;
}

/** What comes before the elements in a .npy file of this shape and of the array's type. */
export function encodeNpyHeader(array: NpyArray, shape: readonly number[]): Uint8Array {
  const description = DESCRIPTIONS.find(([type]) => array instanceof type)?.[1];
  // A Python tuple: one length keeps its comma.
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;
  const text = `{'descr': '${description}', 'fortran_order': False, 'shape': ${tuple}, }`;
  const unpadded = MAGIC.length + 2 + text.length + 1;
  const length = Math.ceil(unpadded / ALIGNMENT) * ALIGNMENT;
  const header = `${text}${" ".repeat(length - unpadded)}\n`;
  const bytes = new Uint8Array(length);
  bytes.set(MAGIC);
  new DataView(bytes.buffer).setUint16(MAGIC.length, header.length, true);
  bytes.set(new TextEncoder().encode(header), MAGIC.length + 2);
  return bytes;
}
