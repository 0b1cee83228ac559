// One line is one event or one piece of a text; the daemon's own bounds are far below.
const longestLine = 16 * 1024 * 1024;

/** The bytes of a reply as they come; none where it has no body. */
export const bytesOf = (reply: Response): AsyncIterable<Uint8Array> | Iterable<Uint8Array> => reply.body ?? [];

/** The values of an NDJSON body as they come. Empty lines are signs of life. Throws for a line that is cut or no JSON. */
export async function* valuesIn(reply: Response): AsyncGenerator<unknown> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const bytes of bytesOf(reply)) {
    rest += decoder.decode(bytes, { stream: true });
    if (rest.length > longestLine) throw new Error('a line of the reply is too long');
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line !== '') yield JSON.parse(line);
  }
  if (rest.trim() !== '') throw new Error('the reply was cut');
}
