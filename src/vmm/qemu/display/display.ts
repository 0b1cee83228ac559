import type { Display } from '../../types.ts';
import type { Qmp } from '../qmp.ts';
import { readVga } from './vga.ts';

/** The VGA and the keyboard of a machine, over QEMU's control socket. */
export const displayOver = (qmp: Qmp): Display => ({
  press: async (motions, signal) => {
    const events = motions.map(({ key, motion }) => ({
      type: 'key',
      data: { down: motion === 'down', key: { type: 'qcode', data: key } },
    }));
    await qmp.execute('input-send-event', { events }, signal);
  },
  look: () => readVga(qmp),
});
