/** Tells who speaks http to a port of https that it is one; TLS itself would hang up without a word that a person can read. */
import type { Server } from 'node:https';
import type { Socket } from 'node:net';

/** A method begins with a letter (RFC 9110 9.1), a TLS record of a handshake with 22 (RFC 8446 5.1). */
const isHttp = (octets: Buffer): boolean => /^[A-Z]/.test(octets.toString('latin1', 0, 1));

const answerOf = (baseUrl: string): string => {
  const text = `This port speaks https: ask ${baseUrl} instead.\n`;
  return [
    'HTTP/1.1 400 Bad Request',
    'content-type: text/plain; charset=utf-8',
    `content-length: ${Buffer.byteLength(text)}`,
    'connection: close',
    '',
    text,
  ].join('\r\n');
};

/** Looks at the first octet of each connection of `server`, and leaves all that is not http to TLS. */
export function answerPlainHttp(
  server: Server,
  { patienceMs, baseUrl }: { readonly patienceMs: number; readonly baseUrl: () => string },
): void {
  const handshakes = server.listeners('connection') as ((this: Server, socket: Socket) => void)[];
  server.removeAllListeners('connection');
  server.on('connection', (socket: Socket) => {
    const leave = (): void => void socket.destroy();
    socket.setTimeout(patienceMs, leave);
    socket.on('error', leave);
    socket.once('end', leave);
    socket.once('data', (octets) => {
      if (isHttp(octets)) {
        // a body that is still on its way must not break the connection before the answer is read
        socket.resume().end(answerOf(baseUrl()));
        return;
      }
      socket.setTimeout(0, leave).off('error', leave).off('end', leave);
      socket.pause().unshift(octets);
      for (const handshake of handshakes) handshake.call(server, socket);
    });
  });
}
