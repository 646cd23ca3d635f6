/**
 * The least a server that does the same cryptography can do. `json <n>`: reads a JSON body or a form, signs n times, answers JSON.
 * `redirect`: verifies the signature of its query once, signs once, answers a page.
 */
import { createPrivateKey, sign, verify, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

const [mode, times] = process.argv.slice(2);
const file = (name) => readFileSync(new URL(`../test/keys/${name}`, import.meta.url));
const key = createPrivateKey(file('saml-idp.key.pem'));
const { publicKey } = new X509Certificate(file('saml-sp.crt.pem'));

function answerJson(request, response) {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const body = Buffer.concat(chunks);
    const isForm = request.headers['content-type'] === 'application/x-www-form-urlencoded';
    Object.keys(
      isForm ? Object.fromEntries(new URLSearchParams(body.toString())) : JSON.parse(body.toString()),
    );
    const signatures = Array.from({ length: Number(times) }, () =>
      sign('sha256', body, key).toString('base64'),
    );
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ signatures }));
  });
}

function answerPage({ url }, response) {
  const query = url.slice(url.indexOf('?') + 1);
  const [signed, signature] = query.split('&Signature=');
  const isValid = verify(
    'sha256',
    Buffer.from(signed),
    publicKey,
    Buffer.from(decodeURIComponent(signature), 'base64'),
  );
  if (!isValid) return response.writeHead(400).end();
  const value = sign('sha256', Buffer.from(signed), key).toString('base64');
  return response.setHeader('content-type', 'text/html; charset=utf-8').end(`<!doctype html><p>${value}</p>`);
}

const server = createServer(mode === 'redirect' ? answerPage : answerJson);
server.listen(0, '127.0.0.1', () => process.stdout.write(`http://127.0.0.1:${server.address().port}\n`));
