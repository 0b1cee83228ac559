import { ok, warn } from '../answers.ts';
import type { HostCheck } from '../types.ts';

/** Whether guests run in hardware. The hypervisor has tried it with a guest of one sector. */
export const accelerators: HostCheck = {
  name: 'accelerators',
  ask: async ({ hypervisor, config }, signal) => {
    const { accelerators, notes } = await hypervisor.facts(signal);
    const [best = 'none'] = accelerators;
    const found = [`guests run under ${best}`, ...notes].join('. ');
    return best === 'tcg' && config.hypervisor.qemu.accelerator !== 'tcg'
      ? warn(`${found}${found.endsWith('.') ? '' : '.'} Without hardware acceleration builds are slow`)
      : ok(found);
  },
};
