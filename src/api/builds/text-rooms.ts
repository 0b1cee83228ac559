import { isEnded } from '../../base/records/status.ts';
import type { TextName } from '../../build/outputs/outputs.ts';
import {
  makeRooms,
  type FollowedPiece,
  type Rooms,
  type FollowedSource,
  type WrittenForm,
} from '../following/rooms.ts';
import type { ApiParts } from '../types.ts';
import { wholeCharacters, type TextPiece } from './text-pieces.ts';

/** Without `write` its bytes are sent as they are. */
export type TextForm = WrittenForm & { readonly write?: (piece: TextPiece) => string };

const asItIs: TextForm = { key: 'as it is' };

type Parts = Pick<ApiParts, 'store' | 'outputs' | 'clock'>;

const sourceOf = (
  { store, outputs }: Pick<Parts, 'store' | 'outputs'>,
  id: string,
  name: TextName,
): FollowedSource<number, TextForm> => {
  const text = outputs.growingText(id, name);
  return {
    watch: ({ more, changed }) => [text.onGrew(more), store.onChange(id, changed)],
    isComplete: async () => {
      const build = await store.find(id);
      return build === undefined || isEnded(build.status);
    },
    read: async (after, { write }, isComplete): Promise<FollowedPiece<number> | undefined> => {
      const { bytes, isAll } = await text.read(after);
      const whole = write === undefined ? bytes.length : wholeCharacters(bytes);
      // What begins a character waits for the rest of it, which comes unless nothing does.
      const length = whole === 0 && isComplete ? bytes.length : whole;
      if (length === 0) return undefined;
      const last = after + length;
      if (write === undefined) return { bytes, last, isAll };
      return { bytes: Buffer.from(write({ offset: last, text: bytes.toString('utf8', 0, length) })), last, isAll: isAll && length === bytes.length }; // prettier-ignore
    },
    [Symbol.asyncDispose]: () => text[Symbol.asyncDispose](),
  };
};

type FollowedText = { readonly id: string; readonly name: TextName; readonly offset: number; readonly form?: TextForm };

/** The texts of builds that are followed: each is opened and read once for all who stand at the same place. */
export const makeTextRooms = (parts: Parts) => {
  const rooms: Rooms<number, TextForm> = makeRooms(parts.clock);
  return {
    /** A text from `offset` on, and what is added to it, until the build has ended or the signal aborts. */
    follow: (
      { id, name, offset, form = asItIs }: FollowedText,
      signal: AbortSignal,
    ): AsyncIterableIterator<Uint8Array, undefined> =>
      rooms.follow({ id: `${id} ${name}`, open: () => sourceOf(parts, id, name), after: offset, form }, signal),
  };
};

export type TextRooms = ReturnType<typeof makeTextRooms>;
