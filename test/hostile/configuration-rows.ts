import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { toObjectKey } from '../../src/bucket/object-key.ts';
import { parseRepositoryName, parseTag } from '../../src/oci/repository-name.ts';
import { findPullEndpoints } from '../../src/remote/find-pull-endpoints.node.ts';
import { openRepository } from '../../src/registry/repository.ts';
import { bytesSource } from '../../src/streams/byte-source.ts';
import { copyImage } from '../../src/transfer/copy-image.ts';
import { createBucketTarget } from '../../src/transports/bucket-target.ts';
import { createImage } from '../faults/bad-images.ts';
import { createMemorySource } from '../images/memory-source.ts';
import type { HostileRow } from './hostile-row.ts';
import { hastyClock } from './lying-registry.ts';

/*
 * What tells bucketry how to go about it, and lies: the machine's files about registries, the bucket's own documents.
 */

/** A row of a file about registries, below `~/.config`. */
function fileRow(file: string, lie: string, code: HostileRow['code'], text: string): HostileRow {
  return {
    liar: 'configuration',
    lie: `${file.split('/').at(-1)}: ${lie}`,
    operation: 'find the mirrors of a registry',
    code,
    async run({ folder }) {
      const path = join(folder, file);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, text);
      await findPullEndpoints({ XDG_CONFIG_HOME: folder, HOME: folder }, 'registry.test', parseRepositoryName('team/app'));
    },
  };
}

const hosts = (lie: string, text: string): HostileRow => fileRow('containerd/certs.d/registry.test/hosts.toml', lie, 'input-invalid', text);
const registries = (lie: string, text: string, code: HostileRow['code'] = 'input-invalid'): HostileRow =>
  fileRow('containers/registries.conf', lie, code, text);

const files: readonly HostileRow[] = [
  hosts('no TOML', 'server = ['),
  hosts('lists nested 100,000 deep', `server = ${'['.repeat(100_000)}`),
  hosts('a server that is a number', 'server = 7'),
  hosts('a server that is a file', 'server = "file:///etc/passwd"'),
  hosts('a server that names a user', 'server = "https://ada:sesame@registry.test"'),
  hosts('a host that is no URL', '[host."http://[::bad"]'),
  hosts('capabilities that are a text', '[host."https://mirror.test"]\ncapabilities = "pull"'),
  hosts('a key that is said twice', 'server = "https://a.test"\nserver = "https://b.test"'),
  registries('no TOML', '[[registry]'),
  registries('a registry that is no table', 'registry = 7'),
  registries('a mirror without a location', '[[registry]]\nprefix = "registry.test"\n[[registry.mirror]]'),
  registries('a mirror that is no host', '[[registry]]\nprefix = "registry.test"\n[[registry.mirror]]\nlocation = "../evil"'),
  registries('a mirror whose name is none', '[[registry]]\nprefix = "registry.test"\nlocation = "mirror.test/UPPER"', 'name-invalid'),
  registries('a registry that is blocked', '[[registry]]\nprefix = "registry.test"\nblocked = true', 'registry-blocked'),
];

/** A row of a bucket in which a document lies when it is pushed to. */
function documentRow(key: string, lie: string, code: HostileRow['code'], text: string): HostileRow {
  return {
    liar: 'configuration',
    lie: `${key}: ${lie}`,
    operation: 'push into a bucket',
    code,
    prepare: ({ bucket }) => bucket.put(toObjectKey(key), bytesSource(new TextEncoder().encode(text))),
    async run({ bucket }) {
      const repository = openRepository(bucket, parseRepositoryName('team/app'), { clock: hastyClock });
      const { graph, root } = await createImage();
      const target = createBucketTarget(repository, { tag: parseTag('2.0'), location: 'memory:/team/app:2.0' });
      await copyImage(createMemorySource(graph, root), target);
    },
  };
}

const collection = '_bucketry/repositories/team/app/_collection';

const documents: readonly HostileRow[] = [
  documentRow('_bucketry/format', 'a version that is too new', 'format-too-new', '{"version":2}'),
  documentRow('_bucketry/format', 'a version of 1e99', 'format-invalid', '{"version":1e99}'),
  documentRow('_bucketry/format', 'rubbish', 'format-invalid', 'rubbish'),
  documentRow('_bucketry/format', 'a public URL that is a script', 'format-invalid', '{"version":1,"publicUrl":"javascript:0"}'),
  documentRow('_bucketry/format', 'a byte order mark', 'format-invalid', '\uFEFF{"version":1}'),
  documentRow('_bucketry/format', '64 MiB', 'manifest-too-large', ' '.repeat(2 ** 26)),
  documentRow(collection, 'rubbish', 'format-invalid', '['),
  documentRow(collection, 'a generation that is negative', 'format-invalid', '{"generation":-1}'),
  documentRow(
    collection,
    'a condemned digest that is none',
    'format-invalid',
    '{"generation":1,"running":{"durationMs":1,"condemned":["md5:1"]}}',
  ),
];

export const configurationRows: readonly HostileRow[] = [...files, ...documents];
