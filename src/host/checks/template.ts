import { ok } from '../answers.ts';
import { judgeTemplate } from '../judge-template.ts';
import type { HostCheck } from '../types.ts';

/** Whether vm.conf has the VM that machines are instances of, with all that an instance may choose for itself. */
export const template: HostCheck = {
  name: 'template',
  ask: (asked, signal) =>
    judgeTemplate(asked, signal, {
      name: asked.config.hypervisor.vmd.template,
      permissions: ['boot', 'cdrom', 'disk', 'interface', 'memory'],
      refusals: { instance: 'instances of instances are broken in vmd' },
      takesGroup: false,
    }),
};

/** The same for machines that reach the outside: they inherit the interface, and with it the group that pf goes by. */
export const outgoingTemplate: HostCheck = {
  name: 'outgoing-template',
  ask: async (asked, signal) =>
    asked.config.hypervisor.allow_outgoing
      ? judgeTemplate(asked, signal, {
          name: asked.config.hypervisor.vmd.outgoing_template,
          permissions: ['boot', 'cdrom', 'disk', 'memory'],
          refusals: {
            instance: 'instances of instances are broken in vmd',
            interface: 'an instance could drop the interface whose group pf goes by',
          },
          takesGroup: true,
        })
      : ok('is not needed: allow_outgoing is off'),
};
