import type { CommandLine } from '../../test/peers/namespace.ts';
import type { PeerName } from '../../test/peers/peers.ts';
import type { MadeImage } from '../../src/bench/make-image.node.ts';

/** What a contestant finds when it is run, by the addresses of the client's side. */
export interface Stage {
  /** `HOST:PORT` of the store. */
  readonly store: string;
  /** `HOST:PORT` of the registry, which keeps its blobs in the same store. */
  readonly registry: string;
  readonly bucket: string;
  readonly image: MadeImage;
  /** The repository of this run, or the key's prefix. */
  readonly repository: string;
  /** A folder for what is pulled, empty before each run. */
  readonly outputFolder: string;
  /** The contestant's home: its environment says so. */
  readonly home: string;
  /** The `bucketry` that users install. */
  readonly bucketry: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** One who does a scenario's work. */
export interface Contestant {
  readonly name: string;
  /** How it is set, and what it does not do that others do. */
  readonly settings: string;
  readonly needs: readonly PeerName[];
  /** Programs that are no peers. */
  readonly programs?: readonly string[] | undefined;
  command(stage: Stage): CommandLine;
  /** Writes the files that its settings need into its home. */
  prepare?(home: string): Promise<void>;
}
