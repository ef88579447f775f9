import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { getCACertificates } from 'node:tls';
import { RegistryError } from '../errors/registry-error.ts';

const block = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g;

/**
 * The authorities to trust: those that Node trusts, and those of some files besides.
 * @throws RegistryError `input-missing`, `input-invalid`
 */
export async function readAuthorities(paths: readonly string[]): Promise<readonly string[]> {
  const added = await Promise.all(paths.map(readCertificates));
  return [...getCACertificates('default'), ...added.flat()];
}

/** The certificates of a PEM file, each known to be one: Node would pass over what it cannot read without a word. */
async function readCertificates(path: string): Promise<readonly string[]> {
  const certificates = (await readPem(path)).match(block) ?? [];
  try {
    for (const certificate of certificates) void new X509Certificate(certificate);
  } catch (error) {
    throw new RegistryError('input-invalid', `Cannot read the certificates in "${path}": one of them is damaged`, { cause: error });
  }
  if (certificates.length > 0) return certificates;
  throw new RegistryError('input-invalid', `Cannot read the certificates in "${path}": wanted PEM, "-----BEGIN CERTIFICATE-----"`);
}

/** A file of certificates or a key. @throws RegistryError `input-missing`, `input-invalid` */
export async function readPem(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    throw new RegistryError(isMissing ? 'input-missing' : 'input-invalid', `Cannot read the certificates in "${path}"`, { cause: error });
  }
}
