/**
 * The providers for which boxes are made. What `box` has is what Vagrant takes the box for: vagrant-qemu has no form of its own
 * and reads libvirt's (its README, and `box_format` in its plugin.rb).
 */
export const providers = {
  libvirt: { box: 'libvirt' },
  qemu: { box: 'libvirt' },
  virtualbox: { box: 'virtualbox' },
} as const;

export type Provider = keyof typeof providers;

export const providerNames = ['libvirt', 'qemu', 'virtualbox'] as const satisfies readonly Provider[];
