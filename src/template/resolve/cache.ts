import { dayMs } from '../../base/records/day.ts';
import { durationOf } from '../../base/units.ts';
import type { Template } from '../document/template.ts';
import type { Spec } from '../spec.ts';
import type { Fields } from './fields.ts';

/** What comes from the network outside may be another tomorrow. */
export const resolveCache = ({ cache, machine }: Template, fields: Fields): Spec['cache'] => {
  const { mode, memory, max_age: asked } = cache;
  const isLocal = machine.nics.every(({ network }) => network === 'local');
  const maxAgeMs =
    asked === undefined
      ? isLocal
        ? undefined
        : dayMs
      : fields.made('/cache/max_age', asked, 1, (time) => durationOf(time));
  return { mode, memory, ...(maxAgeMs === undefined ? {} : { maxAgeMs }) };
};
