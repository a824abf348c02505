import { DrmGuardError } from "../errors/index.ts";

/** A column of labels that a source has. */
export interface LabelColumn {
  name: string;
  /** Name under which several columns are chosen together; the column's own name where it stands alone. */
  group: string;
  /** Whether it is kept when no columns are named. */
  byDefault: boolean;
}

/** Columns that stand alone and are all kept when none are named. */
export function plainColumns(names: readonly string[]): LabelColumn[] {
  return names.map((name) => ({ name, group: name, byDefault: true }));
}

/**
 * Indices of the columns that are kept, in the order in which they are named; a group's name stands for its columns.
 * @param wanted null for the columns that are kept by default.
 * @throws ERR_CONFIG naming the column that the source does not have and those that it has.
 */
export function chooseColumns(
  columns: readonly LabelColumn[],
  wanted: readonly string[] | null,
  source: string,
): number[] {
  const all = columns.map((_, index) => index);
  if (wanted === null) return all.filter((index) => columns[index]?.byDefault);
  const chosen = wanted.flatMap((name) => {
    const matching = all.filter((index) => columns[index]?.name === name || columns[index]?.group === name);
    if (matching.length === 0) throw unknownColumn(name, columns, source);
    return matching;
  });
  if (new Set(chosen).size < chosen.length) {
    throw new DrmGuardError(
      "ERR_CONFIG",
      `The labels ${wanted.join(", ")} name a column of ${source} twice.`,
    );
  }
  return chosen;
}

function unknownColumn(name: string, columns: readonly LabelColumn[], source: string): DrmGuardError {
  const groups = new Map<string, number>();
  for (const { group } of columns) groups.set(group, (groups.get(group) ?? 0) + 1);
  const list = [...groups].map(([group, count]) =>
    count === 1 ? group : `${group} (${group}.0 … ${group}.${count - 1})`,
  );
  return new DrmGuardError(
    "ERR_CONFIG",
    `${source} has no labels "${name}". Its labels: ${list.join(", ") || "none"}.`,
    { details: { labels: columns.map((column) => column.name) } },
  );
}
