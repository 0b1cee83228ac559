import { z } from 'zod';
import type { Layer } from '../../layers/types.ts';

const FileName = z.string().regex(/^[a-z0-9][a-z0-9.-]{0,63}$/);

/** What was taken from the mirror: it is not known before, and so it is no part of the key. */
const Sets = z.array(z.object({ path: z.string(), sha256: z.string() }));

/** What a build writes down of a layer of a machine, to go on from it. */
export const MachineFacts = z.object({
  /** Of each disk the file of the layer, in the order of the machine's disks. */
  disks: z.array(z.object({ file: FileName, format: z.enum(['raw', 'qcow2']) })),
  /** The number of the network that a machine with memory was in. */
  network: z.int().optional(),
  /** The layer has the key of the build. */
  hasKey: z.boolean(),
  hasVariables: z.boolean(),
  /** What provisioners had downloaded, and the file of the layer that it is. */
  downloads: z.array(z.object({ name: z.string(), file: FileName })),
  /** What the guest took from the mirror so far. */
  sets: Sets,
});

export type MachineFacts = z.output<typeof MachineFacts>;

/** The same of the artifacts of a whole build. */
export const ArtifactFacts = z.object({
  artifacts: z.array(
    z.object({ name: z.string(), mediaType: z.string(), size: z.int(), sha256: z.string(), file: FileName }),
  ),
  sets: Sets,
});

export type ArtifactFacts = z.output<typeof ArtifactFacts>;

/** The facts of a layer in this shape; undefined where another imaged wrote them otherwise. */
export const factsOf = <Schema extends z.ZodType>(schema: Schema, { facts }: Layer): z.output<Schema> | undefined =>
  schema.safeParse(facts).data;
