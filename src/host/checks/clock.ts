import { ok, warn } from '../answers.ts';
import { ifInstalled } from '../ask-program.ts';
import type { HostAnswer, HostAsked, HostCheck } from '../types.ts';

const adrift = 'a clock that is wrong makes certificates, signatures and times of builds wrong';

/** What a program says of the clock; undefined when it is not there or has nothing to say. */
const said = async ({ host }: HostAsked, program: string, args: readonly string[], signal: AbortSignal) => {
  const ran = await ifInstalled(host.run(program, args, signal));
  return ran?.exitCode === 0 ? ran.stdout.trim() : undefined;
};

const judge = (isSynced: boolean, words: string, fix: string): HostAnswer =>
  isSynced ? ok(words) : warn(`${words}; ${adrift}`, fix);

/** Whether the clock is kept right: by ntpd(8) on OpenBSD, elsewhere by whichever of the usual programs is there. */
export const clock: HostCheck = {
  name: 'clock',
  ask: async (asked, signal) => {
    const ntpd = await said(asked, 'ntpctl', ['-s', 'status'], signal);
    if (ntpd !== undefined)
      return judge(/\bclock synced\b/.test(ntpd), ntpd.replaceAll('\n', ', '), 'rcctl enable ntpd && rcctl start ntpd');
    if (asked.host.platform === 'openbsd')
      return warn(`ntpd does not answer; ${adrift}`, 'rcctl enable ntpd && rcctl start ntpd');
    const systemd = await said(asked, 'timedatectl', ['show', '-p', 'NTPSynchronized', '--value'], signal);
    if (systemd === 'yes' || systemd === 'no')
      return judge(
        systemd === 'yes',
        `the clock is${systemd === 'yes' ? '' : ' not'} synchronized`,
        'timedatectl set-ntp true',
      );
    const chrony = await said(asked, 'chronyc', ['-n', 'tracking'], signal);
    if (chrony !== undefined)
      return judge(/^Leap status\s*: Normal/m.test(chrony), 'chrony keeps the clock, or tries to', 'chronyc makestep');
    return warn(`no program here keeps the clock: ntpctl, timedatectl and chronyc are silent; ${adrift}`);
  },
};
