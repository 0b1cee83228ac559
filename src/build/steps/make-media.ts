import { counted } from '../../base/text/counted.ts';
import { Fault } from '../../base/fault.ts';
import { ParseError } from '../../base/text/parse-error.ts';
import { contentOf } from '../../context/medium-content.ts';
import { whyNoCd } from '../../image/medium/cd.ts';
import { whyNoFloppy } from '../../image/medium/floppy.ts';
import { writeCd, writeFloppy } from '../../image/medium/write.ts';
import type { MediumSpec } from '../../template/spec.ts';
import type { Job } from '../job.ts';
import { mediumFile } from '../media/medium-file.ts';
import type { Step } from '../plan.ts';

const makers = {
  cd: { write: writeCd, why: whyNoCd },
  floppy: { write: writeFloppy, why: whyNoFloppy },
} as const;

/** Files of a medium of the host may have changed since they were judged. */
const contentNow = ({ entries }: MediumSpec, kind: keyof typeof makers) => {
  try {
    const content = contentOf(entries);
    const why = makers[kind].why(content);
    if (why !== undefined) throw new ParseError(why);
    return content;
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    throw new Fault('template_invalid', `The ${kind} of files ${error.message}.`, {}, { cause: error });
  }
};

/** The CD and the floppy that are made of files. */
export const makeMedia = {
  name: 'make-media',
  phase: 'preparing',
  timeoutMs: 1_800_000,
  async run({ job: { spec }, workspace }, { log, signal }) {
    for (const [kind, medium] of [
      ['cd', spec.cdOfFiles],
      ['floppy', spec.floppyOfFiles],
    ] as const) {
      if (medium === undefined) continue;
      const content = contentNow(medium, kind);
      await makers[kind].write(mediumFile(workspace, kind), medium.label, content, signal);
      log(`made a ${kind} labelled "${medium.label}" of ${counted(content.length, 'file')}`);
    }
    return {};
  },
} satisfies Step<{ job: Job; workspace: string }, object>;
