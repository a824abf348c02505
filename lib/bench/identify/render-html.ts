import { type Markup, markup } from "../../report/markup.ts";
import { significant } from "../../report/number-format.ts";
import { rocChart } from "../../report/svg/roc-curve.ts";
import { type ScoreStrip, scoreStrips } from "../../report/svg/score-strips.ts";
import { areaText, percent } from "../estimate-text.ts";
import { benchPage, cellMarkup } from "../html-page.ts";
import { type RocPoint, rocCurve } from "../statistics/roc.ts";
import { conditionName } from "./condition-name.ts";
import type { Identification, IdentificationMethod, IdentifiedModel } from "./identification.ts";
import { thresholdText } from "./render-markdown.ts";
import { IDENTIFICATION_COLUMNS, rowCells, tableNotes } from "./row-cells.ts";

const COLOURS = 8;

/** The identification table with score distributions and ROC curves as one self-contained page. */
export function renderIdentifyHtml(bench: Identification): string {
  const { zoo, images, tool, createdAt, methods } = bench;
  return benchPage({
    title: `Identification: ${zoo.name}`,
    subtitle: `${createdAt.slice(0, 10)} · DRMGuard ${tool.version} · ${zoo.models} models · ${images.count} held-out benign images of ${images.height}×${images.width} from ${images.source}`,
    body: markup`${tableSection(bench)}
${methods.map((method) => methodSection(method, bench))}
${failuresSection(bench)}`,
  });
}

function tableSection(bench: Identification): Markup {
  const headings = IDENTIFICATION_COLUMNS.map(
    ({ heading, align }) =>
      markup`<th scope="col"${align === "right" && markup` class="number"`}>${heading}</th>`,
  );
  return markup`<section class="card"><h2>Table</h2>
<div class="scroll"><table class="bench"><thead><tr>${headings}</tr></thead>
<tbody>
${bench.methods.flatMap((method) =>
  method.rows.map((row) => {
    const cells = rowCells(method, row).map(
      (cell, index) =>
        markup`<td${IDENTIFICATION_COLUMNS[index]?.align === "right" && markup` class="number"`}>${cellMarkup(cell)}</td>`,
    );
    return markup`<tr class="${row.condition === null ? "all" : "one"}">${cells}</tr>
`;
  }),
)}</tbody></table></div>
<ul class="muted caption">${tableNotes(bench).map((note) => markup`<li>${note}</li>`)}</ul></section>`;
}

function methodSection(method: IdentificationMethod, bench: Identification): Markup {
  const models = bench.models.filter((model) => model.method === method.method);
  const { threshold } = method;
  const where =
    threshold === null ? "" : `, balanced accuracy there ${percent(threshold.balancedAccuracy)} %`;
  return markup`<section class="card"><h2>${method.method}</h2>
<p>Backdoored from score: ${thresholdText(threshold)}${where}.</p>
<figure>${strips(method, models)}
<figcaption class="muted caption">One dot per model; hollow ones are of the seeds that the threshold was chosen on.</figcaption></figure>
${rocFigure(method, models)}</section>`;
}

function strips({ method, threshold }: IdentificationMethod, models: readonly IdentifiedModel[]): Markup {
  const groups = new Map<string, IdentifiedModel[]>();
  // Benign models first, so that every other row can be compared with the one on top.
  for (const model of models.toSorted((a, b) => Number(a.backdoored) - Number(b.backdoored))) {
    groups.set(model.condition, [...(groups.get(model.condition) ?? []), model]);
  }
  const backdoored = conditionsOf(models);
  const rows = [...groups].map(([condition, members]): ScoreStrip => {
    const index = backdoored.indexOf(condition);
    return {
      label: condition,
      colour: index === -1 ? "var(--clean)" : colourOf(index),
      points: members.map(({ name, score, half }) => ({
        name: `${name}: ${score === null ? "no score" : significant(score)}`,
        score,
        filled: half === "reporting",
      })),
    };
  });
  const line = threshold?.value ?? null;
  return scoreStrips({
    description: `Scores of ${method} by condition`,
    xLabel: "score (higher is more suspicious)",
    strips: rows,
    references: line === null ? [] : [{ value: line, label: `backdoored from ${significant(line)}` }],
  });
}

function rocFigure(
  { method, rows }: IdentificationMethod,
  models: readonly IdentifiedModel[],
): Markup | null {
  const benign = scoresOf(models.filter((model) => !model.backdoored));
  const backdoored = conditionsOf(models);
  const curves = rows.flatMap((row) => {
    const members = models.filter(
      (model) => model.backdoored && (row.condition === null || model.condition === row.condition),
    );
    const points = rocCurve(scoresOf(members), benign);
    if (points === null) return [];
    const index = row.condition === null ? -1 : backdoored.indexOf(row.condition);
    return [{ name: conditionName(row.condition), auc: areaText(row.aucAllSeeds), points, index }];
  });
  if (curves.length === 0) return null;
  return markup`<figure class="roc-figure">${rocChart({
    description: `ROC curves of ${method} by condition`,
    lines: curves.map(({ name, auc, points, index }) => rocLine(`${name}: ${auc}`, points, index)),
  })}<figcaption><p class="muted">ROC curves of all seeds; area with 95 % interval.</p><ul class="legend vertical">${curves.map(
    ({ name, auc, index }) =>
      markup`<li><i class="swatch" style="border-color:${colourOf(index)};border-top-style:${isDashed(index) ? "dashed" : "solid"}"></i><span>${name}: ${auc}</span></li>`,
  )}</ul></figcaption></figure>`;
}

function rocLine(name: string, points: RocPoint[], index: number) {
  return { name, colour: colourOf(index), strong: index === -1, dashed: isDashed(index), points };
}

function failuresSection({ failures }: Identification): Markup | null {
  if (failures.length === 0) return null;
  return markup`<section class="card unchecked"><h2>Failed scans</h2>
<p>They count as models without a score.</p>
<ul>${failures.map(({ method, model, code, message }) => markup`<li>${model}, ${method}: ${code}: ${message}</li>`)}</ul></section>`;
}

function conditionsOf(models: readonly IdentifiedModel[]): string[] {
  return [...new Set(models.filter(({ backdoored }) => backdoored).map(({ condition }) => condition))];
}

/** −1 is all conditions together. */
function colourOf(index: number): string {
  return index === -1 ? "var(--text)" : `var(--series-${index % COLOURS})`;
}

/** There are fewer colours than conditions may be. */
function isDashed(index: number): boolean {
  return index >= COLOURS;
}

function scoresOf(models: readonly IdentifiedModel[]): (number | null)[] {
  return models.map(({ score }) => score);
}
