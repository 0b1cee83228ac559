/** The machine of a VirtualBox box, as an envelope of DSP0243 (OVF 1.0) that `VBoxManage import` reads. */

export type OvfMachine = {
  /** Letters, digits and `. _ -`. */
  readonly name: string;
  readonly memoryMb: number;
  readonly cpus: number;
  /** The files beside it, in the order of the machine's disks; `bytes` is each disk's size as the guest sees it. */
  readonly disks: readonly { readonly file: string; readonly fileBytes: number; readonly bytes: number }[];
};

const format = 'http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized';

/** Types of resources (CIM_ResourceAllocationSettingData). */
const resource = { cpu: 3, memory: 4, nic: 10, disk: 17, controller: 20 } as const;

const item = (id: number, type: number, caption: string, more: readonly string[] = []): string =>
  [
    '      <Item>',
    ...[...more, `<rasd:Caption>${caption}</rasd:Caption>`, `<rasd:ElementName>${caption}</rasd:ElementName>`]
      .concat(`<rasd:InstanceID>${id}</rasd:InstanceID>`, `<rasd:ResourceType>${type}</rasd:ResourceType>`)
      .map((line) => `        ${line}`),
    '      </Item>',
  ].join('\n');

const quantity = (value: number): string => `<rasd:VirtualQuantity>${value}</rasd:VirtualQuantity>`;

const controllerId = 3;

const hardwareOf = ({ cpus, memoryMb, disks }: OvfMachine): readonly string[] => [
  item(1, resource.cpu, `${cpus} virtual CPU`, [quantity(cpus)]),
  item(2, resource.memory, `${memoryMb} MB of memory`, [
    '<rasd:AllocationUnits>MegaBytes</rasd:AllocationUnits>',
    quantity(memoryMb),
  ]),
  item(controllerId, resource.controller, 'sataController0', [
    '<rasd:Address>0</rasd:Address>',
    '<rasd:ResourceSubType>AHCI</rasd:ResourceSubType>',
  ]),
  ...disks.map((_, index) =>
    item(10 + index, resource.disk, `disk${index}`, [
      `<rasd:AddressOnParent>${index}</rasd:AddressOnParent>`,
      `<rasd:HostResource>/disk/vmdisk${index}</rasd:HostResource>`,
      `<rasd:Parent>${controllerId}</rasd:Parent>`,
    ]),
  ),
  item(30, resource.nic, "Ethernet adapter on 'NAT'", [
    '<rasd:AutomaticAllocation>true</rasd:AutomaticAllocation>',
    '<rasd:Connection>NAT</rasd:Connection>',
    '<rasd:ResourceSubType>E1000</rasd:ResourceSubType>',
  ]),
];

/** The text of `box.ovf`. */
export const ovfOf = (machine: OvfMachine): string => {
  const { name, disks } = machine;
  const lines = [
    '<?xml version="1.0"?>',
    '<Envelope ovf:version="1.0" xml:lang="en-US" xmlns="http://schemas.dmtf.org/ovf/envelope/1"' +
      ' xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1"' +
      ' xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData"' +
      ' xmlns:vssd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_VirtualSystemSettingData"' +
      ' xmlns:vbox="http://www.virtualbox.org/ovf/machine">',
    '  <References>',
    ...disks.map(
      ({ file, fileBytes }, index) => `    <File ovf:href="${file}" ovf:id="file${index}" ovf:size="${fileBytes}"/>`,
    ),
    '  </References>',
    '  <DiskSection>',
    '    <Info>The disks of the machine</Info>',
    ...disks.map(
      ({ bytes }, index) =>
        `    <Disk ovf:capacity="${bytes}" ovf:diskId="vmdisk${index}" ovf:fileRef="file${index}" ovf:format="${format}"/>`,
    ),
    '  </DiskSection>',
    ...['  <NetworkSection>', '    <Info>The networks of the machine</Info>', '    <Network ovf:name="NAT">'],
    ...['      <Description>NAT</Description>', '    </Network>', '  </NetworkSection>'],
    ...[`  <VirtualSystem ovf:id="${name}">`, '    <Info>A virtual machine</Info>'],
    // What system it is, is not known: 1 is "Other" (CIM_OperatingSystem).
    ...['    <OperatingSystemSection ovf:id="1">', '      <Info>The kind of system</Info>'],
    ...['      <Description>Other</Description>', '      <vbox:OSType ovf:required="false">Other_64</vbox:OSType>'],
    ...[
      '    </OperatingSystemSection>',
      '    <VirtualHardwareSection>',
      '      <Info>The hardware of the machine</Info>',
    ],
    ...['      <System>', '        <vssd:ElementName>Virtual Hardware Family</vssd:ElementName>'],
    ...['        <vssd:InstanceID>0</vssd:InstanceID>', `        <vssd:VirtualSystemIdentifier>${name}</vssd:VirtualSystemIdentifier>`], // prettier-ignore
    ...['        <vssd:VirtualSystemType>virtualbox-2.2</vssd:VirtualSystemType>', '      </System>'],
    ...hardwareOf(machine),
    ...['    </VirtualHardwareSection>', '  </VirtualSystem>', '</Envelope>', ''],
  ];
  return lines.join('\n');
};
