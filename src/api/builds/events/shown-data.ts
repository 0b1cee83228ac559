import { z } from 'zod';
import { withoutFolders } from '../../../base/text/without-folders.ts';
import type { BuildEvent } from '../../../queue/records.ts';

const StartedBy = z.looseObject({ program: z.string(), command: z.array(z.string()) });

/** What an event of the store tells a client: of the command line that started a machine no folder of the host. */
export const shownData = ({ type, data }: Pick<BuildEvent, 'type' | 'data'>): BuildEvent['data'] => {
  const started = type === 'machine.started' ? StartedBy.safeParse(data).data : undefined;
  if (started === undefined) return data;
  const { program, command, ...rest } = started;
  return { ...rest, program: withoutFolders([program])[0], command: withoutFolders(command) };
};
