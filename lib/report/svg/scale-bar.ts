import { type Markup, markup } from "../markup.ts";
import { significant } from "../number-format.ts";
import { logAxis } from "./axis.ts";
import { percentage } from "./coordinate.ts";

export interface ScaleBar {
  description: string;
  /** null draws the lines without a marker. */
  score: number | null;
  /** Scores at or below are clean. */
  clean: number;
  /** Scores at or above are backdoored. Must be at or above `clean`. */
  backdoored: number;
}

const HEIGHT = 74;
const BAR = { top: 30, height: 14 };

/** A score on a logarithmic bar with the three zones and both lines. The width is the column's, the text keeps its size. */
export function scaleBar({ description, score, clean, backdoored }: ScaleBar): Markup {
  const low = Math.min(clean / 4, (score ?? clean) / 1.6);
  const high = Math.max(backdoored * 4, (score ?? backdoored) * 1.6);
  const axis = logAxis([low, high], [0, 1]);
  const cleanEnd = axis.at(clean);
  const backdooredStart = axis.at(backdoored);
  return markup`<svg class="scale-bar" width="100%" height="${HEIGHT}" role="img" aria-label="${description}">
${zone("zone-clean", 0, cleanEnd)}
${zone("zone-between", cleanEnd, backdooredStart)}
${zone("zone-backdoored", backdooredStart, 1)}
${clean === backdoored ? null : line(cleanEnd)}
${line(backdooredStart)}
<text class="scale-text" x="${percentage(cleanEnd)}" dx="-6" y="${HEIGHT - 8}" text-anchor="end">clean ≤ ${significant(clean)}</text>
<text class="scale-text" x="${percentage(backdooredStart)}" dx="6" y="${HEIGHT - 8}">${significant(backdoored)} ≤ backdoored</text>
${score === null ? null : marker(axis.at(score), significant(score))}
</svg>`;
}

function zone(name: string, from: number, to: number): Markup {
  return markup`<rect class="${name}" x="${percentage(from)}" y="${BAR.top}" width="${percentage(Math.max(0, to - from))}" height="${BAR.height}" />`;
}

function line(share: number): Markup {
  const x = percentage(share);
  return markup`<line class="scale-line" x1="${x}" x2="${x}" y1="${BAR.top - 4}" y2="${BAR.top + BAR.height + 22}" />`;
}

function marker(share: number, label: string): Markup {
  const anchor = share < 0.1 ? "start" : share > 0.9 ? "end" : "middle";
  const x = percentage(share);
  return markup`<svg class="marker" x="${x}" y="0" width="1" height="${HEIGHT}" overflow="visible"><path d="M0 ${BAR.top + 3} l-6 -9 h12 z" /><line x1="0" x2="0" y1="${BAR.top}" y2="${BAR.top + BAR.height}" /></svg>
<text class="marker-text" x="${x}" y="15" text-anchor="${anchor}">score ${label}</text>`;
}
