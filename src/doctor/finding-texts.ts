/** What may be wrong with a host or a bucket, by name: scripts may rely on these. */
export type FindingId =
  | 'unreachable'
  | 'certificate-untrusted'
  | 'redirect-leaves-tls'
  | 'private-redirect'
  | 'api-missing'
  | 'path-style'
  | 'image-missing'
  | 'not-public'
  | 'login-wanted'
  | 'rate-limited'
  | 'host-failing'
  | 'head-refused'
  | 'manifest-missing'
  | 'manifest-invalid'
  | 'blob-missing'
  | 'type-wrong'
  | 'encoding-breaks'
  | 'length-missing'
  | 'digest-wrong'
  | 'size-wrong'
  | 'referrers-refused'
  | RemarkId
  | BucketFindingId;

/** What no pull fails of by itself. */
type RemarkId =
  | 'plain-http'
  | 'encoding-added'
  | 'digest-header-missing'
  | 'tags-cached'
  | 'missing-answers-403'
  | 'referrers-partly'
  | 'missing-cached'
  | 'ranges-ignored'
  | 'query-refused'
  | 'clock-off'
  | 'listing-public'
  | 'format-public';

/** What is seen only with credentials. */
type BucketFindingId =
  | 'no-public-address'
  | 'not-initialised'
  | 'store-refuses'
  | 'no-conditions'
  | 'checksums-unverified'
  | 'listings-lag'
  | 'no-multipart'
  | 'no-abort-rule'
  | 'images-expire'
  | 'versions-kept'
  | 'writable-by-all'
  | 'public-access-blocked'
  | 'strange-keys';

interface FindingText {
  readonly title: string;
  /** What to do about it: a command or a setting. `{bucket}`, `{image}`, `{origin}` and `{host}` stand for those that were looked at. */
  readonly fix: string;
}

/** Every finding in words. */
export const findingTexts: Readonly<Record<FindingId, FindingText>> = {
  unreachable: {
    title: 'The host cannot be reached',
    fix: 'Check name, port and firewall; "curl -v {origin}/v2/" says more. http:// and https:// are different places.',
  },
  'certificate-untrusted': {
    title: 'The TLS certificate is not trusted',
    fix: 'Use one that is; for a bucket, bind a domain to it. Of an authority of your own, each client must be told (/etc/docker/certs.d/{host}/ca.crt for Docker and containerd), and bucketry by --ca-file.',
  },
  'redirect-leaves-tls': {
    title: 'It redirects in a circle, or from https to http',
    fix: 'Let {host} answer over TLS by itself, or redirect to https:// only.',
  },
  'private-redirect': {
    title: 'It redirects to an address of a private network',
    fix: 'Redirect to a name instead of an IP address, or serve blobs from {host} itself.',
  },
  'api-missing': {
    title: '/v2/ does not answer 200',
    fix: 'Write the empty object "v2/": bucketry init {bucket}. Where it is there, the host must give it out: in nginx "location = /v2/ { return 200; }".',
  },
  'path-style': {
    title: 'The bucket lies below a path of the host',
    fix: 'Clients ask for /v2/ at the root of a host. Use the virtual host of the bucket (BUCKET.s3.REGION.amazonaws.com), a domain bound to it, or: bucketry serve {bucket} --static',
  },
  'image-missing': {
    title: 'The image is not there',
    fix: 'Check name and tag, and that the bucket stands at the root of {host}. To put it there: bucketry push SOURCE {image}',
  },
  'not-public': {
    title: 'The image may not be read, or is not there',
    fix: 'Let everyone read v2/: bucketry init {bucket} --public (on S3 mostly with --lift-public-access-block). For R2, turn on public access in the settings of the bucket.',
  },
  'login-wanted': {
    title: 'The host wants a login',
    fix: 'A bucket alone knows no logins: let everyone read v2/ (bucketry init {bucket} --public), or put a registry server before it.',
  },
  'rate-limited': {
    title: 'The host refuses because of too many requests',
    fix: 'Addresses of r2.dev are limited so: bind a domain of your own to the bucket. Elsewhere raise the limit for /v2/ at the proxy or CDN.',
  },
  'host-failing': {
    title: 'The host fails',
    fix: 'Look into its log: the status is that of an error of its own.',
  },
  'head-refused': {
    title: 'HEAD is refused where GET is not',
    fix: 'Allow HEAD beside GET for /v2/ at the proxy or CDN (in nginx "limit_except GET { … }" allows both). What is signed for GET alone cannot be used.',
  },
  'manifest-missing': {
    title: 'Manifests cannot be read by digest',
    fix: 'Push again with bucketry, which writes each manifest under tag and digest: bucketry push SOURCE {image}. Keys hold a ":", which the host must neither refuse nor rewrite.',
  },
  'manifest-invalid': {
    title: 'What stands under the tag is no manifest',
    fix: 'Perhaps a page of a login or an error with status 200: open it in a browser.',
  },
  'blob-missing': {
    title: 'Blobs cannot be read',
    fix: 'Push again, which sends what is missing: bucketry push SOURCE {image}. If only a part may be read: bucketry init {bucket} --public',
  },
  'type-wrong': {
    title: 'Manifests come with a wrong content type',
    fix: 'Each must come with its own media type, as bucketry push stores it; copies between stores must keep content types. For a directory: bucketry init file:DIR --edge nginx (or caddy)',
  },
  'encoding-breaks': {
    title: 'A Content-Encoding breaks digests',
    fix: 'Clients undo it, and bytes and digest differ. Remove it from what is stored (bucketry push stores none), and turn off what adds it at the proxy: in nginx "gzip off;" and no add_header of it.',
  },
  'length-missing': {
    title: 'Manifests come without a length',
    fix: 'Turn off compression and chunked answers for /v2/ at the proxy: in nginx "gzip off;".',
  },
  'digest-wrong': {
    title: 'Bytes have another digest than their name',
    fix: 'Something changes them on the way: turn off whatever rewrites bodies for /v2/. If they are stored so: bucketry rm {image}, and push again.',
  },
  'size-wrong': {
    title: 'A blob has another size than its manifest says',
    fix: 'It was cut off, or replaced, as it was stored or on the way: push again with bucketry, which compares sizes.',
  },
  'referrers-refused': {
    title: 'A list of referrers that is not there answers 403',
    fix: 'Push again with bucketry, which writes empty lists: bucketry push SOURCE {image}. Or let everyone list the bucket, so that it answers 404, or map 403 to 404 at the edge.',
  },
  'plain-http': {
    title: 'No TLS',
    fix: 'Clients must be told. Docker: "insecure-registries": ["{host}"] in daemon.json; podman, skopeo: --tls-verify=false; containerd: hosts.toml; crane: --insecure; oras: --plain-http; regctl registry set {host} --tls disabled',
  },
  'encoding-added': {
    title: 'Something compresses answers on the way',
    fix: 'Turn it off for /v2/ at the proxy or CDN (in nginx "gzip off;"): layers are compressed already, and oras wants the length of manifests.',
  },
  'digest-header-missing': {
    title: 'No Docker-Content-Digest header',
    fix: 'Pulls work; containerd asks once more. By tag, oras resolve, discover and cp -r want it: send x-amz-meta-docker-content-digest under that name at the edge.',
  },
  'tags-cached': {
    title: 'Tags may be cached',
    fix: 'A tag that moved is then pulled as it was. Let the CDN heed the "Cache-Control: no-cache" that bucketry stores with tags, and store it where other tools did not.',
  },
  'missing-answers-403': {
    title: 'What is missing answers 403, not 404',
    fix: 'Enough for what bucketry pushed, which writes what clients probe for. Else cosign tree and lists of referrers fail: let everyone list the bucket, or map 403 to 404 at the edge.',
  },
  'referrers-partly': {
    title: 'Only some manifests of the image have a list of referrers',
    fix: 'oras discover goes from one to the next and stops at the gap: push again with bucketry, which writes one for each: bucketry push SOURCE {image}',
  },
  'missing-cached': {
    title: 'Answers of what is missing may be cached',
    fix: 'An image that was asked for too early then stays missing for a while: let the CDN keep no errors for /v2/.',
  },
  'ranges-ignored': {
    title: 'Ranges are not answered',
    fix: 'Broken downloads begin anew, and parallel ones (bucketry pull, containerd 2.1) are not parallel: let the proxy pass Range on; in nginx "proxy_force_ranges on;".',
  },
  'query-refused': {
    title: 'A query changes the answer',
    fix: 'containerd adds "?ns=" where this host stands in for another: let /v2/ be answered whatever the query is. Signed URLs cannot be used.',
  },
  'clock-off': {
    title: 'The clocks differ',
    fix: 'Set the clock of this machine: certificates and signed requests are refused for a few minutes.',
  },
  'listing-public': {
    title: 'Everyone may list the bucket',
    fix: 'All names and tags can be seen. It is also what makes S3 answer 404. If names are private, take s3:ListBucket from everyone.',
  },
  'format-public': {
    title: 'Everyone may read _bucketry/',
    fix: 'It holds nothing secret, but no client needs it: bucketry init {bucket} --public lets everyone read v2/ alone.',
  },
  'no-public-address': {
    title: 'It is not known where clients pull from',
    fix: 'Record the domain that is bound to the bucket: bucketry init {bucket} --public-url https://HOST. Without one: bucketry serve {bucket} --static',
  },
  'not-initialised': { title: 'The bucket was never made ready', fix: 'bucketry init {bucket}' },
  'store-refuses': {
    title: 'The store does not let these credentials write',
    fix: 'Give them the policy of a pusher, which "bucketry init {bucket}" prints, or look without writing: --read-only',
  },
  'no-conditions': {
    title: 'The store does not keep to conditions of writes',
    fix: 'Lists are written, read and compared instead. Of writers at the same moment one that is killed can leave a list stale: let one push after the other.',
  },
  'checksums-unverified': {
    title: 'The store does not check checksums',
    fix: 'What breaks on the way up is found only when it is pulled: use TLS to the store.',
  },
  'listings-lag': {
    title: 'Listings lag behind writes',
    fix: 'Lists of tags may lack the newest for a while: let one push after the other.',
  },
  'no-multipart': {
    title: 'Objects cannot be sent in parts',
    fix: 'Large layers go up over one connection, and begin anew when it breaks. Another store does better.',
  },
  'no-abort-rule': {
    title: 'Nothing removes unfinished uploads',
    fix: 'They cost money until something does: bucketry init {bucket} --abort-uploads (MinIO knows no such rule, and does it after a day), or now and then bucketry rm --uploads.',
  },
  'images-expire': {
    title: 'A lifecycle rule removes images',
    fix: 'Bind it to a prefix other than v2/ and _bucketry/, or turn it off: an image of which a layer is gone cannot be pulled.',
  },
  'versions-kept': {
    title: 'Old versions of objects are kept',
    fix: 'What is removed goes on costing money: add a lifecycle rule with NoncurrentVersionExpiration, or suspend versioning.',
  },
  'writable-by-all': {
    title: 'The policy lets everyone write',
    fix: 'Anyone can replace images: leave "Principal": "*" nothing but s3:GetObject, as bucketry init {bucket} --public does.',
  },
  'public-access-blocked': {
    title: 'The public access block stands against public images',
    fix: 'If everyone may read them: bucketry init {bucket} --public --lift-public-access-block',
  },
  'strange-keys': {
    title: 'Below _bucketry/ lies what the format does not have',
    fix: 'Whoever may read the bucket may read it: look whether it is secret, and move it away.',
  },
};
