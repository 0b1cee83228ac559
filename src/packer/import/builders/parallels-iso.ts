import { desktopBuilder } from './desktop.ts';
import { parallelsSettings } from './desktop-settings.ts';

// packer-plugin-parallels, builder/parallels/iso/builder.hcl2spec.go: keys that the groups of desktop.ts do not have.
export const parallelsIso = desktopBuilder('Parallels', parallelsSettings, [
  ...['guest_os_type', 'parallels_tools_flavor', 'parallels_tools_mode', 'parallels_tools_guest_path'],
  ...['prlctl_post', 'prlctl_version_file', 'hard_drive_interface', 'disk_type', 'skip_compaction'],
  ...['host_interfaces', 'startup_view', 'on_window_close', 'sound', 'usb', 'adaptive_hypervisor'],
]);
