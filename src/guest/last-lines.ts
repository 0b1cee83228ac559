const linesKept = 20;
const longestKept = 1000;

/** Keeps the last lines of a command, each cut where nobody reads on. */
export const keepLastLines = () => {
  let kept: readonly string[] = [];
  return {
    take: (lines: readonly string[]): void => {
      kept = [...kept, ...lines.slice(-linesKept)].slice(-linesKept);
    },
    lines: (): readonly string[] => kept.map((line) => line.slice(0, longestKept)),
  };
};
