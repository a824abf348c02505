/** Maps values to positions along one side of a chart. */
export interface Axis {
  at(value: number): number;
  /** Round values to label, ascending, all inside the domain. */
  ticks: number[];
}

/** An axis of equal steps. A domain without width is widened around its value. */
export function linearAxis(domain: readonly [number, number], range: readonly [number, number]): Axis {
  const [low, high] = widened(domain);
  const slope = (range[1] - range[0]) / (high - low);
  return { at: (value) => range[0] + (clamp(value, low, high) - low) * slope, ticks: linearTicks(low, high) };
}

/** An axis of equal ratios. The domain must be positive; values below it lie on its edge. */
export function logAxis(domain: readonly [number, number], range: readonly [number, number]): Axis {
  const low = Math.log10(domain[0]);
  const high = domain[1] > domain[0] ? Math.log10(domain[1]) : low + 1;
  const slope = (range[1] - range[0]) / (high - low);
  return {
    at: (value) => range[0] + (clamp(value > 0 ? Math.log10(value) : low, low, high) - low) * slope,
    ticks: logTicks(low, high),
  };
}

/** Lowest and highest of the finite values, or null when there is none. */
export function extent(values: Iterable<number>): [number, number] | null {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return low <= high ? [low, high] : null;
}

function widened([low, high]: readonly [number, number]): [number, number] {
  if (high > low) return [low, high];
  const margin = Math.abs(low) * 0.1 || 1;
  return [low - margin, low + margin];
}

function linearTicks(low: number, high: number): number[] {
  const rough = (high - low) / 6;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough) ?? rough;
  const ticks: number[] = [];
  for (
    let index = Math.ceil(low / step - 1e-9);
    index * step <= high + step * 1e-9 && ticks.length < 20;
    index += 1
  ) {
    ticks.push(Number((index * step).toPrecision(12)));
  }
  return ticks;
}

function logTicks(low: number, high: number): number[] {
  const decades = high - low;
  const factors = decades < 1.2 ? [1, 2, 5] : decades < 2.5 ? [1, 3] : [1];
  const stride = Math.max(1, Math.ceil(decades / 6));
  const ticks: number[] = [];
  for (let exponent = Math.floor(low); exponent <= Math.ceil(high); exponent += stride) {
    for (const factor of factors) {
      const tick = Math.log10(factor) + exponent;
      if (tick >= low - 1e-9 && tick <= high + 1e-9)
        ticks.push(Number((factor * 10 ** exponent).toPrecision(3)));
    }
  }
  return ticks;
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}
