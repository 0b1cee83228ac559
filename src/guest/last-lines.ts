const linesKept = 20;
const longestKept = 1000;

// The cut leaves out the word that it falls into: half a secret could not be masked any more.
const cut = (line: string): string =>
  line.length <= longestKept ? line : `${line.slice(0, longestKept).replace(/\S{1,64}$/, '')}...`;

/** Keeps the last lines of a command, each cut after its first part. */
export const keepLastLines = () => {
  let kept: readonly string[] = [];
  return {
    take: (lines: readonly string[]): void => {
      kept = [...kept, ...lines.slice(-linesKept)].slice(-linesKept);
    },
    lines: (): readonly string[] => kept.map(cut),
  };
};
