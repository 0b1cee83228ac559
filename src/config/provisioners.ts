import { z } from 'zod';
import { AbsolutePath } from '../base/units.ts';

/** The table [provisioners]: what of a template may run on the host itself. */
export const Provisioners = z
  .strictObject({
    shell_local: z
      .boolean()
      .default(false)
      .describe(
        'Whether templates may run scripts on this host, by "shell-local", as a provisioner or as a post-processor.',
      ),
    ansible: z
      .boolean()
      .default(false)
      .describe(
        'Whether templates may run playbooks on this host, by the provisioner "ansible": they may hold any program.',
      ),
    ansible_galaxy: z
      .boolean()
      .default(false)
      .describe(
        'Whether "galaxy_file" of such a playbook may have ansible-galaxy(1) fetch roles and collections, from wherever it says.',
      ),
    ansible_playbook: AbsolutePath.default('/usr/bin/ansible-playbook').describe(
      'The ansible-playbook(1) program; ansible-galaxy(1) is beside it.',
    ),
  })
  .prefault({});
