import type { PeerName } from '../peers/peers.ts';
import type { Place } from './place.ts';

/** One thing asked of a client at a place. Rejects with a `Refusal` where the client could not do it, and with another error where the test itself is broken. */
export type Way = (place: Place) => Promise<void>;

/** A client that was started once and is asked many things. */
export interface ClientSession {
  /** By the name of their row, in the order in which they are asked: `BY_TAG` first, whose requests are looked at. */
  readonly ways: Readonly<Record<string, Way>>;
  close(): Promise<void>;
}

/** A row group of the matrix. */
export interface Client {
  /** Its name and what it does, as a heading. */
  readonly title: string;
  /** What must be installed, and says its version; none for our own. */
  readonly peer: PeerName | undefined;
  /** @param hosts `HOST:PORT` of each place, for a client that must be told beforehand which ones speak plain HTTP */
  open(hosts: readonly string[]): Promise<ClientSession>;
}
