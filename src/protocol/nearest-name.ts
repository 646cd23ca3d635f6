/** Guesses which of the known names a mistyped one was meant to be. */

/** Longer words are not mistyped names, and comparing them costs. */
const LONGEST = 64;

/** Letters alone: `clientId`, `client-id` and `client_id` are one word to a person. */
const bare = (name: string): string => name.toLowerCase().replaceAll(/[-_ ]/g, '');

/** How many insertions, deletions, substitutions and swaps of neighbours lie between two words (optimal string alignment). */
function editDistance(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1];
      let cost = Math.min(last[column - 1]! + (same ? 0 : 1), last[column]! + 1, current[column - 1]! + 1);
      if (row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1])
        cost = Math.min(cost, beforeLast[column - 2]! + 1);
      current.push(cost);
    }
    beforeLast = last;
    last = current;
  }
  return last[to.length]!;
}

/** How far a word is from the name it may have been meant to be, or `undefined` if too far: at most a third of it may differ. */
export function distanceTo(given: string, name: string): number | undefined {
  const word = bare(given.slice(0, LONGEST + 1));
  const candidate = bare(name);
  if (word === '' || word.length > LONGEST) return undefined;
  if (word.length >= 3 && candidate.startsWith(word)) return word === candidate ? 0 : 0.5;
  const longer = Math.max(word.length, candidate.length);
  const distance = editDistance(word, candidate);
  // Of a word of one or two letters nothing is left when all of them differ.
  return distance > Math.ceil(longer / 3) || distance >= longer ? undefined : distance;
}

/** The known name that `given` was probably meant to be, or `undefined` if none is near; of equally near ones the first. */
export function nearestName(given: string, known: Iterable<string>): string | undefined {
  let nearest: string | undefined;
  let least = Infinity;
  for (const name of known) {
    const distance = distanceTo(given, name) ?? Infinity;
    if (distance < least) [nearest, least] = [name, distance];
  }
  return nearest;
}

/** `; did you mean "audience"?`, or nothing where no known name is near: the end of a sentence on an unknown name. */
export function didYouMean(given: string, known: Iterable<string>): string {
  const nearest = nearestName(given, known);
  return nearest === undefined ? '' : `; did you mean "${nearest}"?`;
}
