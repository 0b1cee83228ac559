/** Functions of Packer that a server cannot have, each with what to do. The table of docs/from-packer-hcl.md is made of it. */
export const missing: Readonly<Record<string, string>> = {
  env: 'a build does not see the environment of a host: in the default of a variable it is empty, and the value is sent',
  vault: 'imaged asks no Vault: send the secret as the value of a sensitive variable',
  consul_key: 'imaged asks no Consul: send the value as that of a variable',
  aws_secretsmanager: 'imaged asks no AWS: send the secret as the value of a sensitive variable',
  aws_secretsmanager_raw: 'imaged asks no AWS: send the secret as the value of a sensitive variable',
  bcrypt: 'it would make another hash each time that the template is read: send the hash as the value of a variable',
  rsadecrypt: 'imaged holds no private keys of clients: send the secret as the value of a sensitive variable',
};

/** Functions of Terraform that Packer does not have, and what it has. */
export const elsewhere: Readonly<Record<string, string>> = {
  tostring: 'convert(..., string)',
  tonumber: 'convert(..., number)',
  tobool: 'convert(..., bool)',
  tolist: 'convert(..., list(string))',
  toset: 'convert(..., set(string))',
  tomap: 'convert(..., map(string))',
  uuid: 'uuidv4()',
};
