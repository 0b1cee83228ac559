/** Milliseconds as seconds for people: `0.7 s`, `1,200 s`. */
export const inSeconds = (ms: number): string => `${(ms / 1000).toLocaleString('en', { maximumFractionDigits: 1 })} s`;

/**
 * The last line of a text that says something, in quotes; undefined when there is none. It is not cut: half a secret could
 * not be masked any more.
 */
export const lastLineShown = (text: string): string | undefined => {
  const last = text.split('\n').findLast((line) => line.trim() !== '');
  return last === undefined ? undefined : `"${last.trim()}"`;
};
