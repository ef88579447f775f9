import type { CommandLine } from '../../test/peers/namespace.ts';
import type { PeerName } from '../../test/peers/peers.ts';
import type { Package } from '../build-package.ts';
import type { Material } from '../materials/material.ts';

/** What a contestant finds when it is run, by the addresses of the client's side. */
export interface Stage {
  /** `HOST:PORT` of the store. */
  readonly store: string;
  /** `HOST:PORT` of the registry, which keeps its blobs in the same store. */
  readonly registry: string;
  readonly bucket: string;
  readonly image: Material;
  /** The repository of this run, or the key's prefix. */
  readonly repository: string;
  /** A folder for what is pulled, empty before each run. */
  readonly outputFolder: string;
  /** The contestant's home: its environment says so. */
  readonly home: string;
  /** Ours, as users install it and otherwise. */
  readonly built: Package;
  /** Docker's socket, for those that need the daemon; it has the image, as `loadedImage`. */
  readonly dockerSocket: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** What Docker calls the image that was loaded into it. */
export const loadedImage = 'bench/loaded:latest';

/** One who does a scenario's work. */
export interface Contestant {
  readonly name: string;
  /** How it is set, and what it does not do that others do. */
  readonly settings: string;
  readonly needs: readonly PeerName[];
  /** Programs that are no peers. */
  readonly programs?: readonly string[] | undefined;
  /** Ours, or of our making: plots show it so. */
  readonly isOwn?: boolean | undefined;
  command(stage: Stage): CommandLine;
  /** What must be done before each run and is not measured. */
  before?(stage: Stage): CommandLine;
  /** Writes the files that its settings need into its home. */
  prepare?(home: string): Promise<void>;
}
