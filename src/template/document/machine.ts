import { z } from 'zod';
import { bounds } from '../../base/bounds.ts';
import { macOf } from '../../base/machine/mac.ts';
import { icountOf, modelNameOf, rtcOf } from '../../base/machine/model-words.ts';
import { CdOfFiles, FloppyOfFiles } from './medium-of-files.ts';
import { judged, Size, strict, Words } from './words.ts';

const Reference = Words.min(1).max(bounds.pathCharacters);

const Remote = strict({
  urls: z
    .array(Words.min(1).max(bounds.urlCharacters))
    .min(1)
    .max(bounds.urls)
    .describe('where the file is to be had, over http or https: the first that has it is taken'),
  checksum: Words.min(1)
    .max(bounds.urlCharacters)
    .describe('`sha256:HEX`, or sha512, sha1, md5; or `file:URL` of a list such as SHA256SUMS'),
}).describe('a file that the host fetches, from hosts that its configuration names');

/** What a machine begins with. */
const Image = z.union([Reference, Remote], {
  error: 'is neither the name of a file nor an object with "urls" and "checksum"',
});
export type Image = z.output<typeof Image>;

const places =
  '`media:name/file`, `media:sha256:HEX`, `build:ID/artifact`, `build:latest:TEMPLATE/artifact`, a file of the context, or `urls` with a `checksum`';

const Disk = strict({
  size: Size.optional().describe('virtual size; with `base` it may be left out: the size of the base'),
  format: z.enum(['qcow2', 'raw']).default('qcow2').describe('format of the working disk; with `base` it is qcow2'),
  base: Image.optional().describe(`an image to begin with, which stays as it is: ${places}`),
});

const SeedText = z.union([
  Words,
  strict({ file: Reference.describe('a file, rendered: of the context or `media:name/file`') }),
]);

const CloudInit = strict({
  by: z
    .enum(['cdrom', 'smbios'])
    .default('cdrom')
    .describe("how cloud-init finds it: a CD labelled cidata, or the machine's endpoint, named by its serial number"),
  user_data: z
    .union([SeedText, z.record(z.string().max(200), z.unknown())])
    .optional()
    .describe("a text, a file, or an object of #cloud-config; default: lets the build's key in"),
  meta_data: SeedText.optional().describe(
    'default: the id of the build, and the name of the template as the host name',
  ),
  network_config: SeedText.optional().describe('default: DHCP, as cloud-init has it'),
  vendor_data: SeedText.optional().describe('what user_data goes before'),
}).describe('what cloud-init of a base image finds: a NoCloud seed, whose texts are rendered');

const word = (judge: (text: string) => unknown) => Words.max(200).check(judged(judge)).optional();

export const Model = strict({
  machine_type: word(modelNameOf).describe('as QEMU names it, such as `q35`'),
  accelerator: z.enum(['kvm', 'hvf', 'tcg', 'none']).optional().describe('default: the best that works on the host'),
  cpu_model: word(modelNameOf).describe('as QEMU names it, such as `qemu64`'),
  disk_interface: z.enum(['virtio', 'ide', 'scsi']).optional().describe('how the disks are attached'),
  net_device: word(modelNameOf).describe('network card, such as `virtio-net` or `e1000`'),
  icount: word(icountOf).describe('virtual time, such as `shift=9,sleep=off`'),
  rtc: word(rtcOf).describe('clock, such as `base=utc,clock=vm`'),
}).describe('the hardware model: what differs between guests; vmd has one model and takes none of these');

// Under QEMU's user network nothing larger than Ethernet's 1500 bytes arrives; IPv4 wants 576 (RFC 791, 3.1).
const Mtu = z.int().min(576).max(1500);

const Nic = strict({
  network: z
    .enum(['local', 'outgoing', 'switch'])
    .default('local')
    .describe(
      '`local`: the machine reaches its own endpoint and nothing else; `outgoing`: the network outside too; `switch`: what is on a switch of the host',
    ),
  switch: Words.min(1)
    .max(64)
    .optional()
    .describe("with `switch`: one of vm.conf(5)'s, as the configuration lists them; vmd alone has them"),
  mac: Words.max(200).check(judged(macOf)).optional().describe('default: the same for each slot; not under vmd'),
  mtu: Mtu.optional().describe('bytes, told to a virtio card; not under vmd'),
  model: word(modelNameOf).describe('network card, in place of `net_device` of the model'),
}).refine((nic) => (nic.network === 'switch') === (nic.switch !== undefined), {
  error: 'needs "network": "switch" and the name of the "switch" together',
});

export const Machine = strict({
  memory: Size.default('512M').describe('memory of the machine'),
  cpus: z.int().min(1).max(64).default(1).describe('processors; vmd gives one where its vmctl knows no -p'),
  disks: z.array(Disk).max(bounds.disks).default([]).describe('the disks, in the order in which the guest finds them'),
  nics: z
    .array(Nic)
    .max(bounds.nics)
    .default([{ network: 'local' }])
    .describe('network interfaces'),
  cdrom: Image.optional().describe('an ISO image: named as `base` is'),
  floppy: Image.optional().describe('a floppy image: named as `base` is'),
  cd_of_files: CdOfFiles.optional(),
  floppy_of_files: FloppyOfFiles.optional(),
  cloud_init: CloudInit.optional(),
  boot: strict({
    device: z
      .enum(['disk', 'cdrom', 'net', 'floppy'])
      .optional()
      .describe(
        'what the first boot is from; default: the cdrom, the floppy, the disk, whichever comes first, but the disk when it holds a system already. `net` goes with a kernel, as `vmctl start -B net -b kernel`',
      ),
    kernel: Image.optional().describe('a kernel to load directly at the first boot: named as `base` is'),
    initrd: Image.optional().describe('its initial ramdisk: likewise'),
    append: Words.max(4096).optional().describe("the kernel's command line"),
  })
    .default({})
    .describe('how the machine starts at first; after an installation it boots from its first disk'),
  model: Model.optional(),
  firmware: z
    .enum(['bios', 'uefi'])
    .default('bios')
    .describe('`uefi`: EDK2 (OVMF) of the host, without secure boot; QEMU alone has it'),
  display: z
    .enum(['none', 'vga'])
    .default('none')
    .describe('`vga`: the machine has a VGA and a keyboard, beside its serial line; QEMU alone has them'),
}).describe('the machine to build in');
