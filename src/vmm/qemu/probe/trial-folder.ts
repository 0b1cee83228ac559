import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';

/** What is tried out on a host before machines use it: an accelerator, and a network that reaches the outside. */
export type Trial = 'probe' | 'network';

/** A folder for a trial below run_dir. It is removed after it; the daemon's next start looks for those that a kill left. */
export const makeTrialFolder = (runDir: string, trial: Trial): Promise<string> => mkdtemp(join(runDir, `${trial}-`));

/** Whether a name in run_dir is that of such a folder. Its programs are found as those of a machine of that name. */
export const isTrial = (name: string): boolean => /^(probe|network)-[A-Za-z0-9]{6}$/.test(name);
