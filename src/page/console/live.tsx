import { useEffect, useRef, useState } from 'preact/hooks';
import { call } from '../api/call.ts';
import { eventsNow } from '../api/events-now.ts';
import { follow } from '../api/follow.ts';
import { isEnded, type Build, type BuildEvent, type TextPiece } from '../api/types.ts';
import { momentText } from '../parts/format.ts';
import { Trouble } from '../parts/trouble.tsx';
import { useWork } from '../parts/use.ts';
import { useMayWrite } from '../shell/session.ts';
import { readTranscript } from './transcript.ts';
import { placeTurns, turnsOf, type ShownTurn } from './turns.ts';
import { makeTyping } from './typing.ts';
import { useTerminal } from './use-terminal.ts';
import type { PageTerminal } from './terminal.ts';

type Marked = { readonly turn: ShownTurn; readonly show: () => void };

type Props = {
  readonly build: Build;
  readonly events: readonly BuildEvent[];
  readonly path: string;
  readonly mayType: boolean;
};

/** Writes what there is, with a mark at the end of each turn. */
const writeMarked = async (
  terminal: PageTerminal,
  text: string,
  turns: readonly ShownTurn[],
): Promise<readonly Marked[]> => {
  const marked: Marked[] = [];
  let written = 0;
  for (const { turn, at } of placeTurns(text, turns)) {
    if (at > written) await terminal.write(text.slice(written, at));
    written = Math.max(written, at);
    marked.push({ turn, show: terminal.mark(turn.kind) });
  }
  await terminal.write(text.slice(written));
  return marked;
};

const Turns = ({ marked }: { readonly marked: readonly Marked[] }) => (
  <section class="turns" aria-label="The conversation">
    <h2>Conversation</h2>
    {marked.length === 0 ? <p class="quiet">Nothing was heard or typed.</p> : null}
    <ol>
      {marked.map(({ turn, show }) => (
        <li key={turn.seq}>
          <button type="button" class={`turn turn-${turn.kind}`} title={momentText(turn.at)} onClick={show}>
            <span class="kind">{turn.kind}</span> <code>{turn.text}</code>
          </button>
        </li>
      ))}
    </ol>
  </section>
);

/** Marks the turns that come while one looks. */
const useLiveTurns = (terminal: PageTerminal | undefined, events: readonly BuildEvent[]) => {
  const [marked, setMarked] = useState<readonly Marked[]>([]);
  // The last turn that is marked; undefined until what came before is written.
  const last = useRef<number | undefined>(undefined);
  const begin = (first: readonly Marked[], seq: number) => {
    last.current = seq;
    setMarked(first);
  };
  useEffect(() => {
    const known = last.current;
    if (terminal === undefined || known === undefined) return;
    const fresh = turnsOf(events).filter(({ seq }) => seq > known);
    if (fresh.length === 0) return;
    last.current = fresh.at(-1)?.seq ?? known;
    const shown = fresh.map((turn) => ({ turn, show: terminal.mark(turn.kind) }));
    setMarked((before) => [...before, ...shown]);
  }, [terminal, events, marked]);
  return { marked, begin };
};

/** The console as it is written, with the turns of the conversation; keys are typed while the build is held. */
export const LiveConsole = ({ build, events, path, mayType }: Props) => {
  const [typingError, setTypingError] = useState<Error>();
  const typing = useRef<((text: string) => void) | undefined>(undefined);
  typing.current ??= makeTyping(path, setTypingError);
  const { element, terminal } = useTerminal((text) => typing.current?.(text));
  const { marked, begin } = useLiveTurns(terminal, events);
  const takesKeys = useMayWrite() && mayType;
  useEffect(() => terminal?.takeKeys(takesKeys), [terminal, takesKeys]);
  const error = useWork(
    async (signal) => {
      if (terminal === undefined) return;
      const past = await eventsNow(build.id, signal);
      const transcript = await readTranscript(path, signal);
      begin(await writeMarked(terminal, transcript.text, turnsOf(past)), past.at(-1)?.seq ?? 0);
      let { offset } = transcript;
      const take = (piece: TextPiece) => {
        offset = piece.offset;
        void terminal.write(piece.text);
      };
      const isOver = async () => isEnded((await call<Build>(`builds/${build.id}`, { signal })).status);
      await follow(() => `${path}?follow=true&offset=${offset}`, take, isOver, signal);
    },
    [terminal, path],
  );
  return (
    <>
      <Trouble error={error ?? typingError} />
      {takesKeys ? (
        <p role="status">The build waits for you: what you type goes to its console. Shift+Tab leaves it.</p>
      ) : null}
      <div class="console">
        <div class="screen" ref={element} />
        <Turns marked={marked} />
      </div>
    </>
  );
};
