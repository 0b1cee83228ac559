import { fail, ok, warn } from '../answers.ts';
import { contains, guestNetwork } from '../networks.ts';
import { isPfOff, readPfRules, type PfRule } from '../pf-rules.ts';
import type { HostAnswer, HostCheck } from '../types.ts';

const show = 'imaged check --fix-print, which prints the rules; then pfctl -f /etc/pf.conf';

const isHttp = ({ port }: PfRule): boolean => ['80', 'www', 'http'].includes(port ?? '');
const isDns = ({ port }: PfRule): boolean => ['53', 'domain'].includes(port ?? '');

/** What is wrong with a rule that sends requests for port 80 elsewhere; undefined when it does what it should. */
const troubleOf = ({ text, to, rdr }: PfRule, port: number): HostAnswer | undefined => {
  if (to === undefined)
    return fail(
      `this rule of pf has no destination, so it also takes what guests fetch over http from mirrors: ${text}`,
      `put "to ${guestNetwork}" before "port 80", then pfctl -f /etc/pf.conf`,
    );
  if (rdr?.port !== String(port))
    return fail(`this rule of pf does not lead to the endpoint port ${port}: ${text}`, show);
  if (rdr.to !== '127.0.0.1' && !(rdr.keepsHost && rdr.to === guestNetwork))
    return fail(`this rule of pf leads neither to 127.0.0.1 nor to the address that was asked: ${text}`, show);
  return contains(guestNetwork, to)
    ? undefined
    : warn(`it cannot be told whether this rule of pf covers ${guestNetwork} alone: ${text}`, show);
};

/** Whether pf leads guests to their endpoint and, where that is allowed, to the outside; see openbsd/pf.conf. */
export const pf: HostCheck = {
  name: 'pf',
  ask: async ({ host, config }, signal) => {
    const { vmd, allow_outgoing: isOutgoing } = config.hypervisor;
    const port = vmd.endpoint_port;
    if (await isPfOff(host, signal))
      return fail('pf is off, and leads no guest to its endpoint', 'rcctl enable pf && pfctl -e');
    const rules = await readPfRules(host, signal);
    if (rules === undefined)
      return warn('what pf does cannot be told: /etc/pf.conf may not be read', 'run "imaged check" as root');
    const toEndpoint = rules.filter((rule) => rule.rdr !== undefined && isHttp(rule));
    if (toEndpoint.length === 0)
      return fail('pf leads no guest to its endpoint: no rule redirects port 80 of its address', show);
    const [trouble] = toEndpoint.map((rule) => troubleOf(rule, port)).filter((found) => found !== undefined);
    if (trouble !== undefined) return trouble;
    if (!isOutgoing) return ok(`pf leads guests to port ${port}`);
    if (!rules.some(({ isNat }) => isNat))
      return warn('pf has no rule with nat-to, and machines with outgoing network will reach nothing', show);
    if (!rules.some((rule) => rule.rdr !== undefined && isDns(rule)))
      return warn(
        'pf redirects no DNS (port 53), and a guest asks the host end of its tap, where no name server answers',
        show,
      );
    return ok(`pf leads guests to port ${port}, and outgoing ones to the outside`);
  },
};
