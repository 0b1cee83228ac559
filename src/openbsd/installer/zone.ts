import { withoutEnd } from '../../base/pattern/without-end.ts';
import { nearest, quoted } from '../../base/text/nearest.ts';
import { isZone, zoneFolders, zoneNames } from '../zones.ts';
import type { InstallerFacts } from './facts.ts';
import type { Reply, Talk } from './talk.ts';

const question = "What timezone are you in? ('?' for list)";
const subQuestion = (zone: string) => `What sub-timezone of '${zone}' are you in? ('?' for list)`;

// America/Argentina/Salta is the deepest.
const mostDepth = 3;

const refuseZone = (zone: string, reply: Reply, talk: Talk) => {
  const near = nearest(zone, zoneNames());
  const hint = near === undefined ? 'write it as "UTC" or "Europe/Paris"' : `did you mean ${quoted(near)}?`;
  talk.refuse(reply, `${quoted(zone)} is not a time zone: ${hint}`);
};

/**
 * Asked early when openbsd.org's list of mirrors gave a hint, else when the sets are there; of a folder, the zone in it
 * is asked for (install.sub, `set_timezone`).
 */
export const askZone = (talk: Talk, { outside }: InstallerFacts): void => {
  let reply = talk.ask(question, outside ? 'UTC' : undefined);
  if (reply.answer === undefined) return;
  let zone = withoutEnd(reply.value, '/');
  for (let depth = 0; zoneFolders.has(zone) && depth < mostDepth; depth++) {
    reply = talk.ask(subQuestion(zone));
    zone = `${zone}/${withoutEnd(reply.value, '/')}`;
  }
  if (reply.isOpen) talk.doubt();
  if (!reply.isSure) return;
  if (zone === reply.value) talk.skip(`when the time zone is ${quoted(zone)}`, subQuestion('X'));
  if (!isZone(zone)) refuseZone(zone, reply, talk);
};
