import type { Server, ServerOptions } from 'node:https';
import type { TlsPair } from '../../tenant/tls-certificates.js';
import { answerPlainHttp } from './plain-http.js';

/** For a client to say something, and then for its handshake: together less than a server that stops waits for what is in flight. */
const PATIENCE_MS = 3_500;

/** Listens with a certificate that is known only once the database is open, which is after the server was made. */
export class TlsListener {
  /** What the server is made with. For `localhost` Fastify makes a second one of it, after `present`. */
  readonly options: ServerOptions;

  constructor(http: ServerOptions) {
    this.options = { ...http, handshakeTimeout: PATIENCE_MS };
  }

  /** Call it before the server listens. `baseUrl` is asked when somebody comes by http. */
  present(server: Server, { privateKeyPem, certificatePem }: TlsPair, baseUrl: () => string): void {
    const pair = { key: privateKeyPem, cert: certificatePem };
    Object.assign(this.options, pair);
    server.setSecureContext(pair);
    answerPlainHttp(server, { patienceMs: PATIENCE_MS, baseUrl });
  }
}
