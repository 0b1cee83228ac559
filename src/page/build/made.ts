/** The address of the build, or the run, that an answer is about; undefined where it is about none. */
const toOne =
  (kind: 'builds' | 'runs') =>
  (answer: unknown): string | undefined =>
    typeof answer === 'object' && answer !== null && 'id' in answer ? `#/${kind}/${String(answer.id)}` : undefined;

export const toBuild = toOne('builds');
export const toRun = toOne('runs');
