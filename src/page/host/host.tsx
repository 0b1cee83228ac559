import { useEffect } from 'preact/hooks';
import { Trouble } from '../parts/trouble.tsx';
import { usePolled } from '../parts/use-polled.ts';
import { hrefOf } from '../shell/router.ts';
import { Cache } from './cache.tsx';
import { Checks } from './checks.tsx';
import type { ShownHost } from './facts.ts';
import { QueueShown } from './queue.tsx';
import { Room } from './room.tsx';
import { Slots } from './slots.tsx';

const everyMs = 5000;

const About = ({ hypervisor, suspect }: Pick<ShownHost, 'hypervisor' | 'suspect'>) => (
  <>
    {hypervisor === undefined ? null : (
      <p>
        {hypervisor.name} {hypervisor.version} <span class="quiet">{hypervisor.accelerators.join(', ')}</span>
      </p>
    )}
    {suspect === undefined ? null : (
      <p class="sure">
        The daemon died while <a href={hrefOf(['builds', suspect.id])}>a build</a> ran: it{' '}
        {suspect.state === 'runs' ? 'runs alone, and the others wait.' : 'is to run alone, when the others have ended.'}
      </p>
    )}
  </>
);

/** The host: what runs, what waits and why, what there is room for, and what is wrong with it. */
export const HostView = () => {
  const { value: host, error } = usePolled<ShownHost>('host', everyMs);
  useEffect(() => {
    document.title = 'Host – imaged';
  }, []);
  return (
    <>
      <h1>Host</h1>
      <Trouble error={error} />
      <About {...{ hypervisor: host?.hypervisor, suspect: host?.suspect }} />
      <div class="host">
        {host?.slots === undefined ? null : <Slots slots={host.slots} />}
        {host?.capacity === undefined ? null : <Room capacity={host.capacity} />}
        {host?.layers === undefined ? null : <Cache layers={host.layers} />}
      </div>
      <QueueShown />
      <Checks />
    </>
  );
};
