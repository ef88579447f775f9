import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { RegistryError } from '../errors/registry-error.ts';

/** The user's configuration file. Whatever it names that is unknown is a mistake worth hearing of. */
export interface Configuration {
  /** The bucket of references without one, as a place: `s3://my-bucket`. */
  readonly bucket?: string | undefined;
}

const schema: v.GenericSchema<unknown, Configuration> = v.strictObject({ bucket: v.optional(v.pipe(v.string(), v.nonEmpty())) });

/** Where the configuration lies (XDG Base Directory Specification). */
function configurationPath(environment: Readonly<Record<string, string | undefined>>): string {
  return join(environment['XDG_CONFIG_HOME'] || join(homedir(), '.config'), 'bucketry', 'config.json');
}

/**
 * Reads the configuration; none is an empty one.
 * @throws RegistryError `input-invalid` where it cannot be read, `usage-invalid` where it says something that is not understood
 */
export async function readConfiguration(environment: Readonly<Record<string, string | undefined>>): Promise<Configuration> {
  const path = configurationPath(environment);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new RegistryError('input-invalid', `Cannot read the configuration "${path}"`, { cause: error });
  }
  const result = v.safeParse(schema, parseJson(text));
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw new RegistryError('usage-invalid', `Cannot read the configuration "${path}": ${explain(v.getDotPath(issue), issue.expected)}`, {
    hint: 'It looks like {"bucket": "s3://my-bucket"}.',
  });
}

function explain(member: string | null, expected: string | null): string {
  if (member === null) return 'it is no JSON object';
  return expected === 'never' ? `"${member}" is not known` : `"${member}" is not a text`;
}

/** Undefined, which fits no schema, where it is no JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
