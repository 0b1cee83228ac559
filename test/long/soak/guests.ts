/** What the machines of the soak do: good guests, guests that fail, and guests that mean harm. */

import { join } from 'node:path';
import { cycle, visit } from '../../fixtures/quick-templates.ts';
import { installerMachine, scripted } from '../../fixtures/tiny-builds.ts';
import { pause, reset, say, writeGuest } from '../../fixtures/tiny-guest.ts';

/** What a client does beside waiting for its build's end. */
export type Manner = 'wait' | 'cancel' | 'hold';

export type Kind = {
  readonly name: string;
  readonly weight: number;
  readonly manner: Manner;
  readonly template: object;
};

const listening = (hear: string, within: string) => ({ console: [{ hear, within }], ends: 'halt' });

/** Puts the media of these kinds into `folder`, which the daemon is to know as the medium `own`. */
export const makeKinds = async (folder: string): Promise<readonly Kind[]> => {
  await writeGuest(join(folder, 'loop.img'), [pause, say('rebooting...\r\n'), reset], 1440);
  const fails = { console: [{ hear: 'what it never says', within: '1m', refuse: ['cycle#'] }], ends: 'halt' };
  const kind = (name: string, weight: number, template: object, manner: Manner = 'wait'): Kind => ({
    ...{ name, weight, manner, template: { ...template, name } },
  });
  const shell = (...inline: readonly string[]) =>
    visit({ provisioners: [{ type: 'shell', inline, timeout: '1m' }], artifacts: [] });
  return [
    kind('cycle', 6, await cycle()),
    kind('visit', 2, visit()),
    kind('silent', 1, await cycle({ install: listening('what it never says', '4s') })),
    kind('failing', 1, await cycle({ install: fails })),
    kind('held', 2, await cycle({ install: fails }), 'hold'),
    kind('cancelled', 2, await cycle({ install: listening('what it never says', '1m') }), 'cancel'),
    kind('exit-3', 1, shell('exit 3')),
    kind('floods-ssh', 1, shell('yes & sleep 6; kill $!')),
    kind('fills-its-disk', 0.5, shell('dd if=/dev/urandom of=/root/large bs=1M count=120; true')),
    kind('floods-console', 1, {
      machine: await installerMachine('flood'),
      install: listening('what it never says', '8s'),
    }),
    kind('random-console', 1, {
      machine: await installerMachine('garbage'),
      install: listening('what it never says', '8s'),
    }),
    kind(
      'hammers-endpoint',
      1,
      await scripted(['i=0; while [ $i -lt 300 ]; do fetch http://$HOST:$PORT/none$i /tmp/none; i=$((i + 1)); done']),
    ),
    kind('reboots-for-ever', 1, {
      machine: { memory: '32M', floppy: 'media:own/loop.img', disks: [{ size: '1M' }] },
      install: { console: [{ hear: 'what it never says', within: '1m' }], ends: 'never' },
    }),
  ];
};
