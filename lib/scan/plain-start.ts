import type { InversionStart } from "../native/addon.ts";

/** A start at the identity, with nothing of a family's own: no patch, no stripes. */
export function plainStart(target: number[] | null, walk: InversionStart["walk"]): InversionStart {
  return { target, walk, patch: null, wave: null, content: null, reference: 1 };
}
