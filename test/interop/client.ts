import type { PeerName } from '../peers/peers.ts';
import type { Place } from './place.ts';

/** One thing asked of a client at a place. Rejects with a `Refusal` where the client could not do it, and with another error where the test itself is broken. */
export type Way = (place: Place) => Promise<void>;

/** A client that was started once and is asked many things. */
export interface ClientSession {
  /** By the name of their row. */
  readonly ways: Readonly<Record<string, Way>>;
  /** Pulls a whole image by tag and does nothing else, so that its requests can be looked at. */
  readonly pull: Way;
  close(): Promise<void>;
}

/** A row group of the matrix. */
export interface Client {
  /** Its name and what it does, as a heading. */
  readonly title: string;
  /** What must be installed; nothing for our own. */
  readonly peers: readonly PeerName[];
  /** @param hosts `HOST:PORT` of each place, for a client that must be told beforehand which ones speak plain HTTP */
  open(hosts: readonly string[]): Promise<ClientSession>;
}
