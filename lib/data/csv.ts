import { DrmGuardError } from "../errors/index.ts";

/** Cells of a table beyond which it is no labels table. */
const MAXIMUM_CELLS = 50_000_000;

/**
 * Parses comma-separated values by RFC 4180: rows end with LF or CRLF; a field in double quotes may hold commas, line
 * ends and doubled quotes; nothing is trimmed. All rows must have as many fields as the first.
 *
 * Written here because no parser is among the dependencies and this one is short; it is stricter than most (a stray
 * quote or a short row is an error, never a guess).
 * @throws ERR_IMAGES_FORMAT naming the row (1 for the first).
 */
export function parseCsv(text: string, name: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let at = text.startsWith("\ufeff") ? 1 : 0;
  let cells = 0;
  while (at < text.length) {
    const { value, end } = readField(text, at, () => `row ${rows.length + 1} of ${name}`);
    row.push(value);
    if (++cells > MAXIMUM_CELLS) {
      throw new DrmGuardError("ERR_IMAGES_TOO_LARGE", `${name} has more than ${MAXIMUM_CELLS} cells.`);
    }
    at = end;
    if (text[at] === ",") {
      at++;
      // A comma at the very end starts one more, empty field.
      if (at === text.length) row.push("");
      else continue;
    }
    requireLength(row, rows, name);
    rows.push(row);
    row = [];
    at += text[at] === "\r" ? 2 : 1;
  }
  return rows;
}

function requireLength(row: readonly string[], rows: readonly string[][], name: string): void {
  const expected = rows[0]?.length ?? row.length;
  if (row.length === expected) return;
  throw wrong(
    `${expected} fields, as in the first row, in row ${rows.length + 1} of ${name}, got ${row.length}`,
  );
}

/** One field and where it ends: at a comma, a line end or the end of the text. */
function readField(text: string, start: number, where: () => string): { value: string; end: number } {
  if (text[start] !== '"') {
    const end = plainEnd(text, start);
    const value = text.slice(start, end);
    if (value.includes('"')) throw wrong(`quotes around a whole field in ${where()}, got ${value}`);
    if (text[end] === "\r" && text[end + 1] !== "\n") throw wrong(`a line end after CR in ${where()}`);
    return { value, end };
  }
  let value = "";
  let at = start + 1;
  for (;;) {
    const quote = text.indexOf('"', at);
    if (quote === -1) throw wrong(`a closing quote in ${where()}`);
    value += text.slice(at, quote);
    at = quote + 1;
    if (text[at] !== '"') break;
    value += '"';
    at++;
  }
  const next = text.slice(at, at + 2);
  if (next !== "" && next !== "\r\n" && next[0] !== "," && next[0] !== "\n") {
    throw wrong(`a comma or a line end after a closing quote in ${where()}`);
  }
  return { value, end: at };
}

function plainEnd(text: string, start: number): number {
  let at = start;
  while (at < text.length && text[at] !== "," && text[at] !== "\n" && text[at] !== "\r") at++;
  return at;
}

function wrong(what: string): DrmGuardError {
  return new DrmGuardError("ERR_IMAGES_FORMAT", `Expected ${what}.`, {
    hint: "Write the table by RFC 4180: commas, and double quotes around fields that hold commas or quotes.",
  });
}
