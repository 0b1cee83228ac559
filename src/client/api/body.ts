/** Any answer in JSON: 500 builds of the largest labels, or a template with all that it may hold, have less. */
const longestJson = 64 * 1024 * 1024;

type Bytes = { readonly body: AsyncIterable<Uint8Array> | null };

/** The whole body of a reply. Rejects as soon as it has more bytes than that, whatever its headers say, and reads no further. */
export const wholeBody = async ({ body }: Bytes, most: number): Promise<Buffer> => {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of body ?? []) {
    bytes += piece.byteLength;
    if (bytes > most) throw new Error(`the reply has more than ${most} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
};

/** What a reply says in JSON. Rejects where it is none, or longer than any. */
export const jsonIn = async (reply: Bytes): Promise<unknown> =>
  JSON.parse((await wholeBody(reply, longestJson)).toString());
