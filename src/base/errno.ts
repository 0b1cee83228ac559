/** The code of an error of the system (errno(2), `ENOENT`) or of Node (`ERR_...`); undefined for any other error. */
export const errnoOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;

/** Whether an error has one of these codes. */
export const isErrno = (error: unknown, ...codes: readonly string[]): boolean => {
  const code = errnoOf(error);
  return code !== undefined && codes.includes(code);
};

/** What is asked for, or undefined where asking ends with one of these codes. Rejects with any other error. */
export const unlessErrno = <T>(asked: Promise<T>, ...codes: readonly string[]): Promise<T | undefined> =>
  asked.catch((error: unknown) => {
    if (isErrno(error, ...codes)) return undefined;
    throw error;
  });
