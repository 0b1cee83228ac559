// Fewer characters come by chance.
const shortest = 4;

/**
 * The characters of a base64 (RFC 4648) that are those of these bytes alone, where they stand behind a multiple of three bytes,
 * or one or two more: with what comes before and behind they make other characters at their ends.
 */
const aligned = (bytes: Uint8Array): readonly string[] =>
  [0, 1, 2].map((before) => {
    const all = Buffer.concat([Buffer.alloc(before), bytes]);
    const first = Math.ceil((before * 8) / 6);
    return all.toString('base64').slice(first, Math.floor((all.byteLength * 8) / 6));
  });

const urlForm = (base64: string): string => base64.replaceAll('+', '-').replaceAll('/', '_');

/** How bytes show in base64, alone with their padding and within others, in the usual alphabet and in that of URLs. */
export const base64Forms = (bytes: Uint8Array): readonly string[] => {
  const whole = Buffer.from(bytes).toString('base64');
  const forms = [whole, whole.replace(/=+$/, ''), ...aligned(bytes)];
  return [...forms, ...forms.map(urlForm)].filter(({ length }) => length >= shortest);
};
