import { createHash } from 'node:crypto';
import { get } from 'node:http';

/*
 * A container client in fifty lines: GETs without credentials at the bucket's own host, as the distribution specification words them, each digest checked. It knows nothing of our format beyond /v2/.
 */

/** A public bucket at the root of a host name, at an address where that name need not be known. */
export interface PublicHost {
  readonly port: number;
  readonly host: string;
}

interface Named {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

/** Pulls an image whole, by tag. @returns the digest of its manifest */
export async function pullAnonymously(at: PublicHost, repository: string, tag: string): Promise<string> {
  const bytes = await fetchBytes(at, `/v2/${repository}/manifests/${tag}`);
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  await pullBelow(at, repository, bytes);
  if (!(await fetchVerified(at, `/v2/${repository}/manifests/${digest}`, { digest, size: bytes.length })).equals(bytes))
    throw new Error(`${digest} changed`);
  return digest;
}

/** The tags of a repository, as its list says. */
export async function listTags(at: PublicHost, repository: string): Promise<readonly string[]> {
  const list = JSON.parse((await fetchBytes(at, `/v2/${repository}/tags/list`)).toString()) as {
    readonly name: string;
    readonly tags: readonly string[];
  };
  if (list.name !== repository) throw new Error(`the list of "${repository}" is that of "${list.name}"`);
  return list.tags;
}

async function pullBelow(at: PublicHost, repository: string, manifest: Buffer): Promise<void> {
  const body = JSON.parse(manifest.toString()) as { config?: Named; layers?: readonly Named[]; manifests?: readonly Named[] };
  for (const child of body.manifests ?? []) {
    await pullBelow(at, repository, await fetchVerified(at, `/v2/${repository}/manifests/${child.digest}`, child));
  }
  for (const blob of [...(body.config ? [body.config] : []), ...(body.layers ?? [])]) {
    await fetchVerified(at, `/v2/${repository}/blobs/${blob.digest}`, blob);
  }
}

async function fetchVerified(at: PublicHost, path: string, { digest, size }: Pick<Named, 'digest' | 'size'>): Promise<Buffer> {
  const bytes = await fetchBytes(at, path);
  const found = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  if (found !== digest || bytes.length !== size) throw new Error(`GET ${path}: ${found} of ${bytes.length} bytes, wanted ${size}`);
  return bytes;
}

async function fetchBytes({ port, host }: PublicHost, path: string): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  get({ host: '127.0.0.1', port, path, headers: { host } }, (answer) => {
    const chunks: Buffer[] = [];
    answer.on('data', (chunk: Buffer) => chunks.push(chunk));
    answer.on('error', reject);
    answer.on('end', () =>
      answer.statusCode === 200 ? resolve(Buffer.concat(chunks)) : reject(new Error(`GET ${path}: ${answer.statusCode}`)),
    );
  }).on('error', reject);
  return promise;
}
