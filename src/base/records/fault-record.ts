import { z } from 'zod';
import { faults, type FaultClass, type FaultCode } from '../fault.ts';

const codes = Object.keys(faults).filter((code): code is FaultCode => code in faults);
const classes = [
  'template',
  'guest',
  'infra',
  'capacity',
  'timeout',
  'cancelled',
  'internal',
] as const satisfies readonly FaultClass[];

export const ProblemCode = z.enum(codes).meta({
  id: 'ProblemCode',
  description: 'Names one row of the table at `/problems`. Stable: scripts may rely on it.',
});

export const ProblemClass = z.enum(classes).meta({
  id: 'ProblemClass',
  description: 'Whose doing it was. Only `infra` is tried again by itself.',
});

/** A fault as the store keeps it and a client reads it. */
export const FaultRecord = z
  .object({
    code: ProblemCode,
    class: ProblemClass,
    title: z.string().meta({ description: 'The kind of fault in words.' }),
    message: z.string().meta({ description: 'What happened, and what to do.' }),
    step: z.string().optional().meta({ description: 'The step that ended with it.' }),
    expected: z.string().optional().meta({ description: 'What was waited for.' }),
    saw: z.string().optional().meta({ description: 'What came instead.' }),
    console_tail: z.string().optional().meta({ description: 'The last lines of the console.' }),
    screen: z.string().optional().meta({
      description:
        'What the display of the machine showed; or what a terminal would show of the console, where it is read so and shows something else.',
    }),
    facts: z.record(z.string(), z.unknown()).optional().meta({ description: 'What else is known, by kind of fault.' }),
    retryable: z.boolean().meta({ description: 'Whether the same build may do better another time.' }),
  })
  .meta({ id: 'BuildFault', description: 'Why a build, or a step of it, ended badly.' });
export type FaultRecord = Readonly<z.output<typeof FaultRecord>>;
