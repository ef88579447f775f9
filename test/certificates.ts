/*
 * An authority of tests that nobody trusts by default, and what it has signed: made once with openssl, valid for a hundred years. Its own key is gone.
 */

/** A certificate and its key (PEM). */
export interface TestCertificate {
  readonly cert: string;
  readonly key: string;
}

/** The authority's certificate. */
export const testAuthority = `-----BEGIN CERTIFICATE-----
MIIBiDCCAS+gAwIBAgIUGODJOhS+dMpy0Pkfzy8wqVgwx9YwCgYIKoZIzj0EAwIw
GTEXMBUGA1UEAwwOYnVja2V0cnkgdGVzdHMwIBcNMjYxMTMwMjIyMzMzWhgPMjEy
NjExMDYyMjIzMzNaMBkxFzAVBgNVBAMMDmJ1Y2tldHJ5IHRlc3RzMFkwEwYHKoZI
zj0CAQYIKoZIzj0DAQcDQgAEPEf9VurNboZ0lHUcRgA7DwEdaXn3I0KvVHAYvzZg
9iTGZsLtdLPLwzBslYMoz3gX1CYa12PCRQWtXs7KRmlU4aNTMFEwHQYDVR0OBBYE
FNW7fGVTn6fhTADcSkkxBsigdYcLMB8GA1UdIwQYMBaAFNW7fGVTn6fhTADcSkkx
BsigdYcLMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDRwAwRAIgKjSbN1us
uvrYAd0WTcPvXMnYenWKI8hfRamMoqPLp1QCIH7cZQl6FZTMThGkthYv6HvxuU5H
0+XuFDJpkfAqSXkp
-----END CERTIFICATE-----`;

/** Of a server: `registry.test`, `*.registry.test`, `localhost`, `127.0.0.1`. */
export const serverCertificate: TestCertificate = {
  cert: `-----BEGIN CERTIFICATE-----
MIIBrTCCAVKgAwIBAgIUdC/F3Eb1rwEyTWpQPg15aF+bFSAwCgYIKoZIzj0EAwIw
GTEXMBUGA1UEAwwOYnVja2V0cnkgdGVzdHMwIBcNMjYxMTMwMjIyMzMzWhgPMjEy
NjExMDYyMjIzMzNaMBExDzANBgNVBAMMBnNlcnZlcjBZMBMGByqGSM49AgEGCCqG
SM49AwEHA0IABK9d102CYoWrunfAvjWdvqz435Kb+YcdQEEyi634vul0qvQ0XqmR
qyDdM38d09uTsvKET28wvUuCvy/9ND+stIajfjB8MDoGA1UdEQQzMDGCDXJlZ2lz
dHJ5LnRlc3SCDyoucmVnaXN0cnkudGVzdIIJbG9jYWxob3N0hwR/AAABMB0GA1Ud
DgQWBBSf+oMTGByttcJ2IAB4ltpMECAnWzAfBgNVHSMEGDAWgBTVu3xlU5+n4UwA
3EpJMQbIoHWHCzAKBggqhkjOPQQDAgNJADBGAiEA69VtfgCsEe5xQg4o0uLp/6B+
2JyoJk/rH4pJTKMHspkCIQCfwYdGe4Nddd0V0ismM757DpGxAU6/UfaMk89AN2jA
Sg==
-----END CERTIFICATE-----`,
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgz9/mYSrzDYDeNUGb
+tJPC/Biy1jvlyKJKxmzLL+EWzKhRANCAASvXddNgmKFq7p3wL41nb6s+N+Sm/mH
HUBBMout+L7pdKr0NF6pkasg3TN/HdPbk7LyhE9vML1Lgr8v/TQ/rLSG
-----END PRIVATE KEY-----`,
};

/** Of a client, whose name is `client`. */
export const clientCertificate: TestCertificate = {
  cert: `-----BEGIN CERTIFICATE-----
MIIBhjCCASugAwIBAgIUdC/F3Eb1rwEyTWpQPg15aF+bFSEwCgYIKoZIzj0EAwIw
GTEXMBUGA1UEAwwOYnVja2V0cnkgdGVzdHMwIBcNMjYxMTMwMjIyMzMzWhgPMjEy
NjExMDYyMjIzMzNaMBExDzANBgNVBAMMBmNsaWVudDBZMBMGByqGSM49AgEGCCqG
SM49AwEHA0IABAsA3tw2W0YP8ytDMB+OQaP857LMlwlq2iCC1dT3rRBM9D+4tFhm
7toig0juFl90PwdwQm+dY5bYVI2qwYKlm6WjVzBVMBMGA1UdJQQMMAoGCCsGAQUF
BwMCMB0GA1UdDgQWBBR0ibdXzHmuy4PBjzXfjPjVvCxaCzAfBgNVHSMEGDAWgBTV
u3xlU5+n4UwA3EpJMQbIoHWHCzAKBggqhkjOPQQDAgNJADBGAiEAxlRQ9rLYBPnP
whk8mvA+/d8WBTmL95PZVMUEqPAB8cACIQC1rQQuhPs7mhFZfvmJx+ROrZyKoM5B
5y7PycJWX3TsoA==
-----END CERTIFICATE-----`,
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg0SxWfMH/ro6BPPge
268KVnBpdL55z4XBYuFbGXr/m+OhRANCAAQLAN7cNltGD/MrQzAfjkGj/OeyzJcJ
atoggtXU960QTPQ/uLRYZu7aIoNI7hZfdD8HcEJvnWOW2FSNqsGCpZul
-----END PRIVATE KEY-----`,
};
