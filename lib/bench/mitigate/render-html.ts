import { type Markup, markup } from "../../report/markup.ts";
import { significant } from "../../report/number-format.ts";
import { type ScoreStrip, scoreStrips } from "../../report/svg/score-strips.ts";
import { benchPage, cellMarkup } from "../html-page.ts";
import { defendingRatios } from "./compared-errors.ts";
import { type BenchedModel, DEFENDING_GOAL, type MitigationBench } from "./mitigation-bench.ts";
import { type MitigationCell, mitigationGrid, mitigationNotes } from "./row-cells.ts";

const COLOURS = 8;

/** The mitigation table with one figure per backdoored condition as one self-contained page. */
export function renderMitigateHtml(bench: MitigationBench): string {
  const { zoo, images, tool, createdAt } = bench;
  return benchPage({
    title: `Mitigation: ${zoo.name}`,
    subtitle: `${createdAt.slice(0, 10)} · DRMGuard ${tool.version} · ${zoo.models} models · ${images.given} images given, ${images.measured} measured on, of ${images.height}×${images.width} from ${images.source}`,
    body: markup`${tableSection(bench)}
${conditionsOf(bench).map((condition) => figureSection(condition, bench))}
${failuresSection(bench)}`,
  });
}

function tableSection(bench: MitigationBench): Markup {
  const { columns, rows } = mitigationGrid(bench);
  const side = (index: number) => (columns[index]?.align === "right" ? "number" : "text");
  const headings = columns.map(
    ({ heading }, index) => markup`<th scope="col" class="${side(index)}">${heading}</th>`,
  );
  const lines = rows.map(({ row, cells }) => {
    const columnsOfRow = cells.map(
      (cell, index) => markup`<td class="${side(index)}${checkClass(cell)}">${cellMarkup(cell.text)}</td>`,
    );
    return markup`<tr class="${row.condition === null ? "all" : "one"}">${columnsOfRow}</tr>
`;
  });
  return markup`<section class="card"><h2>Table</h2>
<div class="scroll"><table class="bench"><thead><tr>${headings}</tr></thead>
<tbody>
${lines}</tbody></table></div>
<ul class="muted caption">${mitigationNotes(bench).map((note) => markup`<li>${note}</li>`)}</ul></section>`;
}

function checkClass({ passed }: MitigationCell): string {
  if (passed === undefined) return "";
  return passed ? " pass" : " fail";
}

/** One dot per backdoor: how far its trigger still makes the model worse, before and after every method. */
function figureSection(condition: string, { models, plans }: MitigationBench): Markup | null {
  const ofCondition = models.filter((model) => model.condition === condition);
  const names = new Set<string>();
  const before = ofCondition.filter(({ name }) => !names.has(name) && names.add(name));
  if (before.length === 0) return null;
  const strips: ScoreStrip[] = [
    { label: "before", colour: "var(--muted)", points: pointsOf(before, "before") },
    ...plans.map(({ method }, index) => ({
      label: method,
      colour: `var(--series-${index % COLOURS})`,
      points: pointsOf(
        ofCondition.filter((model) => model.method === method),
        "after",
      ),
    })),
  ];
  return markup`<section class="card"><h2>${condition}</h2>
<figure>${scoreStrips({
    description: `DAE over clean error of ${condition}, before and after`,
    xLabel: "DAE / clean error (1: the trigger does nothing)",
    strips,
    references: [{ value: DEFENDING_GOAL, label: `goal: at most ${significant(DEFENDING_GOAL)}` }],
  })}</figure></section>`;
}

function pointsOf(models: readonly BenchedModel[], side: "before" | "after"): ScoreStrip["points"] {
  return models.flatMap(({ name, outcome }) =>
    defendingRatios(outcome[side]).map((ratio) => ({
      name: `${name}: ${significant(ratio)}`,
      score: ratio,
      filled: true,
    })),
  );
}

function failuresSection({ failures }: MitigationBench): Markup | null {
  if (failures.length === 0) return null;
  return markup`<section class="card unchecked"><h2>Failures</h2>
<p>A model whose mitigation failed meets no goal.</p>
<ul>${failures.map(({ method, model, code, message }) => markup`<li>${model}, ${method}: ${code}: ${message}</li>`)}</ul></section>`;
}

function conditionsOf({ rows }: MitigationBench): string[] {
  return [
    ...new Set(rows.flatMap((row) => (row.backdoored && row.condition !== null ? [row.condition] : []))),
  ];
}
