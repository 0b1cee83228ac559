import { createHash } from 'node:crypto';
import type { Provider } from './providers.ts';

/**
 * The address that VirtualBox gives the first card of each machine that is made of the box, which has to be the same each time
 * for systems that name their cards by it: VirtualBox's prefix, and three bytes of the name's digest.
 */
const macOf = (name: string): string => {
  const digest = createHash('sha256').update(name).digest('hex');
  return `080027${digest.slice(0, 6)}`.toUpperCase();
};

// One box serves both: Vagrant passes over the block of a provider that it does not run.
const forLibvirt: readonly string[] = [
  ...['  config.vm.provider :libvirt do |libvirt|', '    libvirt.driver = "kvm"', '  end'],
  ...['  config.vm.provider :qemu do |qemu|', '    qemu.arch = "x86_64"', '    qemu.machine = "q35"'],
  ...['    qemu.cpu = "max"', '    qemu.net_device = "virtio-net-pci"', '  end'],
];

/** The Vagrantfile of a box: what its provider needs, and behind it the template's own, which so has the last word. */
export const vagrantfileOf = (provider: Provider, name: string, own: string | undefined): string =>
  [
    ...['# -*- mode: ruby -*-', '# vi: set ft=ruby :', '', 'Vagrant.configure("2") do |config|'],
    ...(provider === 'virtualbox' ? [`  config.vm.base_mac = "${macOf(name)}"`] : forLibvirt),
    ...['end', ''],
    ...(own === undefined ? [] : ['# What the template of the build adds.', own.trimEnd(), '']),
  ].join('\n');
