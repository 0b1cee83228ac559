import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../src/base/clock.ts';
import { cleanupStack, type CleanupStack } from '../src/base/cleanup.ts';
import { runProgram } from '../src/base/program.ts';
import type { Background } from '../src/build/layers/background.ts';
import { makeKeepingCosts } from '../src/build/layers/costs.ts';
import type { Cut } from '../src/build/layers/cuts.ts';
import { flattening } from '../src/build/layers/flatten.ts';
import { makeLayering } from '../src/build/layers/make-layering.ts';
import { restDisks, restedIn } from '../src/build/layers/rest-disks.ts';
import type { BuildLayers } from '../src/layers/types.ts';
import { makeQemuDisks } from '../src/vmm/qemu/disks.ts';
import type { Disk } from '../src/vmm/types.ts';
import { keyOf } from './layer-shop.ts';

const never = new AbortController().signal;
const disks = makeQemuDisks('qemu-img');

export const cutOf = (provisioners: number): Cut => ({
  ...{ part: `provisioners/${provisioners}`, step: `step-${provisioners}`, key: keyOf(`layer ${provisioners}`) },
  ...{ ingredients: [], kind: 'disk', mode: 'auto', provisioners },
});

/** Writes a byte over the first 64 KiB of each MiB up to so many, as a guest would. */
export const scribble = async ({ path }: Disk, byte: number, mib: number): Promise<void> => {
  const words = Array.from({ length: mib }, (_, at) => ['-c', `write -P ${byte} ${at}M 64k`]).flat();
  // As imaged tells QEMU's programs of images, which look elsewhere for what a linked one names.
  const node = { driver: 'qcow2', file: { driver: 'file', filename: path }, backing: null };
  await runProgram('qemu-io', [...words, `json:${JSON.stringify(node)}`], { signal: never });
};

/** The bytes at the begin of MiB 0 to 47 of an image that stands on its own. */
export const scribbled = async (path: string, raw: string): Promise<readonly number[]> => {
  await disks.convertDisk({ path, format: 'qcow2' }, { path: raw, format: 'raw' }, never);
  await using file = await open(raw);
  const found: number[] = [];
  for (let at = 0; at < 48; at++) found.push((await file.read(Buffer.alloc(1), 0, 1, at * 2 ** 20)).buffer[0] ?? -1);
  await rm(raw);
  return found;
};

/** What they are after so many times that the disk was kept. */
export const scribbledBy = (times: number): readonly number[] =>
  Array.from({ length: 48 }, (_, at) => Math.min(times, 48 - at));

/** A hypervisor that lets three images lie beneath a disk, and waits before it flattens them. */
export const flatteningAfter = (before: () => Promise<void>) =>
  ({
    ...disks,
    chains: { most: 3, over: ['qcow2'] },
    convertDisk: async (...words: Parameters<typeof disks.convertDisk>) => {
      await before();
      words[2].throwIfAborted();
      await disks.convertDisk(...words);
    },
  }) as const;

/** A build that keeps its disk so many times, under a hypervisor that lets three images lie beneath a disk. */
export const keptTimes = async (
  times: number,
  { workspace, shelf, background }: { readonly workspace: string; readonly shelf: BuildLayers; readonly background: Background }, // prettier-ignore
  beforeFlattening: () => Promise<void> = () => Promise.resolve(),
) => {
  const cleanup: CleanupStack = cleanupStack();
  const events: string[] = [];
  const hypervisor = flatteningAfter(beforeFlattening);
  const attempt = {
    claim: { build: { id: 'maker', templateName: 'tiny' } },
    event: (type: string, { why = '' }: { readonly why?: string }) => void events.push(`${type} ${why}`.trim()),
    log: () => undefined,
    signal: never,
    // As much of an attempt as is asked for.
  } as unknown as Parameters<typeof makeLayering>[0];
  const given = { cuts: [], constant: new Set<string>(), from: undefined, turns: new Map() };
  const costs = makeKeepingCosts();
  const own = {
    shelf,
    clock: systemClock,
    costs,
    background,
    memoryMb: 256,
    provisioners: times,
    isStill: async () => true,
  };
  const layering = makeLayering(attempt, cleanup, given, own);
  await mkdir(workspace, { recursive: true });
  let disk: Disk = { path: join(workspace, 'disk0.qcow2'), format: 'qcow2' };
  await disks.createDisk({ ...disk, sizeMb: 64 }, never);
  for (let at = 0; at < times; at++) {
    await scribble(disk, at + 1, 48 - at);
    const rested = [disk];
    await layering.keep(cutOf(at), 0, async (folder) => {
      const tools = { hypervisor, signal: never } as unknown as Parameters<typeof restDisks>[3];
      [disk = disk] = await restDisks({ workspace, disks: rested }, cutOf(at), folder, tools);
      return { facts: {}, ...(await flattening(folder, restedIn(folder, rested), hypervisor)) };
    });
  }
  return { layering, events, disk, end: () => cleanup[Symbol.asyncDispose]() };
};
