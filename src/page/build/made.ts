/** The address of the build that an answer is about; undefined where it is about none. */
export const toBuild = (answer: unknown): string | undefined =>
  typeof answer === 'object' && answer !== null && 'id' in answer ? `#/builds/${String(answer.id)}` : undefined;
