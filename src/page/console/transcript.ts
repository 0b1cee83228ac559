import { request } from '../api/call.ts';

/** The newest part of a transcript, and how many bytes there are up to its end. */
export type PageTranscript = { readonly text: string; readonly offset: number; readonly isCut: boolean };

// More than this takes a terminal seconds to show.
const mostBytes = 4 * 2 ** 20;

/** What a console has shown so far, or the end of it. */
export const readTranscript = async (path: string, signal: AbortSignal): Promise<PageTranscript> => {
  const whole = await request(path, { signal });
  const length = Number(whole.headers.get('content-length') ?? 0);
  const from = Math.max(0, length - mostBytes);
  if (from > 0) await whole.body?.cancel();
  const answer = from > 0 ? await request(`${path}?offset=${from}`, { signal }) : whole;
  const bytes = new Uint8Array(await answer.arrayBuffer());
  return { text: new TextDecoder().decode(bytes), offset: from + bytes.length, isCut: from > 0 };
};
