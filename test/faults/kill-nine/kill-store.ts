import type { StoredObject } from '../stored-objects.ts';

/** A part that a store has acknowledged. */
export interface KeptPart {
  readonly partNumber: number;
  readonly size: number;
}

/** A store that pushes are killed against. It is looked at by code that is not ours. */
export interface KillStore {
  readonly name: string;
  /** The bucket as the command line names it. */
  readonly place: string;
  /** What parts the bucket and a repository in a place. */
  readonly separator: '/' | '//';
  readonly environment: Readonly<Record<string, string>>;
  /**
   * How many of the parts that are acknowledged a kill may take from what the next push can know: none where the store tells what a part holds, else one for each connection, since the journal is
   * written after the answer.
   */
  readonly partsAtRisk: number;
  /** All that a reader sees. Throws where something cannot be read as it should. */
  readObjects(): Promise<readonly StoredObject[]>;
  /** The parts of each unfinished upload of a key. */
  readUploads(key: string): Promise<readonly (readonly KeptPart[])[]>;
  /** What lies there beside objects: temporary files, uploads under way, in words. */
  readLeftovers(): Promise<readonly string[]>;
  /** Makes room. */
  clear(): Promise<void>;
}
