import type { UploadedPart, UploadHandle } from '../bucket/multipart-uploads.ts';

/**
 * What one machine remembers of the uploads into a bucket that it began or went on with: which ETag it was given for which bytes. It stands in where a store tells nothing of a part that could prove what
 * the part holds (ETags under keys of a KMS). Nothing of it is ever needed: what is lost is sent again. So nothing here fails; and nothing here is believed of a part but together with what the
 * store lists and what one's own bytes are.
 */
export interface UploadJournal {
  /** The notes on an upload, those of earlier processes of this machine among them. */
  open(upload: UploadHandle): Promise<UploadNotes>;
  /** Lets go of the notes on an upload that is over. */
  forget(upload: UploadHandle): Promise<void>;
  /** Keys of the uploads that there are notes on, for clean-up; whether they are still unfinished only the store knows. Anything may stand there. */
  listKeys(): Promise<readonly string[]>;
}

/** Notes on one upload. */
export interface UploadNotes {
  /** The SHA-256 of the bytes that this machine sent and was given this ETag for, as hex; undefined where nothing of it is noted. */
  sha256Of(part: UploadedPart): string | undefined;
  /** Notes a part whose sending was answered. */
  note(part: UploadedPart, sha256: string): Promise<void>;
}
