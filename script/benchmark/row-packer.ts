import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock as clock } from '../../src/base/clock.ts';
import { runProgram } from '../../src/base/program.ts';
import { guest } from '../../test/fixtures/imaged.ts';
import { cycleByDaemon, makeGoods, startWithGoods, verify, type Goods } from './cycle.ts';
import { showSpread } from './numbers.ts';
import { inPairs, type Pairs } from './pairs.ts';
import type { Row, Tools } from './row.ts';

const least = 1.8;

// Half a second apart: whatever works is then at most that much too slow.
const waits = ['500ms', '1s', '1500ms', '2s', '2500ms', '3s', '3500ms', '4s', '5s', '6s', '8s'];

const template = ({ append, shown }: Goods, folder: string, wait: string) => ({
  builders: [
    {
      type: 'qemu',
      // It wants a medium; the kernel comes by `qemuargs`.
      iso_url: join(folder, 'empty.iso'),
      iso_checksum: 'none',
      headless: true,
      accelerator: 'tcg',
      machine_type: 'q35',
      memory: 128,
      format: 'raw',
      disk_size: '16M',
      skip_compaction: true,
      http_directory: shown,
      communicator: 'none',
      boot_wait: wait,
      boot_command: ['http://{{ .HTTPIP }}:{{ .HTTPPort }}/p<enter>'],
      shutdown_timeout: '1m',
      output_directory: join(folder, 'output'),
      qemuargs: [
        ['-nodefaults', ''],
        // Without a display nobody hears the keys that VNC sends.
        ['-vga', 'std'],
        ['-cpu', 'max'],
        ['-kernel', join(guest, 'vmlinux')],
        ['-initrd', join(guest, 'cycle.cpio')],
        ['-append', `${append} imaged.tty=tty1`],
        ['-device', 'virtio-net-pci,netdev=user.0,romfile='],
      ],
    },
  ],
});

/** Seconds of `packer build`, to its end; undefined when the bytes are not on the disk, whatever Packer says. */
const cycleByPacker = async (goods: Goods, wait: string, signal: AbortSignal): Promise<number | undefined> => {
  const folder = join(goods.folder, 'packer');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'empty.iso'), '');
  await writeFile(join(folder, 'template.json'), JSON.stringify(template(goods, folder, wait)));
  const env = { HOME: folder, CHECKPOINT_DISABLE: '1', PACKER_CACHE_DIR: join(folder, 'cache'), TMPDIR: folder };
  const began = clock.elapsed();
  const { exitCode } = await runProgram('packer', ['build', '-color=false', join(folder, 'template.json')], {
    signal,
    cwd: folder,
    env,
    accept: 'any',
  });
  const seconds = (clock.elapsed() - began) / 1000;
  const isWritten = await verify(join(folder, 'output', 'packer-qemu'), goods).then(
    () => true,
    () => false,
  );
  await rm(join(folder, 'output'), { recursive: true, force: true });
  return exitCode === 0 && isWritten ? seconds : undefined;
};

type Measured = { readonly wait: string; readonly pairs: Pairs };

/** The lowest `boot_wait` by which all rounds come to a good end. */
const withLeastWait = async (
  ours: () => Promise<number>,
  theirs: (wait: string) => Promise<number | undefined>,
  { signal, note }: Tools,
): Promise<Measured> => {
  const lost = new Error('what Packer typed did not arrive');
  for (const wait of waits) {
    try {
      const mustWork = async () => {
        const seconds = await theirs(wait);
        if (seconds === undefined) throw lost;
        return seconds;
      };
      return { wait, pairs: await inPairs(5, ours, mustWork, signal) };
    } catch (error) {
      if (error !== lost) throw error;
      note(`packer: with boot_wait ${wait} the disk stayed empty`);
    }
  }
  throw new Error(`Packer did not write the disk with any boot_wait up to ${waits.at(-1)}`);
};

export const packer: Row = {
  name: 'Packer, side by side',
  what: "Debian's Packer, qemu builder, same kernel and work, boot_wait as low as works, over ours",
  reach: `>= ${least}`,
  run: async (tools) => {
    const { signal } = tools;
    const { stdout } = await runProgram('packer', ['version'], { signal });
    await using goods = await makeGoods(signal);
    await using imaged = await startWithGoods(goods, 1);
    const { wait, pairs } = await withLeastWait(
      () => cycleByDaemon(imaged, goods, signal),
      (asked) => cycleByPacker(goods, asked, signal),
      tools,
    );
    const ratio = { median: 1 / pairs.ratio.median, min: 1 / pairs.ratio.max, max: 1 / pairs.ratio.min };
    const version = /v([\d.]+)/.exec(stdout)?.[1] ?? 'of an unknown version';
    const figures = `${pairs.theirs.median.toFixed(2)} s (${version}, boot_wait ${wait}) over ${pairs.ours.median.toFixed(2)} s`;
    return {
      measured: `${showSpread(ratio, 2)}: ${figures}`,
      isReached: ratio.median >= least,
      facts: {
        ratio: ratio.median,
        packerSeconds: pairs.theirs.median,
        oursSeconds: pairs.ours.median,
        wait,
      },
    };
  },
};
