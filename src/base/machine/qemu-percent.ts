// "    (12.50/100%)\r": qemu-img -p prints one over the other (util/qemu-progress.c).
const printed = /\((\d{1,3}(?:\.\d{1,6})?)\/100%\)/g;

const longestPiece = 32;

/** Reads how far qemu-img is out of what it prints; `seen` is told of the latest percentage in each piece that came. */
export const percentReader = (seen: (percent: number) => void): ((bytes: Uint8Array) => void) => {
  let rest = '';
  return (bytes) => {
    const text = rest + Buffer.from(bytes).toString('latin1');
    const last = [...text.matchAll(printed)].at(-1);
    if (last !== undefined) seen(Math.min(100, Number(last[1])));
    rest = text.slice(last === undefined ? -longestPiece : last.index + last[0].length).slice(-longestPiece);
  };
};
