import { type Markup, markup } from "../markup.ts";
import { significant } from "../number-format.ts";
import { type Axis, extent, linearAxis } from "./axis.ts";
import { coordinate } from "./coordinate.ts";

interface Place {
  x: number;
  y: number;
}

/** A marked place of a scatter plot. */
export interface ScatterPoint extends Place {
  /** Shown when the pointer rests on it. */
  name: string;
  /** Short text beside the point; left out where another label is too near. */
  label: string;
  shape: "circle" | "square";
  /** Drawn hollow and dashed when false. */
  filled: boolean;
  /** In [0,1]: larger points are drawn larger and stronger. */
  strength: number;
  /** Ringed. */
  emphasised: boolean;
  /** Where a path to the point begins; null draws none. */
  from: Place | null;
}

export interface ScatterPlot {
  description: string;
  xLabel: string;
  yLabel: string;
  points: ScatterPoint[];
  /** Small unnamed dots in the background. */
  dots: Place[];
  /** The spread of a cloud: its bounding box and its ellipse at one and two deviations. */
  cloud: { mean: Place; deviation: Place; minimum: Place; maximum: Place } | null;
}

const WIDTH = 460;
const HEIGHT = 340;
const PLOT = { left: 54, right: WIDTH - 14, top: 12, bottom: HEIGHT - 40 };
const LABEL_DISTANCE = 16;

/** A scatter plot as SVG that scales with its column; null when there is nothing to draw. */
export function scatterPlot(plot: ScatterPlot): Markup | null {
  const places: Place[] = [...plot.points, ...plot.dots, ...plot.points.flatMap(({ from }) => from ?? [])];
  if (plot.cloud !== null) places.push(plot.cloud.minimum, plot.cloud.maximum);
  const horizontal = paddedAxis(
    places.map(({ x }) => x),
    [PLOT.left, PLOT.right],
  );
  const vertical = paddedAxis(
    places.map(({ y }) => y),
    [PLOT.bottom, PLOT.top],
  );
  if (horizontal === null || vertical === null) return null;
  // Strong points last, so that they lie on top.
  const order = [...plot.points].sort((a, b) => a.strength - b.strength);
  return markup`<svg class="chart" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${plot.description}">
${frame(plot, horizontal, vertical)}
${plot.cloud === null ? null : cloud(plot.cloud, horizontal, vertical)}
${plot.dots.map(({ x, y }) => markup`<circle class="dot" cx="${coordinate(horizontal.at(x))}" cy="${coordinate(vertical.at(y))}" r="1.8" />`)}
${order.map((point) => path(point, horizontal, vertical))}
${order.map((point) => mark(point, horizontal, vertical))}
${labels(order.reverse(), horizontal, vertical)}
</svg>`;
}

function paddedAxis(values: number[], range: readonly [number, number]): Axis | null {
  const domain = extent(values);
  if (domain === null) return null;
  const room = (domain[1] - domain[0]) * 0.07;
  return linearAxis([domain[0] - room, domain[1] + room], range);
}

function frame(plot: ScatterPlot, horizontal: Axis, vertical: Axis): Markup {
  const middle = (PLOT.top + PLOT.bottom) / 2;
  return markup`<g class="grid">${horizontal.ticks.map((tick) => {
    const x = coordinate(horizontal.at(tick));
    return markup`<line x1="${x}" x2="${x}" y1="${PLOT.top}" y2="${PLOT.bottom}" />`;
  })}${vertical.ticks.map((tick) => {
    const y = coordinate(vertical.at(tick));
    return markup`<line x1="${PLOT.left}" x2="${PLOT.right}" y1="${y}" y2="${y}" />`;
  })}</g><g class="ticks">${horizontal.ticks.map(
    (tick) =>
      markup`<text x="${coordinate(horizontal.at(tick))}" y="${PLOT.bottom + 16}" text-anchor="middle">${significant(tick)}</text>`,
  )}${vertical.ticks.map(
    (tick) =>
      markup`<text x="${PLOT.left - 7}" y="${coordinate(vertical.at(tick) + 4)}" text-anchor="end">${significant(tick)}</text>`,
  )}<text x="${(PLOT.left + PLOT.right) / 2}" y="${HEIGHT - 6}" text-anchor="middle">${plot.xLabel}</text>
<text x="12" y="${middle}" text-anchor="middle" transform="rotate(-90 12 ${middle})">${plot.yLabel}</text></g>`;
}

function cloud(spread: NonNullable<ScatterPlot["cloud"]>, horizontal: Axis, vertical: Axis): Markup {
  const { mean, deviation, minimum, maximum } = spread;
  const [left, right] = [horizontal.at(minimum.x), horizontal.at(maximum.x)];
  const [top, bottom] = [vertical.at(maximum.y), vertical.at(minimum.y)];
  const [x, y] = [horizontal.at(mean.x), vertical.at(mean.y)];
  const ellipses = [2, 1].map((factor) => {
    const width =
      Math.abs(horizontal.at(mean.x + factor * deviation.x) - horizontal.at(mean.x - factor * deviation.x)) /
      2;
    const height =
      Math.abs(vertical.at(mean.y + factor * deviation.y) - vertical.at(mean.y - factor * deviation.y)) / 2;
    return markup`<ellipse class="cloud-${factor}" cx="${coordinate(x)}" cy="${coordinate(y)}" rx="${coordinate(width)}" ry="${coordinate(height)}" />`;
  });
  return markup`<rect class="cloud-range" x="${coordinate(left)}" y="${coordinate(top)}" width="${coordinate(Math.max(0, right - left))}" height="${coordinate(Math.max(0, bottom - top))}"><title>range of the benign outputs</title></rect>
${ellipses}
<path class="cloud-mean" d="M${coordinate(x - 5)} ${coordinate(y)} h10 M${coordinate(x)} ${coordinate(y - 5)} v10"><title>mean of the benign outputs</title></path>`;
}

function path({ from, x, y }: ScatterPoint, horizontal: Axis, vertical: Axis): Markup | null {
  if (from === null) return null;
  return markup`<line class="walk" x1="${coordinate(horizontal.at(from.x))}" y1="${coordinate(vertical.at(from.y))}" x2="${coordinate(horizontal.at(x))}" y2="${coordinate(vertical.at(y))}" />
<circle class="walk-start" cx="${coordinate(horizontal.at(from.x))}" cy="${coordinate(vertical.at(from.y))}" r="2" />`;
}

function radius(strength: number): number {
  return 4 + 6 * strength;
}

function mark(point: ScatterPoint, horizontal: Axis, vertical: Axis): Markup {
  const [x, y, r] = [horizontal.at(point.x), vertical.at(point.y), radius(point.strength)];
  const name = `mark-${point.shape}${point.filled ? "" : " hollow"}`;
  const style = `fill-opacity:${point.filled ? coordinate(0.2 + 0.7 * point.strength) : 0}`;
  const shape =
    point.shape === "circle"
      ? markup`<circle class="${name}" style="${style}" cx="${coordinate(x)}" cy="${coordinate(y)}" r="${coordinate(r)}"><title>${point.name}</title></circle>`
      : markup`<rect class="${name}" style="${style}" x="${coordinate(x - r * 0.85)}" y="${coordinate(y - r * 0.85)}" width="${coordinate(r * 1.7)}" height="${coordinate(r * 1.7)}"><title>${point.name}</title></rect>`;
  const ring = markup`<circle class="ring" cx="${coordinate(x)}" cy="${coordinate(y)}" r="${coordinate(r + 4)}" />`;
  return markup`${shape}${point.emphasised ? ring : null}
`;
}

/** Labels in the order given; one that would touch an earlier label is left out. */
function labels(points: ScatterPoint[], horizontal: Axis, vertical: Axis): Markup[] {
  const taken: Place[] = [];
  const shown: Markup[] = [];
  for (const point of points) {
    const [x, y] = [horizontal.at(point.x), vertical.at(point.y)];
    if (point.label === "" || taken.some((place) => Math.hypot(place.x - x, place.y - y) < LABEL_DISTANCE))
      continue;
    taken.push({ x, y });
    const right = x < PLOT.right - 60;
    const distance = radius(point.strength) + (point.emphasised ? 8 : 4);
    shown.push(
      markup`<text class="mark-label" x="${coordinate(right ? x + distance : x - distance)}" y="${coordinate(y + 4)}" text-anchor="${right ? "start" : "end"}">${point.label}</text>`,
    );
  }
  return shown;
}
