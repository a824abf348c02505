import { type Markup, markup } from "../markup.ts";
import { significant } from "../number-format.ts";
import { linearAxis } from "./axis.ts";
import { coordinate } from "./coordinate.ts";

/** One ROC curve. */
export interface RocLine {
  /** Shown when the pointer rests on the line. */
  name: string;
  /** A CSS colour. */
  colour: string;
  strong: boolean;
  dashed: boolean;
  /** From (0,0) to (1,1), both rates in [0,1]. */
  points: readonly { falsePositiveRate: number; truePositiveRate: number }[];
}

export interface RocChart {
  /** What the chart shows, for readers who do not see it. */
  description: string;
  lines: readonly RocLine[];
}

const WIDTH = 380;
const HEIGHT = 372;
const PLOT = { left: 50, right: WIDTH - 12, top: 12, bottom: HEIGHT - 42 };
const TICKS = [0, 0.25, 0.5, 0.75, 1];

/** ROC curves over the unit square with the diagonal of a score that knows nothing. */
export function rocChart({ description, lines }: RocChart): Markup {
  const across = linearAxis([0, 1], [PLOT.left, PLOT.right]);
  const up = linearAxis([0, 1], [PLOT.bottom, PLOT.top]);
  const place = (x: number, y: number) => `${coordinate(across.at(x))},${coordinate(up.at(y))}`;
  // Strong lines last, so that they lie on top.
  const order = [...lines].sort((a, b) => Number(a.strong) - Number(b.strong));
  return markup`<svg class="chart roc" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${description}">
<g class="grid">${TICKS.map((tick) => {
    const [x, y] = [coordinate(across.at(tick)), coordinate(up.at(tick))];
    return markup`<line x1="${PLOT.left}" x2="${PLOT.right}" y1="${y}" y2="${y}" /><line x1="${x}" x2="${x}" y1="${PLOT.top}" y2="${PLOT.bottom}" />`;
  })}</g><g class="ticks">${TICKS.map(
    (tick) =>
      markup`<text x="${PLOT.left - 7}" y="${coordinate(up.at(tick) + 4)}" text-anchor="end">${significant(tick)}</text><text x="${coordinate(across.at(tick))}" y="${PLOT.bottom + 16}" text-anchor="middle">${significant(tick)}</text>`,
  )}<text x="${(PLOT.left + PLOT.right) / 2}" y="${HEIGHT - 8}" text-anchor="middle">benign models called backdoored</text>
<text transform="translate(13 ${(PLOT.top + PLOT.bottom) / 2}) rotate(-90)" text-anchor="middle">backdoored models found</text></g>
<polyline class="reference" points="${place(0, 0)} ${place(1, 1)}" fill="none" />
${order.map((line) => {
  const points = line.points.map((point) => place(point.falsePositiveRate, point.truePositiveRate)).join(" ");
  const dash = line.dashed ? ";stroke-dasharray:5 3" : "";
  return markup`<polyline class="curve" points="${points}" style="stroke:${line.colour};stroke-width:${line.strong ? 2.8 : 1.7}${dash}"><title>${line.name}</title></polyline>
`;
})}</svg>`;
}
