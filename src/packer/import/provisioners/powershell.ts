import type { Rules } from '../keys.ts';
import { commonRules } from './kinds.ts';

const elevated = {
  refuse: 'there is no WinRM, and no other user: the script runs as the user that the build logs in as',
} as const;
const sent = { idle: 'scripts are sent as they are, and removed' } as const;

/** The keys of Packer's powershell, most of which are about Windows and WinRM (packer, provisioner/powershell). */
export const powershellRules = {
  ...commonRules,
  inline: 'read',
  script: 'read',
  scripts: 'read',
  env: 'read',
  environment_vars: 'read',
  valid_exit_codes: 'read',
  use_pwsh: 'read',
  execute_command: 'read',
  remote_path: 'read',
  remote_folder: 'read',
  elevated_user: elevated,
  elevated_password: elevated,
  elevated_execute_command: elevated,
  elevated_env_var_format: elevated,
  debug_mode: { refuse: 'write Set-PSDebug into the script' },
  execution_policy: { idle: 'pwsh has one on Windows alone' },
  env_var_format: { idle: 'values are given as they are' },
  remote_env_var_path: { idle: 'values are in no file of their own' },
  binary: sent,
  skip_clean: sent,
  start_retry_timeout: { idle: 'what the connection loses is sent again; "max_retries" and "timeout" say the rest' },
  pause_after: 'read',
} as const satisfies Rules;
