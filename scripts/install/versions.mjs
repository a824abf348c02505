/** The first dotted number in a text ("cmake version 3.25.1" → "3.25.1"), or null. */
export function versionIn(text) {
  return /\d+(?:\.\d+)+/.exec(text)?.[0] ?? null;
}

/** Whether one dotted version is at least another, compared number by number. */
export function atLeast(version, floor) {
  const [have, want] = [version, floor].map((text) => text.split(".").map(Number));
  for (let i = 0; i < want.length; i++) {
    const difference = (have[i] ?? 0) - want[i];
    if (difference !== 0) return difference > 0;
  }
  return true;
}

/** "2.13.1" → "2.13". */
export function minorOf(version) {
  return version.split(".").slice(0, 2).join(".");
}
