import { type ByteSource, bytesSource } from '../../streams/byte-source.ts';
import { digestHex } from '../../streams/hasher.ts';
import { hexToBase64 } from './base64.ts';
import type { XmlFragment } from './s3-xml.ts';

/** A document as the body of a request. */
export interface DocumentBody {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: ByteSource;
  readonly sha256: string;
}

/** A document whose digest stands in the signature. */
export function plainDocument({ xml }: XmlFragment): DocumentBody {
  return createDocument(new TextEncoder().encode(xml), 'application/xml');
}

/** A document, or the JSON of a policy, with every digest that one store or another insists on: Content-MD5 the older ones, a checksum AWS. */
export function checkedDocument(document: XmlFragment | { readonly json: string }): DocumentBody {
  const bytes = new TextEncoder().encode('xml' in document ? document.xml : document.json);
  const plain = createDocument(bytes, 'xml' in document ? 'application/xml' : 'application/json');
  const digests = { 'content-md5': hexToBase64(digestHex('md5', bytes)), 'x-amz-checksum-sha256': hexToBase64(plain.sha256) };
  return { ...plain, headers: { ...plain.headers, ...digests } };
}

function createDocument(bytes: Uint8Array, contentType: string): DocumentBody {
  return { headers: { 'content-type': contentType }, body: bytesSource(bytes), sha256: digestHex('sha256', bytes) };
}
