import { desktopBuilder } from './desktop.ts';
import { vmwareSettings } from './desktop-settings.ts';

// packer-plugin-vmware, builder/vmware/iso/config.hcl2spec.go: keys that the groups of desktop.ts do not have.
export const vmwareIso = desktopBuilder('VMware', vmwareSettings, [
  ...['guest_os_type', 'version', 'disk_adapter_type', 'disk_type_id', 'vmdk_name', 'cdrom_adapter_type'],
  ...['vmx_data_post', 'vmx_remove_ethernet_interfaces', 'vmx_template_path', 'vmx_disk_template_path'],
  ...[
    'tools_upload_flavor',
    'tools_upload_path',
    'tools_source_path',
    'tools_mode',
    'fusion_app_path',
    'snapshot_name',
  ],
  ...['network', 'network_adapter_type', 'network_name', 'sound', 'usb', 'serial', 'parallel', 'cores', 'display_name'],
  ...['remote_type', 'remote_host', 'remote_port', 'remote_username', 'remote_password', 'remote_private_key_file'],
  ...['remote_datastore', 'remote_cache_datastore', 'remote_cache_directory', 'remote_output_directory'],
  ...['skip_validate_credentials', 'skip_export', 'keep_registered', 'skip_compaction', 'ovftool_options'],
  ...['cleanup_remote_cache', 'iso_target_datastore', 'annotation', 'hardware_assisted_virtualization', 'vhv_enabled'],
]);
