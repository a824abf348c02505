/** Deeper than any header; a bound, so that a hostile text cannot exhaust the parser. */
const DEEPEST = 16;

/**
 * Looks for what JSON.parse hides or chokes on: a key that an object has twice (the last one wins in silence), and
 * nesting without end.
 * @param text JSON; text that is no JSON gives any answer, JSON.parse refuses it.
 * @returns what is wrong, or null.
 */
export function faultOfKeys(text: string): string | null {
  const objects: Set<string>[] = [];
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const letter = text[at];
    if (letter === '"') {
      const end = endOfString(text, at);
      const keys = isKey(text, end) ? objects.at(-1) : undefined;
      if (keys !== undefined) {
        const key = unescaped(text.slice(at, end));
        if (keys.has(key)) return `names ${JSON.stringify(key.slice(0, 100))} twice`;
        keys.add(key);
      }
      at = end - 1;
    } else if (letter === "{" || letter === "[") {
      depth += 1;
      if (depth > DEEPEST) return `is nested deeper than ${DEEPEST} levels`;
      // A string in an array is followed by no colon, so arrays need no set of their own.
      if (letter === "{") objects.push(new Set());
    } else if (letter === "}" || letter === "]") {
      depth -= 1;
      if (letter === "}") objects.pop();
    }
  }
  return null;
}

/** The index behind the closing quote. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === "\\") at += 1;
    else if (text[at] === '"') return at + 1;
  }
  return text.length;
}

function isKey(text: string, end: number): boolean {
  let at = end;
  while (text[at] === " " || text[at] === "\n" || text[at] === "\r" || text[at] === "\t") at += 1;
  return text[at] === ":";
}

function unescaped(quoted: string): string {
  try {
    return JSON.parse(quoted) as string;
  } catch {
    return quoted;
  }
}
