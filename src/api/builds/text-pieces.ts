import { z } from 'zod';

export const TextPiece = z
  .object({
    offset: z
      .int()
      .meta({ description: 'Bytes of the text up to the end of this piece: give it as `offset` to go on.' }),
    text: z.string().meta({
      description: 'What was added. U+FFFD stands for each byte that is no UTF-8; a character is never cut.',
    }),
  })
  .meta({ id: 'TextPiece', description: 'A piece of a log or a transcript, as it came.' });
export type TextPiece = z.output<typeof TextPiece>;

// A character has at most four bytes, and the first of them says how many (RFC 3629, 3).
const bytesOf = (lead: number): number => (lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1);

/** How many of the bytes come before a character at the end that has not come whole. */
export const wholeCharacters = (bytes: Uint8Array): number => {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes.at(-back) ?? 0;
    const isInside = byte >= 0x80 && byte < 0xc0;
    if (!isInside) return bytesOf(byte) > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
};
