import { useEffect, useRef, useState } from 'preact/hooks';
import { call } from '../api/call.ts';
import { follow } from '../api/follow.ts';
import { isEnded, type Build, type TextPiece } from '../api/types.ts';
import { Trouble } from '../parts/trouble.tsx';
import { settled, useWork } from '../parts/use.ts';

// What a browser shows without becoming slow; the whole is one link away.
const mostCharacters = 2_000_000;

/** The log of the build, as it is written. */
export const Log = ({ build }: { readonly build: Build }) => {
  const [text, setText] = useState('');
  const [isLeftOut, setLeftOut] = useState(false);
  const box = useRef<HTMLPreElement>(null);
  const isAtEnd = useRef(true);
  const path = `builds/${build.id}/log`;
  const error = useWork(
    async (signal) => {
      let [offset, whole] = [0, ''];
      const show = settled(() => setText(whole), 50, signal);
      const take = (piece: TextPiece) => {
        offset = piece.offset;
        whole += piece.text;
        if (whole.length > mostCharacters) {
          whole = whole.slice(whole.indexOf('\n', whole.length - mostCharacters) + 1);
          setLeftOut(true);
        }
        show();
      };
      const isOver = async () => isEnded((await call<Build>(`builds/${build.id}`, { signal })).status);
      await follow(() => `${path}?follow=true&offset=${offset}`, take, isOver, signal);
    },
    [path],
  );
  useEffect(() => {
    const { current } = box;
    if (current !== null && isAtEnd.current) current.scrollTop = current.scrollHeight;
  }, [text]);
  const scrolled = () => {
    const { current } = box;
    if (current !== null) isAtEnd.current = current.scrollHeight - current.scrollTop - current.clientHeight < 40;
  };
  return (
    <>
      <Trouble error={error} />
      <p class="quiet">
        <a href={path}>The whole log as text</a>
        {isLeftOut ? '; its beginning is left out here' : ''}
      </p>
      <pre class="log" ref={box} onScroll={scrolled} tabIndex={0} role="log" aria-label="Log" aria-live="off">
        {text === '' ? <span class="quiet">Nothing is written yet.</span> : text}
      </pre>
    </>
  );
};
