/** What a row of the table is called; a condition itself may be called "all". */
export function conditionName(condition: string | null): string {
  return condition ?? "all conditions";
}
