/** Some rows of a matrix that is stored row by row, in the order of the indices. */
export function rowsAt(values: Float32Array, count: number, rows: readonly number[]): Float32Array {
  const length = values.length / count;
  const chosen = new Float32Array(rows.length * length);
  for (const [to, from] of rows.entries()) {
    chosen.set(values.subarray(from * length, (from + 1) * length), to * length);
  }
  return chosen;
}
