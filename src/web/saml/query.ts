import type { FastifyRequest } from 'fastify';

/** The query as it arrived, without `?`: a detached signature covers its very octets (SAML Bindings 3.4.4.1). */
export function queryOf({ raw }: FastifyRequest): string {
  const url = raw.url ?? '';
  const start = url.indexOf('?');
  return start === -1 ? '' : url.slice(start + 1).replace(/#.*$/s, '');
}
