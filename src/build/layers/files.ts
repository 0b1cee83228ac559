import { copyFile, link } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { bounds } from '../../base/bounds.ts';
import { Fault } from '../../base/fault.ts';
import { downloadsOf } from '../../provisioners/table.ts';
import type { SshKey } from '../../guest/types.ts';
import { downloadedFile } from '../downloaded-file.ts';
import type { Job } from '../job.ts';
import { variablesFile } from '../media/variables-file.ts';
import type { Past } from '../attempt/past.ts';
import type { Cut } from './cuts.ts';
import type { MachineFacts } from './facts.ts';

/** The files of a layer of a machine, beside its disks and its memory. */
export const layerFiles = {
  key: 'id_ed25519',
  publicKey: 'id_ed25519.pub',
  variables: 'efivars.fd',
  memory: 'memory.zst',
} as const;

const mirrorFolder = 'pub/OpenBSD/';

/** What the guest took from the mirror so far, `before` it went on from a layer as well. Throws where not all of it is known. */
export const setsOf = (
  past: Pick<Past, 'inputs'>,
  before: Pick<MachineFacts, 'sets'> | undefined,
): MachineFacts['sets'] => {
  const inputs = past.inputs();
  if (inputs.length >= bounds.buildInputs)
    throw new Fault('nothing_kept', `More than ${bounds.buildInputs} files went into the guest: not all of them are remembered.`); // prettier-ignore
  const sets = inputs.flatMap(({ uri, sha256 }) =>
    uri.startsWith(mirrorFolder) && sha256 !== undefined ? [{ path: uri.slice(mirrorFolder.length), sha256 }] : [],
  );
  return [...(before?.sets ?? []), ...sets];
};

type Kept = {
  readonly job: Job;
  readonly workspace: string;
  readonly key?: SshKey;
};

/** Puts into the folder of a layer what the machine is made of beside its disks, and gives what there is to say of it. */
export const fillBeside = async (
  { job, workspace, key }: Kept,
  cut: Cut,
  folder: string,
  past: Pick<Past, 'inputs'>,
  before: MachineFacts | undefined,
): Promise<Omit<MachineFacts, 'disks'>> => {
  if (key !== undefined) {
    await copyFile(key.privateFile, join(folder, layerFiles.key));
    await copyFile(`${key.privateFile}.pub`, join(folder, layerFiles.publicKey));
  }
  const variables = variablesFile(workspace);
  const hasVariables = existsSync(variables);
  // A running machine writes them itself.
  if (hasVariables && cut.kind === 'disk') await copyFile(variables, join(folder, layerFiles.variables));
  const downloads: MachineFacts['downloads'] = [];
  for (const { name } of job.spec.provisioners.slice(0, cut.provisioners).flatMap(downloadsOf)) {
    const from = downloadedFile(workspace, name);
    if (!existsSync(from)) continue;
    const file = `download-${downloads.length}`;
    await link(from, join(folder, file));
    downloads.push({ name, file });
  }
  return { hasKey: key !== undefined, hasVariables, downloads, sets: setsOf(past, before) };
};
