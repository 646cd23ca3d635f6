import { connect } from 'node:net';

/** Long for a neighbour, short for a person. */
const PATIENCE_MS = 1_000;

/** Whether anything takes TCP connections where `url` leads; false where that cannot be told from here. Nothing is sent. */
export function answersConnections(url: string): Promise<boolean> {
  const { protocol, hostname, port } = new URL(url);
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  return new Promise((resolve) => {
    const socket = connect({ host, port: Number(port) || (protocol === 'https:' ? 443 : 80) });
    const end = (isThere: boolean): void => {
      socket.destroy();
      resolve(isThere);
    };
    socket.setTimeout(PATIENCE_MS, () => end(false));
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });
}
