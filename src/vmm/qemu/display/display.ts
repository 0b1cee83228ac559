import type { Semaphore } from '../../../base/semaphore.ts';
import { orAborted } from '../../../base/waiting.ts';
import type { Display } from '../../types.ts';
import type { Qmp } from '../qmp.ts';
import { readVga } from './vga.ts';

/** The VGA and the keyboard of a machine, over QEMU's control socket. */
export const displayOver = (qmp: Pick<Qmp, 'execute'>, stillness: Semaphore): Display => {
  // A machine that stands still while it is looked at takes no keys.
  let looking: Promise<unknown> = Promise.resolve();
  let pressing: Promise<unknown> = Promise.resolve();
  return {
    press: async (motions, signal) => {
      const events = motions.map(({ key, motion }) => ({
        type: 'key',
        data: { down: motion === 'down', key: { type: 'qcode', data: key } },
      }));
      const pressed = looking.then(() => qmp.execute('input-send-event', { events }, signal));
      pressing = Promise.allSettled([pressing, pressed]);
      await orAborted(pressed, signal);
    },
    look: () => {
      const looked = Promise.all([looking, pressing]).then(() => readVga(qmp, stillness));
      looking = Promise.allSettled([looked]);
      return looked;
    },
  };
};
