import { type Markup, markup } from "../markup.ts";
import { significant } from "../number-format.ts";
import { extent, linearAxis } from "./axis.ts";
import { percentage } from "./coordinate.ts";

/** One output of the model before and after the trigger. */
export interface OutputStrip {
  description: string;
  before: number[];
  after: number[];
  target: number;
  benign: { mean: number; deviation: number; minimum: number; maximum: number };
}

const HEIGHT = 58;
const ROW = { before: 14, after: 34 };

/** Two rows of dots over the benign range, with the target as a line: outputs before above, after below. */
export function outputStrip({ description, before, after, target, benign }: OutputStrip): Markup {
  const domain = extent([...before, ...after, target, benign.minimum, benign.maximum]) ?? [0, 1];
  const axis = linearAxis(domain, [0.03, 0.97]);
  const place = (value: number) => percentage(axis.at(value));
  const band = (name: string, from: number, to: number) =>
    markup`<rect class="${name}" x="${place(from)}" width="${percentage(Math.max(0, axis.at(to) - axis.at(from)))}" y="4" height="40" />`;
  return markup`<svg class="strip" width="100%" height="${HEIGHT}" role="img" aria-label="${description}">
${band("strip-range", benign.minimum, benign.maximum)}
${band("strip-deviation", benign.mean - benign.deviation, benign.mean + benign.deviation)}
<line class="strip-target" x1="${place(target)}" x2="${place(target)}" y1="0" y2="48" />
${before.map((value) => markup`<circle class="strip-before" cx="${place(value)}" cy="${ROW.before}" r="3.5" />`)}
${after.map((value) => markup`<circle class="strip-after" cx="${place(value)}" cy="${ROW.after}" r="3.5" />`)}
<text class="scale-text" x="${place(domain[0])}" y="${HEIGHT - 1}">${significant(domain[0])}</text>
<text class="scale-text" x="${place(domain[1])}" y="${HEIGHT - 1}" text-anchor="end">${significant(domain[1])}</text>
</svg>`;
}
