/** How many edits two names are apart. batch_size, batch-size and batchSize are one name to a person. */
export function nameDistance(left: string, right: string): number {
  return editDistance(normalised(left), normalised(right));
}

/** Edits beyond which a name is another one. Two letters in the wrong order are two edits. */
export function farthestDistance(name: string): number {
  return name.length < 4 ? 1 : Math.max(2, Math.floor(name.length / 3));
}

/** The known name that a mistyped one most likely meant; null when none is near. */
export function nearestName(mistyped: string, known: Iterable<string>): string | null {
  let best: string | null = null;
  let bestDistance = farthestDistance(mistyped) + 1;
  for (const name of known) {
    const distance = nameDistance(mistyped, name);
    if (distance < bestDistance) [best, bestDistance] = [name, distance];
  }
  return best;
}

function normalised(name: string): string {
  return name.toLowerCase().replace(/[-_\s]/g, "");
}

/** Levenshtein distance over two rows. */
function editDistance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let i = 0; i < left.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < right.length; j++) {
      const substitution = (row[j] ?? 0) + (left[i] === right[j] ? 0 : 1);
      next.push(Math.min(substitution, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[right.length] ?? 0;
}
