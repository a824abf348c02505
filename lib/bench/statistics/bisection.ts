/** More halvings than a double has bits between any two numbers of [0,1]. */
const MOST_HALVINGS = 200;

/**
 * The place in [low, high] where a predicate turns from false to true, to the last bit.
 * @param holds false up to some place, true from there on.
 */
export function turningPoint(low: number, high: number, holds: (value: number) => boolean): number {
  let [below, above] = [low, high];
  for (let halving = 0; halving < MOST_HALVINGS; halving++) {
    const middle = below + (above - below) / 2;
    if (middle <= below || middle >= above) break;
    if (holds(middle)) above = middle;
    else below = middle;
  }
  return above;
}
