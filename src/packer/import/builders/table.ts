import type { BuilderKind } from '../builder.ts';
import { openbsdVmm } from './openbsd-vmm.ts';
import { parallelsIso } from './parallels-iso.ts';
import { qemu } from './qemu.ts';
import { virtualboxIso } from './virtualbox-iso.ts';
import { vmwareIso } from './vmware-iso.ts';

/** Every type of builder that is translated. */
export const builderKinds: Readonly<Record<string, BuilderKind>> = {
  'openbsd-vmm': openbsdVmm,
  qemu,
  'virtualbox-iso': virtualboxIso,
  'vmware-iso': vmwareIso,
  'parallels-iso': parallelsIso,
};

/** Types of Packer's plugins for clouds and for hypervisors that no machine of this host stands in for. */
export const foreignBuilders: readonly string[] = [
  ...['amazon-chroot', 'amazon-ebs', 'amazon-ebssurrogate', 'amazon-ebsvolume', 'amazon-instance', 'alicloud-ecs'],
  ...['azure-arm', 'azure-chroot', 'azure-dtl', 'cloudstack', 'digitalocean', 'docker', 'file', 'googlecompute'],
  ...['hcloud', 'hyperv-iso', 'hyperv-vmcx', 'ibmcloud-vpc', 'linode', 'lxc', 'lxd', 'ncloud', 'null', 'openstack'],
  ...[
    'oracle-classic',
    'oracle-oci',
    'outscale-bsu',
    'parallels-ipsw',
    'parallels-macvm',
    'parallels-pvm',
    'profitbricks',
  ],
  ...['proxmox', 'proxmox-clone', 'proxmox-iso', 'scaleway', 'tencentcloud-cvm', 'triton', 'ucloud-uhost', 'upcloud'],
  ...['utm-iso', 'vagrant', 'virtualbox-ovf', 'virtualbox-vm', 'vmware-vmx', 'vsphere-clone', 'vsphere-iso', 'vultr'],
  ...['xenserver-iso', 'yandex'],
];
