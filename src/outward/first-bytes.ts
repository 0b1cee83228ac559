/** What a body begins with, up to so many bytes, and whether that is all of it. The rest is not read. */
export const firstBytes = async (
  body: AsyncIterable<Buffer>,
  most: number,
): Promise<{ readonly bytes: Buffer; readonly isAll: boolean }> => {
  const chunks: Buffer[] = [];
  let came = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    came += chunk.length;
    if (came > most) break;
  }
  return { bytes: Buffer.concat(chunks).subarray(0, most), isAll: came <= most };
};
