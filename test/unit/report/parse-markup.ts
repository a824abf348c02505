/** One element of a parsed page. */
export interface Element {
  name: string;
  attributes: Map<string, string>;
}

const TOKEN = /<(\/?)([a-zA-Z][\w-]*)((?:\s+[\w:-]+="[^"<>]*")*)\s*(\/?)>/y;
const ATTRIBUTE = /([\w:-]+)="([^"]*)"/g;

/**
 * Parses a page as strictly as XML: every element closed in order, every attribute quoted and given once, no stray
 * angle bracket, every ampersand part of an entity. Returns all elements; throws at the first fault.
 */
export function parseMarkup(page: string): Element[] {
  const doctype = "<!DOCTYPE html>\n";
  if (!page.startsWith(doctype)) throw new Error("no doctype");
  const elements: Element[] = [];
  const open: string[] = [];
  let position = doctype.length;
  while (position < page.length) {
    const bracket = page.indexOf("<", position);
    requireText(page.slice(position, bracket === -1 ? page.length : bracket), open);
    if (bracket === -1) break;
    TOKEN.lastIndex = bracket;
    const token = TOKEN.exec(page);
    if (token === null) throw new Error(`malformed tag: ${page.slice(bracket, bracket + 80)}`);
    const [whole, closing, name, attributes, selfClosing] = token as unknown as [
      string,
      string,
      string,
      string,
      string,
    ];
    position = bracket + whole.length;
    if (closing === "/") {
      const expected = open.pop();
      if (expected !== name) throw new Error(`</${name}> where </${expected}> was expected`);
      continue;
    }
    elements.push({ name, attributes: readAttributes(attributes, whole) });
    if (selfClosing === "") open.push(name);
  }
  if (open.length > 0) throw new Error(`left open: ${open.join(" ")}`);
  return elements;
}

function readAttributes(text: string, tag: string): Map<string, string> {
  const attributes = new Map<string, string>();
  for (const [, name, value] of text.matchAll(ATTRIBUTE) as Iterable<[string, string, string]>) {
    if (attributes.has(name)) throw new Error(`attribute ${name} given twice: ${tag.slice(0, 80)}`);
    requireEntities(value);
    attributes.set(name, value);
  }
  return attributes;
}

function requireText(text: string, open: string[]): void {
  if (open.length === 0 && text.trim() !== "")
    throw new Error(`text outside of the page: ${text.slice(0, 80)}`);
  if (open.at(-1) === "style") return;
  if (text.includes(">")) throw new Error(`stray bracket: ${text.slice(0, 80)}`);
  requireEntities(text);
}

function requireEntities(text: string): void {
  if (/&(?!(?:amp|lt|gt|quot|#39);)/.test(text)) throw new Error(`bare ampersand: ${text.slice(0, 80)}`);
}
