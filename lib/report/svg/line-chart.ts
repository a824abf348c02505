import { type Markup, markup } from "../markup.ts";
import { significant } from "../number-format.ts";
import { type Axis, extent, linearAxis, logAxis } from "./axis.ts";
import { coordinate } from "./coordinate.ts";

/** One curve of a chart. */
export interface ChartLine {
  /** Shown when the pointer rests on the line. */
  name: string;
  /** A CSS colour. */
  colour: string;
  weight: "strong" | "normal" | "faint";
  points: { x: number; y: number }[];
}

export interface LineChart {
  /** What the chart shows, for readers who do not see it. */
  description: string;
  xLabel: string;
  scale: "linear" | "log";
  lines: ChartLine[];
  /** Horizontal lines with a label, such as a threshold. */
  references: { value: number; label: string }[];
}

const WIDTH = 460;
const HEIGHT = 230;
const PLOT = { left: 50, right: WIDTH - 12, top: 14, bottom: HEIGHT - 36 };
/** Points drawn in one chart; more are thinned out, as nobody sees them. */
const POINT_BUDGET = 40_000;
/** Decades that a log chart shows at most, below its highest value. */
const DECADES = 6;
const STROKE = { strong: 2.6, normal: 1.5, faint: 1.1 } as const;

/** A line chart as SVG that scales with its column; null when no line has a point to draw. */
export function lineChart(chart: LineChart): Markup | null {
  const lines = chart.lines.map((line) => ({
    ...line,
    points: line.points.filter(({ y }) => Number.isFinite(y) && (chart.scale === "linear" || y >= 0)),
  }));
  const steps = extent(lines.flatMap((line) => line.points.map(({ x }) => x)));
  const axis = valueAxis(chart, lines);
  if (steps === null || axis === null) return null;
  const horizontal = linearAxis(steps, [PLOT.left, PLOT.right]);
  const perLine = Math.max(24, Math.min(400, Math.floor(POINT_BUDGET / lines.length)));
  // Strong lines last, so that they lie on top.
  const order = [...lines].sort((a, b) => STROKE[a.weight] - STROKE[b.weight]);
  return markup`<svg class="chart" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${chart.description}">
${grid(horizontal, axis, chart.xLabel)}
${order.map((line) => polyline(line, horizontal, axis, perLine))}
${chart.references.map((reference) => referenceLine(reference, axis))}
</svg>`;
}

function valueAxis(chart: LineChart, lines: ChartLine[]): Axis | null {
  const values = lines.flatMap((line) => line.points.map(({ y }) => y));
  values.push(...chart.references.map(({ value }) => value));
  const range = [PLOT.bottom, PLOT.top] as const;
  if (chart.scale === "linear") {
    const domain = extent(values);
    if (domain === null) return null;
    const room = (domain[1] - domain[0]) * 0.06;
    return linearAxis([domain[0] >= 0 ? 0 : domain[0] - room, domain[1] + room], range);
  }
  const domain = extent(values.filter((value) => value > 0));
  if (domain === null) return null;
  return logAxis([Math.max(domain[0], domain[1] / 10 ** DECADES) / 1.3, domain[1] * 1.3], range);
}

function grid(horizontal: Axis, vertical: Axis, xLabel: string): Markup {
  return markup`<g class="grid">${vertical.ticks.map((tick) => {
    const y = coordinate(vertical.at(tick));
    return markup`<line x1="${PLOT.left}" x2="${PLOT.right}" y1="${y}" y2="${y}" />`;
  })}</g><g class="ticks">${vertical.ticks.map(
    (tick) =>
      markup`<text x="${PLOT.left - 7}" y="${coordinate(vertical.at(tick) + 4)}" text-anchor="end">${significant(tick)}</text>`,
  )}${horizontal.ticks.map(
    (tick) =>
      markup`<text x="${coordinate(horizontal.at(tick))}" y="${PLOT.bottom + 16}" text-anchor="middle">${significant(tick)}</text>`,
  )}<text x="${(PLOT.left + PLOT.right) / 2}" y="${HEIGHT - 4}" text-anchor="middle">${xLabel}</text></g>`;
}

function polyline(line: ChartLine, horizontal: Axis, vertical: Axis, most: number): Markup | null {
  if (line.points.length === 0) return null;
  const points = thinned(line.points, most)
    .map(({ x, y }) => `${coordinate(horizontal.at(x))},${coordinate(vertical.at(y))}`)
    .join(" ");
  return markup`<polyline class="curve" points="${points}" style="stroke:${line.colour};stroke-width:${STROKE[line.weight]}"><title>${line.name}</title></polyline>
`;
}

function referenceLine({ value, label }: { value: number; label: string }, vertical: Axis): Markup {
  const y = vertical.at(value);
  // Above the line, unless that would leave the plot.
  const textY = y - 5 < PLOT.top + 8 ? y + 13 : y - 5;
  return markup`<line class="reference" x1="${PLOT.left}" x2="${PLOT.right}" y1="${coordinate(y)}" y2="${coordinate(y)}" />
<text class="reference-label" x="${PLOT.right - 4}" y="${coordinate(textY)}" text-anchor="end">${label}</text>`;
}

/** At most `most` points at even distances, always with the first and the last. */
function thinned<T>(points: T[], most: number): T[] {
  if (points.length <= most) return points;
  const stride = (points.length - 1) / (most - 1);
  return Array.from({ length: most }, (_, index) => points[Math.round(index * stride)] as T);
}
