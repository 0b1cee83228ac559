/**
 * A boot sector that is a whole guest: it asks the firmware for the disk's parameters (EDD, which boot loaders and
 * Linux do), enters 64-bit mode with paging as a kernel does, counts to fifty million there, says `probeWord` on the
 * serial line, and powers off. Broken accelerators stop or crawl at one of these: one was seen that gets through the
 * firmware and then interprets the kernel's mode a thousand times too slowly. TCG is done in 0.2 s, a sound KVM sooner.
 */

export const probeWord = 'imaged';

/** Loaded at 0x7c00 in real mode, with the number of the drive in DL. */
const instructions: readonly (readonly [hex: string, meaning: string])[] = [
  ['fa', 'cli'],
  ['fc', 'cld'],
  ['31c0', 'xor ax, ax'],
  ['8ed8', 'mov ds, ax'],
  ['8ec0', 'mov es, ax'],
  ['8ed0', 'mov ss, ax'],
  ['bc007c', 'mov sp, 0x7c00'],
  ['b441', 'mov ah, 0x41              ; EDD: are there extensions?'],
  ['bbaa55', 'mov bx, 0x55aa'],
  ['cd13', 'int 0x13'],
  ['b448', "mov ah, 0x48              ; EDD: the drive's parameters"],
  ['be0050', 'mov si, 0x5000'],
  ['c7044200', 'mov word [si], 0x42'],
  ['cd13', 'int 0x13'],
  ['0f829500', 'jc dead'],
  ['bf0010', 'mov di, 0x1000            ; three empty page tables'],
  ['b90018', 'mov cx, 0x1800'],
  ['31c0', 'xor ax, ax'],
  ['f3ab', 'rep stosw'],
  ['c70600100320', 'mov word [0x1000], 0x2003 ; level 4 -> level 3, present and writable'],
  ['c70600200330', 'mov word [0x2000], 0x3003 ; level 3 -> level 2'],
  ['c70600308300', 'mov word [0x3000], 0x0083 ; level 2 -> the first 2 MiB'],
  ['66b800100000', 'mov eax, 0x1000'],
  ['0f22d8', 'mov cr3, eax'],
  ['66b820000000', 'mov eax, 0x20             ; physical address extension'],
  ['0f22e0', 'mov cr4, eax'],
  ['66b9800000c0', 'mov ecx, 0xc0000080       ; EFER'],
  ['0f32', 'rdmsr'],
  ['0d0001', 'or ax, 0x100              ; long mode'],
  ['0f30', 'wrmsr'],
  ['0f01168c7c', 'lgdt [gdtr]'],
  ['0f20c0', 'mov eax, cr0'],
  ['660d01000080', 'or eax, 0x80000001        ; paging and protection at once'],
  ['0f22c0', 'mov cr0, eax'],
  ['ea927c0800', 'jmp 0x08:long'],
  ['0000000000000000', 'gdt: nothing'],
  ['00000000009a2000', '     64-bit code'],
  ['0000000000920000', '     data'],
  ['1700747c0000', 'gdtr: 24 bytes at gdt'],
  ['b980f0fa02', 'long: mov ecx, 50000000'],
  ['ffc9', 'again: dec ecx'],
  ['75fc', 'jnz again'],
  ['bebb7c0000', 'mov esi, word'],
  ['baf8030000', 'mov edx, 0x3f8            ; the serial line'],
  ['b906000000', 'mov ecx, 6'],
  ['f36e', 'rep outsb'],
  ['ba04060000', 'mov edx, 0x604            ; PM1a control of both machine types'],
  ['b800200000', 'mov eax, 0x2000           ; sleep now: soft off'],
  ['66ef', 'out dx, ax'],
  ['f4', 'dead: hlt'],
  ['ebfd', 'jmp dead'],
];

/** A raw disk image: SeaBIOS does not boot from one of a single sector. */
export const probeImage = (): Buffer => {
  const code = Buffer.from(instructions.map(([hex]) => hex).join(''), 'hex');
  const image = Buffer.alloc(1024 * 1024);
  code.copy(image);
  image.write(probeWord, code.length, 'latin1');
  image.writeUInt16LE(0xaa55, 510);
  return image;
};
