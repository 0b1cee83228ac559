import type { Ids } from '../base/ids.ts';
import { filesAt } from '../build/asked/files-state.ts';
import { digestOf } from '../build/canonical.ts';
import type { CheckedBuild } from '../queue/asked.ts';
import type { NewSchedule } from '../queue/schedules.ts';
import type { Store } from '../queue/store.ts';

/**
 * A digest of all that a build of a schedule is made of, as far as it is known before it runs: the versions of its templates
 * with their files, the variables, the builds that it begins with, what it fetches by checksum, and files of the host, by
 * size and time of change. Not what its guest has from the network. What cannot be told is like nothing else.
 */
export const inputsDigest = async (
  schedule: Pick<NewSchedule, 'variables' | 'machine'>,
  checked: CheckedBuild,
  store: Pick<Store, 'template'>,
  ids: Pick<Ids, 'id'>,
): Promise<string> => {
  const { templateName, templateVersion, extended = [], bases = {}, inputs } = checked;
  const digestIn = async (name: string, version: number | undefined) => (await store.template(name, version))?.digest;
  const templates = [
    digestIn(templateName, templateVersion),
    ...extended.map((one) => digestIn(one.name, one.version)),
  ];
  const files = await Promise.all((inputs?.files ?? []).map(({ path }) => filesAt(path)));
  return digestOf({
    templates: await Promise.all(templates),
    ...{ variables: schedule.variables, machine: schedule.machine ?? null, bases, fetched: inputs?.fetched ?? [] },
    files: files.map((state) => state ?? ids.id()),
  });
};
