import { Fault } from '../../base/fault.ts';

/** What a follower prints (guest-side.ts), as it is read. */
export type Frame =
  | { readonly is: 'piece'; readonly stream: 'stdout' | 'stderr'; readonly bytes: Uint8Array }
  | { readonly is: 'ended'; readonly exitCode: number }
  | { readonly is: 'begun' | 'gone' | 'none' | 'more' };

const words = { b: { is: 'begun' }, g: { is: 'gone' }, n: { is: 'none' }, m: { is: 'more' } } as const;

// A line that begins a frame is short; a piece has at most 64 KiB.
const longestHead = 32;
const longestPiece = 64 * 1024;

const mostExitCode = 255;

// A guest may print what it likes: that is no defect of imaged.
const unreadable = (head: string): Fault =>
  new Fault(
    'provisioner_failed',
    `The guest's follower printed ${JSON.stringify(head)}, which no shell that runs it does: look at what the guest has as sh(1), dd(1) and wc(1).`,
    { saw: head },
  );

const frameOf = (
  head: string,
): Exclude<Frame, { is: 'piece' }> | { readonly stream: 'stdout' | 'stderr'; readonly length: number } => {
  if (head === 'b' || head === 'g' || head === 'n' || head === 'm') return words[head];
  const [, kind, number = ''] = /^([oex]) (\d+)$/.exec(head) ?? [];
  if (kind === undefined) throw unreadable(head);
  if (Number(number) > (kind === 'x' ? mostExitCode : longestPiece)) throw unreadable(head);
  if (kind === 'x') return { is: 'ended', exitCode: Number(number) };
  return { stream: kind === 'o' ? 'stdout' : 'stderr', length: Number(number) };
};

/** Takes bytes as they come, and gives the frames that are whole. Throws on what no follower prints. */
export const readFrames = () => {
  let rest = Buffer.alloc(0);
  return (bytes: Uint8Array): readonly Frame[] => {
    const frames: Frame[] = [];
    rest = rest.byteLength === 0 ? Buffer.from(bytes) : Buffer.concat([rest, bytes]);
    for (;;) {
      const end = rest.indexOf(10);
      if (end < 0 && rest.byteLength > longestHead) throw unreadable(rest.toString('latin1', 0, longestHead));
      if (end < 0) return frames;
      const frame = frameOf(rest.toString('latin1', 0, end));
      if (!('length' in frame)) {
        frames.push(frame);
        rest = rest.subarray(end + 1);
        continue;
      }
      const { stream, length } = frame;
      if (rest.byteLength < end + 1 + length) return frames;
      frames.push({ is: 'piece', stream, bytes: rest.subarray(end + 1, end + 1 + length) });
      rest = rest.subarray(end + 1 + length);
    }
  };
};
