/** Loopback, private, link-local and unspecified addresses (RFC 1918, 3927, 4193, 4291), as the host of a URL has them. A name is none, whatever it resolves to. */
export function isPrivateAddress(hostname: string): boolean {
  const ipv4 = /^(\d+)\.(\d+)\.\d+\.\d+$/.exec(hostname);
  if (ipv4) return isPrivateIpv4(Number(ipv4[1]), Number(ipv4[2]));
  const ipv6 = /^\[(.*)\]$/.exec(hostname)?.[1];
  return ipv6 !== undefined && (ipv6 === '::' || ipv6 === '::1' || /^(?:f[cd]|fe[89ab])/.test(ipv6));
}

function isPrivateIpv4(first: number, second: number): boolean {
  if ([0, 10, 127].includes(first)) return true;
  if (first === 169) return second === 254;
  return first === 172 ? second >= 16 && second < 32 : first === 192 && second === 168;
}
