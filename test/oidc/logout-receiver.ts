/** A relying party's back-channel logout URL: takes what comes, and answers as it is told. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ReceivedLogout {
  readonly method: string;
  readonly path: string;
  readonly contentType: string | undefined;
  readonly body: string;
  readonly token: string;
}

export interface LogoutReceiver {
  readonly url: (path?: string) => string;
  readonly received: readonly ReceivedLogout[];
  /** What it answers from now on; `null` never answers. */
  status: number | null;
  readonly close: () => Promise<void>;
}

export async function startReceiver(): Promise<LogoutReceiver> {
  const received: ReceivedLogout[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString('utf8')));
    request.on('end', () => {
      received.push({
        method: request.method ?? '',
        path: request.url ?? '',
        contentType: request.headers['content-type'],
        body,
        token: new URLSearchParams(body).get('logout_token') ?? '',
      });
      if (receiver.status === null) return;
      if (receiver.status >= 300 && receiver.status < 400) response.setHeader('location', '/elsewhere');
      response.statusCode = receiver.status;
      response.end('no one reads this');
    });
  });
  server.listen(0, 'localhost');
  await once(server, 'listening');
  const origin = `http://localhost:${(server.address() as AddressInfo).port}`;
  const receiver: LogoutReceiver = {
    url: (path = '/backchannel') => `${origin}${path}`,
    received,
    status: 200,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return receiver;
}
