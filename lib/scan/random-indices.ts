/** Up to `count` different indices below `length`, drawn by the seed (Fisher–Yates, stopped early). */
export function drawIndices(length: number, count: number, seed: number): number[] {
  const random = mulberry32(seed);
  const indices = Array.from({ length }, (_, index) => index);
  const drawn: number[] = [];
  for (let place = 0; place < Math.min(count, length); place++) {
    const other = place + Math.floor(random() * (length - place));
    drawn.push(indices[other] as number);
    indices[other] = indices[place] as number;
  }
  return drawn;
}

/** Mulberry32: 32 bits of state, uniform in [0,1); public domain by its author, Tommy Ettinger. */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
