/**
 * Orders names as people number them: "2.png" before "10.png". Equal numbers with more leading zeros come later.
 * Does not depend on the locale, so the same folder has the same order on every machine.
 */
export function compareNatural(left: string, right: string): number {
  const leftParts = left.split(/(\d+)/);
  const rightParts = right.split(/(\d+)/);
  for (let index = 0; index < Math.min(leftParts.length, rightParts.length); index++) {
    // split() with one group puts the digit runs at the odd places.
    const compare = index % 2 === 1 ? compareNumerals : compareText;
    const order = compare(leftParts[index] as string, rightParts[index] as string);
    if (order !== 0) return order;
  }
  return leftParts.length - rightParts.length || compareText(left, right);
}

function compareNumerals(left: string, right: string): number {
  const leftDigits = left.replace(/^0+/, "");
  const rightDigits = right.replace(/^0+/, "");
  return leftDigits.length - rightDigits.length || compareText(leftDigits, rightDigits);
}

function compareText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
