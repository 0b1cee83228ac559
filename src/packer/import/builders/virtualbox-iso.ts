import { desktopBuilder } from './desktop.ts';
import { virtualBoxSettings } from './desktop-settings.ts';

// packer-plugin-virtualbox, builder/virtualbox/iso/builder.hcl2spec.go: keys that the groups of desktop.ts do not have.
export const virtualboxIso = desktopBuilder('VirtualBox', virtualBoxSettings, [
  ...['guest_os_type', 'vboxmanage_post', 'virtualbox_version_file', 'export_opts', 'keep_registered'],
  ...['guest_additions_mode', 'guest_additions_path', 'guest_additions_url', 'guest_additions_sha256'],
  ...['guest_additions_interface', 'hard_drive_interface', 'hard_drive_discard', 'hard_drive_nonrotational'],
  ...['sata_port_count', 'nvme_port_count', 'iso_interface', 'bundle_iso', 'skip_export', 'output_filename'],
  ...['nested_virt', 'rtc_time_base', 'gfx_controller', 'gfx_vram_size', 'gfx_accelerate_3d', 'gfx_efi_resolution'],
  ...['audio_controller', 'sound', 'usb', 'chipset', 'nic_type', 'vrdp_bind_address', 'vrdp_port_min', 'vrdp_port_max'],
  ...['usb_controller', 'mouse', 'keyboard', 'ssh_listen_address', 'host_interfaces', 'vboxsf', 'cpuidset', 'tpm_type'],
]);
