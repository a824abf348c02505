/** The value of a JSON text; null, which no schema of a file accepts, where it is none. */
export function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
