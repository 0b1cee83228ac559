import { stat } from 'node:fs/promises';
import { z } from 'zod';
import { artifactNameOf } from '../base/artifact-name.ts';
import { Fault } from '../base/fault.ts';
import { anyBytes } from '../base/media-type.ts';
import { quoted } from '../base/text/nearest.ts';
import { sizeMbOf } from '../base/units.ts';
import { judgeAllowed } from '../provisioners/on-host/allowed.ts';
import {
  hasOneLocalSource,
  localKeys,
  localScriptsOf,
  localWorks,
  planOfLocal,
  type LocalScripts,
} from '../provisioners/on-host/local-scripts.ts';
import { Size, strict, Words } from '../template/document/words.ts';
import type { Fields } from '../template/resolve/fields.ts';
import type { RuntimeFacts } from '../template/spec.ts';
import { commonKeys } from './common.ts';
import type { ArtifactDraft, PostProcessorKind } from './kind.ts';

const about = 'scripts on the host of the daemon that read the artifacts, where its configuration allows that';

const maxMade = 50;

const Schema = strict({
  type: z.literal('shell-local'),
  ...commonKeys,
  ...localKeys,
  makes: z
    .array(
      strict({
        name: Words.min(1).max(1000).describe('name of the file, in the folder that the scripts begin in'),
        max_size: Size.default('1G').describe('how large it may be'),
      }),
    )
    .max(maxMade)
    .default([])
    .describe('files that the scripts leave, which become artifacts'),
})
  .refine(...hasOneLocalSource)
  .describe(about);

export type ShellLocalSettings = LocalScripts & {
  readonly makes: readonly { readonly name: string; readonly mostMb: number }[];
};

/** The machine is gone by then: what only it could tell is not known. */
const withoutMachine = (fields: Fields): Fields => ({
  ...fields,
  text: (pointer, raw) => [fields.early(pointer, raw) ?? ''],
});

const noMachine: RuntimeFacts = {
  ...{ http_url: '', http_ip: '', http_port: '', http_addr: '', http_host: '', host_ip: '' },
  ...{ guest_ip: '', mac: '', vm_name: '', ssh_public_key: '' },
};

type Facts = { readonly id: string; readonly templateName: string; readonly builderType: string };

/** What scripts are told: Packer's names for it, and where the artifacts are, each under its name. */
const variablesOf = ({ id, templateName, builderType }: Facts, folder: string) => ({
  ...{ IMAGED_BUILD_ID: id, PACKER_BUILD_NAME: templateName, PACKER_BUILDER_TYPE: builderType },
  IMAGED_ARTIFACTS: `${folder}/artifacts`,
});

/** Size and time of change of each file: what a script may not touch. */
const looksOf = async (taken: readonly ArtifactDraft[]): Promise<ReadonlyMap<string, string>> => {
  const looks = new Map<string, string>();
  for (const { name, from } of taken) {
    const { size, mtimeNs } = await stat(from, { bigint: true });
    looks.set(name, `${size} ${mtimeNs}`);
  }
  return looks;
};

const checkUnchanged = async (taken: readonly ArtifactDraft[], before: ReadonlyMap<string, string>): Promise<void> => {
  for (const [name, look] of await looksOf(taken))
    if (before.get(name) !== look)
      throw new Fault(
        'provisioner_failed',
        `The scripts have changed the artifact ${quoted(name)}, which they may read.`,
      );
};

/** Scripts on the host with the keys of Packer's post-processor: what it takes goes on as it is. */
export const shellLocal = {
  type: 'shell-local',
  about,
  Schema,
  resolve: async (asked, { pointer, fields, wrong, host }): Promise<ShellLocalSettings> => {
    judgeAllowed('shell-local', { pointer, wrong, allows: () => host === undefined || host.allowsShellLocal === true });
    const makes = asked.makes.map(({ name, max_size: size }, index) => ({
      name: fields.made(`${pointer}/makes/${index}/name`, name, `unknown-${index}`, artifactNameOf),
      mostMb: fields.made(`${pointer}/makes/${index}/max_size`, size, 1, sizeMbOf),
    }));
    return { ...(await localScriptsOf(asked, pointer, withoutMachine(fields))), makes };
  },
  plan: planOfLocal,
  gives: ({ makes, isForOthers }, taken) => [
    ...taken,
    ...(isForOthers ? [] : makes.map((made) => ({ ...made, mediaType: anyBytes }))),
  ],
  // Where programs run as another user, what they read is a copy.
  scratchMb: ({ isForOthers }, taken) => (isForOthers ? 0 : taken.reduce((sum, { mostMb }) => sum + mostMb, 0)),
  run: async (settings, taken, tools) => {
    if (settings.isForOthers) return taken;
    const { newFile, signal, build } = tools;
    const made: ArtifactDraft[] = [];
    const before = await looksOf(taken);
    await tools.onHost('slot', async (host) => {
      for (const { name, from } of taken) await host.lend(from, name, signal);
      for (const work of localWorks(settings, variablesOf(build, host.folder), noMachine))
        await work(host, tools, signal);
      for (const { name, mostMb } of settings.makes) {
        const from = newFile('file');
        await host.take(name, from, mostMb * 2 ** 20, signal);
        made.push({ name, from, mediaType: anyBytes });
      }
    });
    await checkUnchanged(taken, before);
    return [...taken, ...made];
  },
} as const satisfies PostProcessorKind<typeof Schema, ShellLocalSettings>;
