/** What came on the console, and when: seconds since it began. */
export type CastPiece = { readonly at: number; readonly text: string };

const isOutput = (value: unknown): value is [number, 'o', string] =>
  Array.isArray(value) && typeof value[0] === 'number' && value[1] === 'o' && typeof value[2] === 'string';

/** The output in a recording of asciicast v2 (docs.asciinema.org): a header, then a line of JSON for each piece. */
export const readCast = (text: string): readonly CastPiece[] =>
  text
    .split('\n')
    .slice(1)
    .filter((line) => line.trim() !== '')
    .map((line): unknown => JSON.parse(line))
    .filter(isOutput)
    .map(([at, , output]) => ({ at, text: output }));

/** How many pieces had come after so many seconds. */
export const piecesUntil = (pieces: readonly CastPiece[], seconds: number): number => {
  let [low, high] = [0, pieces.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((pieces[middle]?.at ?? 0) <= seconds) low = middle + 1;
    else high = middle;
  }
  return low;
};
