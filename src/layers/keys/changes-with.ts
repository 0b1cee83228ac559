import type { ProvisionerType } from '../../provisioners/table.ts';

/**
 * What may change what each kind of provisioner makes, of which no key knows: programs of this host, a host program whose result
 * `max_age` lets be kept, or people. Every kind says so: one that was forgotten would be taken from a layer for ever.
 */
export const changesWith: Readonly<Record<ProvisionerType, 'host' | 'host unless aged' | 'people' | 'nothing'>> = {
  'shell-local': 'host',
  ansible: 'host unless aged',
  breakpoint: 'people',
  shell: 'nothing',
  console: 'nothing',
  file: 'nothing',
  powershell: 'nothing',
  reboot: 'nothing',
  cloudify: 'nothing',
  'ansible-local': 'nothing',
  'puppet-masterless': 'nothing',
  'puppet-server': 'nothing',
  'salt-masterless': 'nothing',
  'chef-solo': 'nothing',
  'chef-client': 'nothing',
  inspec: 'nothing',
  converge: 'nothing',
  'windows-restart': 'nothing',
};
