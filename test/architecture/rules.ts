/** Who may import whom: DESIGN's table as data. `docs/decisions/` says why where this departs from the first cut. */
export interface FolderRule {
  /** Folders of `src/` (beside its own) that a folder's files may import; `*`: all. */
  readonly folders: readonly string[] | '*';
  /** Packages from npm that it may import. */
  readonly packages?: readonly string[];
}

export const folderRules: Readonly<Record<string, FolderRule>> = {
  errors: { folders: [] },
  oci: { folders: ['errors'], packages: ['valibot'] },
  streams: { folders: ['errors'] },
  http: { folders: ['errors', 'streams'] },
  parallel: { folders: ['errors', 'streams'] },
  archive: { folders: ['errors', 'streams'] },
  packing: { folders: ['errors', 'oci', 'streams'] },
  bucket: { folders: ['errors', 'streams', 'http'], packages: ['@rgrove/parse-xml', '@aws-sdk/credential-provider-node'] },
  layout: { folders: ['errors', 'oci', 'bucket'], packages: ['valibot'] },
  registry: { folders: ['errors', 'oci', 'streams', 'parallel', 'layout', 'bucket'] },
  remote: { folders: ['errors', 'oci', 'streams', 'http'], packages: ['valibot', 'smol-toml'] },
  transfer: { folders: ['errors', 'oci', 'streams'] },
  mirror: { folders: ['errors', 'oci', 'streams', 'transfer'], packages: ['semver', 'valibot', 'yaml'] },
  transports: {
    folders: ['errors', 'oci', 'streams', 'http', 'parallel', 'archive', 'bucket', 'layout', 'registry', 'remote', 'transfer'],
    packages: ['valibot'],
  },
  doctor: { folders: ['errors', 'oci', 'streams', 'http', 'layout', 'bucket'] },
  server: { folders: ['errors', 'oci', 'streams', 'layout', 'registry', 'bucket'] },
  telemetry: { folders: ['errors', 'streams', 'http'] },
  bench: { folders: ['errors', 'oci', 'streams', 'archive', 'bucket', 'layout', 'registry', 'remote'] },
  runtime: { folders: '*', packages: ['valibot'] },
  cli: { folders: '*', packages: ['log-update'] },
};

/** Of `bucket/`, these files are its ports: what every folder but `bucket`, `runtime` and `cli` is allowed of it. */
export const bucketPorts: readonly string[] = ['bucket.ts', 'bucket-admin.ts', 'multipart-uploads.ts', 'object-key.ts', 'write-options.ts'];

/** Folders whose files may import another folder's `*.node.ts`, and that no neutral runtime loads. */
export const nodeFolders: readonly string[] = ['cli', 'runtime'];

/** Folders where an HTTP status code may stand. */
export const statusFolders: readonly string[] = ['http', 'bucket/s3', 'remote', 'server', 'doctor', 'telemetry'];

/** Folders that speak the registry's own URLs (`/v2/…`), which look like keys and are none. */
export const registryUrlFolders: readonly string[] = ['layout', 'remote'];

/** What only `layout/` writes down: pieces of keys. Prose may name them; a literal that is, or is joined to, a key may not. */
export const keyPieces: readonly RegExp[] = [
  /(^|\/)v2\//,
  /\/(blobs|manifests|referrers)\/$/,
  /\/(blobs|manifests|referrers)\/(sha256|sha512)/,
  /(^|\/)tags\/list$/,
  /(^|\/)_catalog$/,
  /_bucketry\//,
];
