import { sizeText } from '../parts/format.ts';
import type { ShownHost } from './facts.ts';

const mb = 2 ** 20;

type Props = { readonly title: string; readonly committed: number; readonly now: number; readonly whole: number };

const Meter = ({ title, committed, now, whole }: Props) => (
  <div class="meter">
    <span>{title}</span>
    <meter min={0} max={Math.max(1, whole)} value={committed} aria-label={`${title} that builds may take`} />
    <span>
      {sizeText(committed * mb)} of {sizeText(Math.max(0, now) * mb)}
      {now < whole ? <span class="quiet"> (of {sizeText(whole * mb)} in all)</span> : null}
    </span>
  </div>
);

/** What builds may take of the host, and what there is. */
export const Room = ({ capacity }: { readonly capacity: NonNullable<ShownHost['capacity']> }) => {
  const { whole, now, committed = { memory_mb: 0, disk_mb: 0 } } = capacity;
  return (
    <section aria-labelledby="room">
      <h2 id="room">Memory and disk</h2>
      <p class="quiet">What running and held builds may take, of what the host has for builds now.</p>
      <Meter title="Memory" committed={committed.memory_mb} now={now.memory_mb} whole={whole.memory_mb} />
      <Meter title="Disk" committed={committed.disk_mb} now={now.disk_mb} whole={whole.disk_mb} />
    </section>
  );
};
