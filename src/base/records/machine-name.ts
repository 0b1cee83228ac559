import { z } from 'zod';

/** A machine that is asked for by name. Builders of Packer have any names, so it is not `documentName`. */
export const MachineName = z.string('is no name of a machine').max(128, 'is longer than any name of a machine');
