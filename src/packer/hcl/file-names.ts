/** Files of HCL2 by their names, as Packer tells them apart: in the native syntax, or in HCL's JSON syntax. */

export const isJsonFile = (name: string): boolean => name.endsWith('.json');

export const isTemplateFile = (name: string): boolean => /\.pkr\.(?:hcl|json)$/.test(name);

/** Whether a file holds values of variables. */
export const isValuesFile = (name: string): boolean => /\.pkrvars\.(?:hcl|json)$/.test(name);

/** Whether a file of values is read without being asked for. */
export const isAutoValuesFile = (name: string): boolean => isValuesFile(name) && /\.auto\.\w+\.\w+$/.test(name);
