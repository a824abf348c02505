import { type Markup, markup } from "../markup.ts";
import { significant } from "../number-format.ts";
import { type Axis, extent, linearAxis, logAxis } from "./axis.ts";
import { coordinate } from "./coordinate.ts";

/** One score of a strip. */
export interface StripPoint {
  /** Shown when the pointer rests on it. */
  name: string;
  /** null is drawn in the lane of what has no score. */
  score: number | null;
  /** Drawn hollow when false. */
  filled: boolean;
}

/** One group of scores. */
export interface ScoreStrip {
  label: string;
  /** A CSS colour. */
  colour: string;
  points: readonly StripPoint[];
}

export interface ScoreStrips {
  /** What the chart shows, for readers who do not see it. */
  description: string;
  xLabel: string;
  strips: readonly ScoreStrip[];
  /** Vertical lines with a label, such as a threshold. */
  references: readonly { value: number; label: string }[];
}

const WIDTH = 760;
const ROW = 30;
const TOP = 22;
const BOTTOM = 42;
const LABELS = 128;
const LANE = 62;
const RIGHT = WIDTH - 16;
/** Points of one strip take turns on these levels, so that equal scores do not hide each other. */
const LEVELS = [0, -6, 6, -3, 3] as const;
/** Decades shown at most, below the highest score; lower ones lie on the edge. */
const DECADES = 6;

/** Groups of scores as rows of dots over one logarithmic axis (linear where a score is not positive). */
export function scoreStrips({ description, xLabel, strips, references }: ScoreStrips): Markup {
  const scores = strips.flatMap(({ points }) => points.flatMap(({ score }) => score ?? []));
  const unscored = strips.some(({ points }) => points.some(({ score }) => score === null));
  const left = LABELS + (unscored ? LANE : 0);
  const axis = scoreAxis([...scores, ...references.map(({ value }) => value)], [left + 12, RIGHT]);
  const bottom = TOP + strips.length * ROW;
  const lane = LABELS + LANE / 2;
  const centre = (row: number) => TOP + (row + 0.5) * ROW;
  return markup`<svg class="chart strips-chart" viewBox="0 0 ${WIDTH} ${bottom + BOTTOM}" role="img" aria-label="${description}">
<g class="grid">${strips.map((_, row) => {
    const y = coordinate(centre(row));
    return markup`<line x1="${LABELS}" x2="${RIGHT}" y1="${y}" y2="${y}" />`;
  })}</g>
<g class="ticks">${strips.map(
    ({ label }, row) =>
      markup`<text x="${LABELS - 10}" y="${coordinate(centre(row) + 4)}" text-anchor="end">${label}</text>`,
  )}${(axis?.ticks ?? []).map(
    (tick) =>
      markup`<text x="${coordinate(axis?.at(tick) ?? 0)}" y="${bottom + 16}" text-anchor="middle">${significant(tick)}</text>`,
  )}${unscored ? markup`<text x="${lane}" y="${bottom + 16}" text-anchor="middle">no score</text>` : null}<text x="${(left + RIGHT) / 2}" y="${bottom + 36}" text-anchor="middle">${xLabel}</text></g>
${axis === null ? null : references.map((reference) => referenceLine(reference, axis, bottom))}
${strips.map((strip, row) => strip.points.map((point, index) => dot(point, strip.colour, axis, lane, centre(row), index)))}
</svg>`;
}

function scoreAxis(values: readonly number[], range: readonly [number, number]): Axis | null {
  const domain = extent(values);
  if (domain === null) return null;
  const [low, high] = domain;
  if (low <= 0) return linearAxis(domain, range);
  return logAxis([Math.max(low, high / 10 ** DECADES) / 1.15, high * 1.15], range);
}

function referenceLine(
  { value, label }: { value: number; label: string },
  axis: Axis,
  bottom: number,
): Markup {
  const x = axis.at(value);
  const anchor = x > WIDTH - 160 ? "end" : "start";
  return markup`<line class="reference" x1="${coordinate(x)}" x2="${coordinate(x)}" y1="6" y2="${bottom}" />
<text class="reference-label" x="${coordinate(x + (anchor === "end" ? -5 : 5))}" y="15" text-anchor="${anchor}">${label}</text>
`;
}

function dot(
  { name, score, filled }: StripPoint,
  colour: string,
  axis: Axis | null,
  lane: number,
  centre: number,
  index: number,
): Markup {
  const step = Math.floor(index / LEVELS.length) % LEVELS.length;
  const x = score === null || axis === null ? lane + step * 5 - 10 : axis.at(score);
  const y = centre + (LEVELS[index % LEVELS.length] as number);
  const fill = filled ? colour : "none";
  return markup`<circle cx="${coordinate(x)}" cy="${coordinate(y)}" r="4" style="fill:${fill};stroke:${colour};stroke-width:1.4;fill-opacity:.75"><title>${name}</title></circle>
`;
}
