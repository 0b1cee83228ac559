import { useEffect, useRef, useState } from 'preact/hooks';
import { request } from '../api/call.ts';
import { durationText } from '../parts/format.ts';
import { Trouble } from '../parts/trouble.tsx';
import { useWork } from '../parts/use.ts';
import { piecesUntil, readCast, type CastPiece } from './asciicast.ts';
import type { PageTerminal } from './terminal.ts';
import { useTerminal } from './use-terminal.ts';

const speeds = [0.5, 1, 2, 4, 16, 64] as const;

const frameMs = 50;

/** Shows a recording up to a moment: what is new of it, or all of it again where the moment is an earlier one. */
const usePlayed = (terminal: PageTerminal | undefined, pieces: readonly CastPiece[], seconds: number) => {
  const shown = useRef(0);
  useEffect(() => {
    if (terminal === undefined) return;
    const due = piecesUntil(pieces, seconds);
    if (due < shown.current) {
      terminal.clear();
      shown.current = 0;
    }
    const fresh = pieces.slice(shown.current, due);
    shown.current = due;
    if (fresh.length > 0) void terminal.write(fresh.map(({ text }) => text).join(''));
  }, [terminal, pieces, seconds]);
};

/** A clock that can be set, and runs at a speed to its end. */
const usePlayer = (endSeconds: number) => {
  const [seconds, setSeconds] = useState(0);
  const [speed, setSpeed] = useState(4);
  const [isPlaying, play] = useState(true);
  useEffect(() => {
    if (!isPlaying) return undefined;
    let before = performance.now();
    const timer = setInterval(() => {
      const now = performance.now();
      const passed = ((now - before) / 1000) * speed;
      before = now;
      setSeconds((at) => Math.min(endSeconds, at + passed));
    }, frameMs);
    return () => clearInterval(timer);
  }, [isPlaying, speed, endSeconds]);
  return { seconds, setSeconds, speed, setSpeed, isPlaying: isPlaying && seconds < endSeconds, play };
};

/** What the console showed, again, at any speed. */
export const Replay = ({ path }: { readonly path: string }) => {
  const { element, terminal } = useTerminal(() => undefined);
  const [pieces, setPieces] = useState<readonly CastPiece[]>([]);
  const error = useWork(
    async (signal) => {
      const answer = await request(`${path}?format=asciicast`, { signal });
      setPieces(readCast(await answer.text()));
    },
    [path],
  );
  const endSeconds = pieces.at(-1)?.at ?? 0;
  const { seconds, setSeconds, speed, setSpeed, isPlaying, play } = usePlayer(endSeconds);
  usePlayed(terminal, pieces, seconds);
  const toggle = () => {
    if (seconds >= endSeconds) setSeconds(0);
    play(!isPlaying);
  };
  return (
    <>
      <Trouble error={error} />
      <p class="player">
        <button type="button" onClick={toggle}>
          {isPlaying ? 'Pause' : 'Play'}
        </button>
        <input
          type="range"
          aria-label="Moment"
          aria-valuetext={durationText(seconds * 1000)}
          min={0}
          max={endSeconds}
          step={0.1}
          value={seconds}
          onInput={({ currentTarget }) => setSeconds(Number(currentTarget.value))}
        />
        <span class="number">
          {durationText(seconds * 1000)} of {durationText(endSeconds * 1000)}
        </span>
        <select
          aria-label="Speed"
          value={speed}
          onChange={({ currentTarget }) => setSpeed(Number(currentTarget.value))}
        >
          {speeds.map((one) => (
            <option key={one} value={one}>
              {one}×
            </option>
          ))}
        </select>
        <a href={`${path}?format=asciicast`} download="console.cast">
          The recording
        </a>
      </p>
      <div class="screen" ref={element} />
    </>
  );
};
