import { plain } from '../../base/machine/plain.ts';

/** Somebody who reads along: told of everything, and of each whole line, without secrets and control characters. */
export type Follower = {
  readonly heard: () => void;
  readonly line: (line: string) => void;
  /** Lines come as they are, but for their ends: secrets, tabs and all. */
  readonly as?: 'it came';
};

// A guest that prints no line end must not grow the heap.
const longestLine = 4096;

/** Tells followers what comes on a console. Disposing what `follow` gives ends it. */
export const makeFollowing = (mask: (text: string) => string) => {
  const followers = new Set<Follower>();
  let rest = '';
  return {
    take: (text: string): void => {
      if (followers.size === 0 || text === '') return;
      const lines = plain(rest + text).text.split(/\r*\n/);
      rest = (lines.pop() ?? '').slice(-longestLine);
      for (const follower of followers) {
        follower.heard();

        for (const line of lines)
          follower.line(follower.as === undefined ? mask(line.replace(/[\u0000-\u001f\u007f-\u009f]/g, '')) : line);
      }
    },
    follow: (follower: Follower): Disposable => {
      followers.add(follower);
      return {
        [Symbol.dispose]: () => {
          followers.delete(follower);
          rest = '';
        },
      };
    },
  };
};
