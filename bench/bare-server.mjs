/** Reads a JSON body, signs as often as it is told, answers JSON: the least a server that signs can do. */
import { createPrivateKey, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

const times = Number(process.argv[2]);
const key = createPrivateKey(readFileSync(new URL('../test/keys/saml-idp.key.pem', import.meta.url)));

const server = createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const body = Buffer.concat(chunks);
    JSON.parse(body.toString());
    const signatures = Array.from({ length: times }, () => sign('sha256', body, key).toString('base64'));
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ signatures }));
  });
});
server.listen(0, '127.0.0.1', () => process.stdout.write(`http://127.0.0.1:${server.address().port}\n`));
