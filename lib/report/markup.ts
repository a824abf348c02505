import { printableText } from "./printable-text.ts";

/** Text that is already HTML or SVG. Only `markup` and `trustedMarkup` make it, so plain strings are always escaped. */
export class Markup {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  toString(): string {
    return this.#text;
  }
}

/** What may stand between the parts of a template; null, false and "" leave nothing. */
export type Content = string | number | Markup | null | false | readonly Content[];

/** Template tag for HTML and SVG: every interpolated string is made printable and escaped, for text and quoted attributes alike. */
export function markup(parts: TemplateStringsArray, ...values: Content[]): Markup {
  let text = parts[0] as string;
  for (const [index, value] of values.entries()) {
    text += rendered(value) + parts[index + 1];
  }
  return new Markup(text);
}

/** Marks a constant of this program (a style sheet) as markup. Never for text from outside. */
export function trustedMarkup(text: string): Markup {
  return new Markup(text);
}

function rendered(value: Content): string {
  if (value === null || value === false) return "";
  if (value instanceof Markup) return value.toString();
  if (Array.isArray(value)) return value.map(rendered).join("");
  return escaped(printableText(String(value)));
}

const ENTITIES: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] as string);
}
