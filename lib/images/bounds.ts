/** Sizes that hostile or mistaken input cannot exceed; each is checked before anything of that size is allocated. */

/** float32 pixels of a whole batch. */
export const MAXIMUM_BATCH_BYTES = 8 * 2 ** 30;
/** Pixels (height × width) of one stored image. */
export const MAXIMUM_IMAGE_PIXELS = 64 * 2 ** 20;
/** One encoded image file. */
export const MAXIMUM_IMAGE_FILE_BYTES = 256 * 2 ** 20;
/** Height or width that an image may be resized to. */
export const MAXIMUM_RESIZE_SIDE = 16_384;
/** Text of a .npy header. */
export const MAXIMUM_NPY_HEADER_BYTES = 65_536;
/** Arrays in a .npz. */
export const MAXIMUM_ARCHIVE_ENTRIES = 4_096;
/** All arrays of a .npz, as declared. */
export const MAXIMUM_ARCHIVE_BYTES = 64 * 2 ** 30;
/** One compressed array of a .npz: it has to be inflated in memory. */
export const MAXIMUM_INFLATED_BYTES = 2 * 2 ** 30;
/** Images decoded at the same time. */
export const DECODE_CONCURRENCY = 4;
