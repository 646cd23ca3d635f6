import { createHmac, generateKeyPairSync } from 'node:crypto';
import { createRequire } from 'node:module';
import * as fc from 'fast-check';
import { CompactSign, jwtVerify, SignJWT } from 'jose';
import { expect, test } from 'vitest';
import { signHs256, verifyHs256 } from './hs256.js';

/** The library that most redirect targets use; it brings no types along. */
const jsonwebtoken = createRequire(import.meta.url)('jsonwebtoken') as {
  sign(payload: object, key: unknown, options?: object): string;
  verify(jwt: string, key: unknown, options?: object): unknown;
};

const secret = 'a secret that two parties share ✓';
const octets = (text: string): Uint8Array => new TextEncoder().encode(text);
const segment = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
/** A token with any header, signed as HS256 would be. */
const forged = (header: object, payload: unknown = { sub: 'x' }): string => {
  const input = `${segment(header)}.${segment(payload)}`;
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
};

test('jsonwebtoken and jose accept what we sign, and read the same claims', async () => {
  const claims = { sub: 'auth0|jane', iat: 1, 'https://example.test/ä': ['🜨', null, { deep: true }] };
  const jwt = signHs256(claims, secret);
  expect(jsonwebtoken.verify(jwt, secret, { algorithms: ['HS256'] })).toEqual(claims);
  const { payload, protectedHeader } = await jwtVerify(jwt, octets(secret), { algorithms: ['HS256'] });
  expect(payload).toEqual(claims);
  expect(protectedHeader).toEqual({ alg: 'HS256', typ: 'JWT' });
});

test('a token is byte for byte the one that jsonwebtoken makes', () => {
  const claims = { iat: 1_767_225_600, iss: 'idp.example.test', sub: 'auth0|jane', exp: 1_767_226_500 };
  expect(signHs256(claims, secret)).toBe(jsonwebtoken.sign(claims, secret));
});

test('what jsonwebtoken and jose sign is accepted; jose writes no typ', async () => {
  expect(verifyHs256(jsonwebtoken.sign({ sub: 'x' }, secret, { noTimestamp: true }), secret)).toEqual({
    claims: { sub: 'x' },
  });
  const jose = await new SignJWT({ sub: 'x' }).setProtectedHeader({ alg: 'HS256' }).sign(octets(secret));
  expect(verifyHs256(jose, secret)).toEqual({ claims: { sub: 'x' } });
});

test('any JSON object signed by one is read alike by all three', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.dictionary(
        fc.string({ unit: 'binary' }).map((name) => `x${name}`),
        fc.jsonValue(),
      ),
      fc.string({ unit: 'grapheme', minLength: 1 }),
      async (payload, shared) => {
        const claims = JSON.parse(JSON.stringify(payload)) as Record<string, unknown>;
        const jwt = signHs256(claims, shared);
        expect(verifyHs256(jwt, shared)).toEqual({ claims });
        expect(jsonwebtoken.verify(jwt, shared)).toEqual(claims);
        expect((await jwtVerify(jwt, octets(shared))).payload).toEqual(claims);
      },
    ),
  );
});

test('a token with one character changed is refused, as jsonwebtoken refuses it', () => {
  const jwt = signHs256({ sub: 'auth0|jane', role: 'user' }, secret);
  fc.assert(
    fc.property(
      fc.nat({ max: jwt.length - 1 }),
      fc.constantFrom('A', 'B', 'a', 'b', '0', '_', '-', '.', '='),
      (at, character) => {
        fc.pre(jwt[at] !== character);
        const changed = jwt.slice(0, at) + character + jwt.slice(at + 1);
        expect(verifyHs256(changed, secret)).toHaveProperty('reason');
        // It forgives loose bits of the last character (RFC 4648 3.5 lets it).
        if (at < jwt.length - 1) expect(() => jsonwebtoken.verify(changed, secret)).toThrow();
      },
    ),
  );
});

test('any text is read without an exception, and without a claim', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.webUrl()), (text) => {
      expect(verifyHs256(text, secret)).toHaveProperty('reason');
    }),
  );
});

test('the secret of somebody else, longer or shorter, is refused with what to look at', () => {
  for (const other of ['', 'a', `${secret} `, secret.slice(1)])
    expect(verifyHs256(signHs256({}, other), secret)).toMatchObject({
      reason: expect.stringMatching(/^Failed signature validation: .*same text as secret/) as unknown,
    });
});

test('a signature that is cut short or is missing is refused', () => {
  const [header, payload, signature] = signHs256({}, secret).split('.');
  for (const cut of ['', signature!.slice(0, 4), `${signature}AAAA`])
    expect(verifyHs256(`${header}.${payload}.${cut}`, secret)).toHaveProperty('reason');
});

test('alg none is refused, whatever its case and whether signed or not', () => {
  for (const alg of ['none', 'None', 'NONE', 'hs256', '', null, undefined, ['HS256']]) {
    const reason = expect.stringMatching(/^its alg is .*only HS256 is accepted/) as unknown;
    expect(verifyHs256(forged({ alg, typ: 'JWT' }), secret)).toMatchObject({ reason });
    expect(verifyHs256(`${segment({ alg })}.${segment({})}.`, secret)).toMatchObject({ reason });
  }
});

test('other algorithms are refused, HS512 with the right secret and RS256 with its public key as secret too', () => {
  const hs512 = jsonwebtoken.sign({}, secret, { algorithm: 'HS512' });
  expect(verifyHs256(hs512, secret)).toMatchObject({ reason: expect.stringContaining('"HS512"') as unknown });
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = publicKey.export({ type: 'spki', format: 'pem' }) as string;
  const rs256 = jsonwebtoken.sign({}, privateKey, { algorithm: 'RS256' });
  expect(verifyHs256(rs256, pem)).toMatchObject({ reason: expect.stringContaining('"RS256"') as unknown });
});

test('a token of another kind, and a header that demands extensions, are refused', async () => {
  expect(verifyHs256(forged({ alg: 'HS256', typ: 'at+jwt' }), secret)).toMatchObject({
    reason: 'Unexpected token payload type: its typ is "at+jwt", not JWT',
  });
  for (const typ of [null, 1, {}, ''])
    expect(verifyHs256(forged({ alg: 'HS256', typ }), secret)).toHaveProperty('reason');
  expect(verifyHs256(forged({ alg: 'HS256', typ: 'jwt' }), secret)).toEqual({ claims: { sub: 'x' } });
  const critical = await new CompactSign(octets('{}'))
    .setProtectedHeader({ alg: 'HS256', b64: true, crit: ['b64'] })
    .sign(octets(secret));
  expect(verifyHs256(critical, secret)).toMatchObject({ reason: expect.stringContaining('crit') as unknown });
});

test('a payload that is no JSON object is refused, though signed', () => {
  for (const payload of [[], 'text', 1, null])
    expect(verifyHs256(forged({ alg: 'HS256' }, payload), secret)).toEqual({
      reason: 'its payload is not a JSON object',
    });
});

test('the form is told apart: too few parts, five parts, the word Bearer, white space', () => {
  const jwt = signHs256({}, secret);
  const cases: readonly [string, RegExp][] = [
    ['abc', /3 parts between dots, this text has 1; send back the JWT/],
    ['a.b', /3 parts between dots, this text has 2; /],
    [`${jwt}.a.b`, /encrypted token/],
    [`Bearer ${jwt}`, /Bearer/],
    [`${jwt}\n`, /white space/],
    [jwt.replace('.', '=.'), /not base64url/],
  ];
  for (const [text, reason] of cases)
    expect(verifyHs256(text, secret)).toMatchObject({ reason: expect.stringMatching(reason) as unknown });
});
