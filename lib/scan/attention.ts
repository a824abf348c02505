/**
 * Whether a model weighs places against each other, as attention does: then a small square can take all the weight from
 * wherever it lies, in an innocent model too. Also true of a softmax for another purpose, where it costs time only.
 * @param operators how often each occurs (ModelDescription.operators).
 */
export function attends(operators: Readonly<Record<string, number>>): boolean {
  return Object.keys(operators).some((name) => ATTENTION.test(name));
}

/** Not log_softmax, which weighs nothing. */
const ATTENTION = /attention|(?<!log_)softmax/;
