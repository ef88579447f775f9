import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { createServer, type TlsOptions, type TLSSocket } from 'node:tls';

/** For 127.0.0.1, made for these tests only: it guards nothing. */
export const testKey: string = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgS6lEc2ajDFE20/HC
Z6D+R5nV20LkP2gK9jeKa4Wcr7mhRANCAATJ4wLvNEr0ibH/BP1bZbgkJxVX110i
he/ivFCK/QFgJupuMcsvm6usxYLDH0ZOdzSmxKy103LJKHV3JbAJpTBx
-----END PRIVATE KEY-----`;
/** Its certificate, signed by itself: who is to trust it must be told. */
export const testCertificate: string = `-----BEGIN CERTIFICATE-----
MIIBmDCCAT6gAwIBAgIUMbdAcTVJqnVbHAcHpaCgFLdGmLYwCgYIKoZIzj0EAwIw
GDEWMBQGA1UEAwwNYnVja2V0cnktdGVzdDAgFw0yNjExMjQyMzMwMzFaGA8yMTI2
MTAzMTIzMzAzMVowGDEWMBQGA1UEAwwNYnVja2V0cnktdGVzdDBZMBMGByqGSM49
AgEGCCqGSM49AwEHA0IABMnjAu80SvSJsf8E/VtluCQnFVfXXSKF7+K8UIr9AWAm
6m4xyy+bq6zFgsMfRk53NKbErLXTcskodXclsAmlMHGjZDBiMB0GA1UdDgQWBBSu
ZPGDVsZvwVE80e0nptsKLFdoxTAfBgNVHSMEGDAWgBSuZPGDVsZvwVE80e0nptsK
LFdoxTAPBgNVHRMBAf8EBTADAQH/MA8GA1UdEQQIMAaHBH8AAAEwCgYIKoZIzj0E
AwIDSAAwRQIgRo90S5D+iK8ww1GR3L6qWueaFRYwFdP5AXvtlgOBPNUCIQDIrylP
ACq1Q959xkxusIfgFLigKTkgTHenK2Ns/i7e5A==
-----END CERTIFICATE-----`;

/** Speaks TLS in front of a server that does not. The bytes within pass as they are, so that signatures hold. */
export async function startTlsFront(
  plainUrl: string,
  tls: TlsOptions = { key: testKey, cert: testCertificate },
): Promise<{ readonly endpoint: string; close(): Promise<void> }> {
  const { hostname, port } = new URL(plainUrl);
  const open = new Set<TLSSocket>();
  const server = createServer(tls, (front) => {
    const back = connect(Number(port), hostname);
    open.add(front);
    for (const [one, other] of [
      [front, back],
      [back, front],
    ] as const) {
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
      one.pipe(other);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      for (const front of open) front.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
