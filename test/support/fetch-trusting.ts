import { request as ask } from 'node:https';

/** `fetch` that trusts this authority and no other; it follows no redirect. Node's own learns of authorities only when its process starts. */
export function fetchTrusting(ca: string): typeof fetch {
  return async (input, init) => {
    const { url, method, headers, ...request } = partsOf(new Request(input, init));
    const body = Buffer.from(await request.body);
    return new Promise((resolve, reject) => {
      const sent = ask(url, { method, headers, ca, agent: false }, (answer) => {
        const chunks: Buffer[] = [];
        const received = new Headers();
        const { rawHeaders, statusCode: status = 0 } = answer;
        for (let index = 0; index < rawHeaders.length; index += 2)
          received.append(rawHeaders[index]!, rawHeaders[index + 1]!);
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('error', reject);
        answer.on('end', () =>
          resolve(new Response(status === 204 ? null : Buffer.concat(chunks), { status, headers: received })),
        );
      });
      sent.on('error', reject);
      sent.end(body);
    });
  };
}

const partsOf = (
  request: Request,
): { url: string; method: string; headers: Record<string, string>; body: Promise<ArrayBuffer> } => ({
  url: request.url,
  method: request.method,
  headers: Object.fromEntries(request.headers),
  body: request.arrayBuffer(),
});
