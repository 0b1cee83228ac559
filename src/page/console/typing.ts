import { request } from '../api/call.ts';

/**
 * Types on the console of a build, in the order in which keys were pressed: what comes while a request is under way goes
 * with the next. `failed` is told what the API refuses.
 */
export const makeTyping = (path: string, failed: (error: Error) => void) => {
  let waiting = '';
  let isSending = false;
  const send = async (): Promise<void> => {
    if (isSending) return;
    isSending = true;
    try {
      while (waiting !== '') {
        const text = waiting;
        waiting = '';
        await request(path, { method: 'POST', body: new TextEncoder().encode(text) });
      }
    } catch (error) {
      waiting = '';
      failed(error instanceof Error ? error : new Error(String(error)));
    } finally {
      isSending = false;
    }
  };
  return (text: string): void => {
    waiting += text;
    void send();
  };
};
