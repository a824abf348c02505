/** Mixes 32 bits so that neighbouring keys give unrelated words. */
function mix(word: number): number {
  let x = word >>> 0;
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return (x ^ (x >>> 16)) >>> 0;
}

const rotate = (word: number, bits: number) => (word << bits) | (word >>> (32 - bits));

/** Mean and deviation of the sum of four independent bytes. */
const BYTE_SUM_MEAN = 510;
const BYTE_SUM_DEVIATION = 147.8;

/** The values that noise takes, close to a standard normal and bounded by ±3.5, for each sum of four bytes. */
export const NOISE_LEVELS: Float64Array = Float64Array.from(
  { length: 4 * 255 + 1 },
  (_, sum) => (sum - BYTE_SUM_MEAN) / BYTE_SUM_DEVIATION,
);

/**
 * Deterministic random numbers (xoshiro128**). Streams with different keys are unrelated, so a picture's numbers
 * depend on its own keys only and not on how many pictures were drawn before it.
 */
export class RandomStream {
  readonly #state = new Int32Array(4);

  /** `keys` are integers; the same keys always give the same stream. */
  constructor(...keys: number[]) {
    for (let word = 0; word < 4; word++) {
      let state = mix(0x9e3779b9 * (word + 1));
      for (const key of keys) state = mix(state ^ mix(key + Math.imul(word, 0x85ebca6b)));
      this.#state[word] = state;
    }
    // The all-zero state would stay zero for ever.
    this.#state[0] = (this.#state[0] ?? 0) | 1;
  }

  /** 32 random bits as a signed integer (which V8 passes without allocating). */
  bits(): number {
    const s = this.#state as unknown as [number, number, number, number];
    const word = Math.imul(rotate(Math.imul(s[1], 5), 7), 9);
    const shifted = s[1] << 9;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rotate(s[3], 11);
    return word;
  }

  /** Uniform in [low, high). */
  uniform(low: number, high: number): number {
    return low + (high - low) * ((this.bits() >>> 0) / 4294967296);
  }

  /** Uniform integer in [0, count). */
  index(count: number): number {
    return Math.floor(this.uniform(0, count));
  }

  /** True with the given probability. */
  chance(probability: number): boolean {
    return this.uniform(0, 1) < probability;
  }

  /** Puts the values in a random order, in place (Fisher–Yates). */
  shuffle<Value>(values: Value[]): Value[] {
    for (let last = values.length - 1; last > 0; last--) {
      const other = this.index(last + 1);
      [values[last], values[other]] = [values[other] as Value, values[last] as Value];
    }
    return values;
  }

  /** The four words of the state, for a loop that takes so many numbers that it must keep them in registers. */
  words(): Int32Array {
    return this.#state.slice();
  }
}
