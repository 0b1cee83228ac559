import { ClientError } from '../client-error.ts';

/** What a call gives; where the daemon has no such call, the error that says so. */
export const unlessMissing = async <T>(call: () => Promise<T>, missing: () => ClientError): Promise<T> => {
  try {
    return await call();
  } catch (error) {
    const status = error instanceof ClientError ? error.about.problem?.status : undefined;
    throw status === 404 || status === 405 ? missing() : error;
  }
};
