/** Whether a host, as `URL.hostname` has it, is this machine: what is said to it leaves the machine on no wire. */
export function isLoopbackHost(hostname: string): boolean {
  if (hostname === 'localhost' || hostname.endsWith('.localhost') || hostname === '[::1]') return true;
  return /^(?:127(?:\.\d{1,3}){3}|\[::ffff:7f[0-9a-f]{2}:[0-9a-f]{1,4}\])$/.test(hostname);
}

/** Whether a host is a link-local address (RFC 3927, RFC 4291 section 2.5.6), nowhere (`0.0.0.0`), or where clouds keep the same things at other addresses (AWS, Alibaba). */
export function isLinkLocalHost(hostname: string): boolean {
  return /^(?:169\.254(?:\.\d{1,3}){2}|0(?:\.0){3}|\[::\]|\[fe[89ab][0-9a-f]:.*\]|\[::ffff:a9fe:[0-9a-f]{1,4}\]|\[fd00:ec2::[0-9a-f]{1,4}\]|100\.100\.100\.200)$/.test(
    hostname,
  );
}
