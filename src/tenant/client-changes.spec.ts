import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { clientFrom, clientView, patchedClient } from './client-changes.js';
import { clientBodySchema, clientPatchSchema, type Client } from './client.js';

const pem = (name: string): string =>
  readFileSync(new URL(`../../test/keys/${name}`, import.meta.url), 'utf8');
const [cert, key] = [pem('saml-idp.crt.pem'), pem('saml-idp.key.pem')];

const made = new Date('2026-03-01T12:00:00Z');
const later = new Date('2026-03-02T12:00:00Z');
const circumstances = { now: made, minimumRsaBits: 1024, clientId: 'generated', clientSecret: 'a secret' };
const from = (body: object): Client =>
  clientFrom(clientBodySchema.parse({ name: 'SP', ...body }), circumstances);
const patch = (client: Client, body: object): Client =>
  patchedClient(client, clientPatchSchema.parse(body), { now: later, minimumRsaBits: 1024 });

test('id and secret are generated where the body names none', () => {
  expect(from({})).toMatchObject({
    client_id: 'generated',
    client_secret: 'a secret',
    created_at: '2026-03-01T12:00:00.000Z',
    updated_at: '2026-03-01T12:00:00.000Z',
  });
  expect(from({ client_id: 'mine', client_secret: 'mine too' })).toMatchObject({
    client_id: 'mine',
    client_secret: 'mine too',
  });
});

test('a patch changes what it names and nothing else', () => {
  const client = from({
    callbacks: ['https://sp.test/acs'],
    description: 'one',
    jwt_configuration: { alg: 'ES256', lifetime_in_seconds: 60 },
  });
  expect(patch(client, { name: 'Other' })).toEqual({
    ...client,
    name: 'Other',
    updated_at: '2026-03-02T12:00:00.000Z',
  });
  expect(patch(client, {})).toEqual({ ...client, updated_at: '2026-03-02T12:00:00.000Z' });
});

test('null takes an optional member away, and sets one that has a default back to it', () => {
  const client = from({
    callbacks: ['https://sp.test/acs'],
    description: 'one',
    client_metadata: { a: '1' },
    jwt_configuration: { alg: 'ES256' },
    addons: { samlp: { audience: 'urn:sp' } },
  });
  const bare = patch(client, {
    callbacks: null,
    description: null,
    client_metadata: null,
    jwt_configuration: null,
    addons: null,
  });
  expect(bare).toMatchObject({
    callbacks: [],
    client_metadata: {},
    jwt_configuration: { alg: 'RS256', lifetime_in_seconds: 36_000 },
    addons: {},
  });
  expect(bare).not.toHaveProperty('description');
  expect(patch(client, { addons: { samlp: null } }).addons.samlp).toBeUndefined();
});

test.each(['name', 'client_secret'])('%s cannot be taken away', (name) => {
  expect(clientPatchSchema.safeParse({ [name]: null }).success).toBe(false);
});

test('one SAML setting changes alone, and null takes one back', () => {
  const client = from({
    addons: { samlp: { audience: 'urn:sp', signResponse: false, mappings: { a: 'b' } } },
  });
  expect(patch(client, { addons: { samlp: { signResponse: true } } }).addons.samlp).toEqual({
    audience: 'urn:sp',
    signResponse: true,
    mappings: { a: 'b' },
  });
  expect(patch(client, { addons: { samlp: { audience: null } } }).addons.samlp).toEqual({
    signResponse: false,
    mappings: { a: 'b' },
  });
});

test('an empty add-on makes a client a SAML service provider', () => {
  expect(patch(from({}), { addons: { samlp: {} } }).addons.samlp).toEqual({});
  expect(patch(from({}), { addons: {} }).addons).toEqual({});
});

test('metadata and token settings are patched name by name', () => {
  const client = from({
    client_metadata: { a: '1', b: '2' },
    jwt_configuration: { lifetime_in_seconds: 60 },
  });
  const changed = patch(client, {
    client_metadata: { a: null, c: '3' },
    jwt_configuration: { alg: 'EdDSA' },
  });
  expect(changed.client_metadata).toEqual({ b: '2', c: '3' });
  expect(changed.jwt_configuration).toEqual({ alg: 'EdDSA', lifetime_in_seconds: 60 });
});

test('of a private key a view shows only that it is set, and sending that back keeps the key', () => {
  const client = from({ addons: { samlp: { cert, key, audience: 'urn:sp' } } });
  const view = clientView(client);
  expect(JSON.stringify(view)).not.toContain('PRIVATE');
  expect(view.addons.samlp).toEqual({ cert, key: '(secret)', audience: 'urn:sp' });
  expect(client.addons.samlp?.key).toBe(key);
  expect(
    patch(client, { addons: { samlp: { ...view.addons.samlp, audience: 'urn:other' } } }).addons.samlp,
  ).toEqual({
    cert,
    key,
    audience: 'urn:other',
  });
});

test('"(secret)" is no key where none is kept', () => {
  const said = expect.objectContaining({
    code: 'invalid_body',
    errors: [{ pointer: '/addons/samlp/key', detail: expect.stringContaining('PEM') }],
  });
  expect(() => from({ addons: { samlp: { key: '(secret)' } } })).toThrow(said);
  expect(() => patch(from({ addons: { samlp: {} } }), { addons: { samlp: { key: '(secret)' } } })).toThrow(
    said,
  );
});

test('SAML settings that cannot work are refused with the field at fault, when made and when patched', () => {
  const mismatched = { cert: pem('saml-other.crt.pem'), key };
  const said = expect.objectContaining({
    code: 'saml_key_pair_mismatch',
    errors: [
      expect.objectContaining({ pointer: '/addons/samlp/cert' }),
      expect.objectContaining({ pointer: '/addons/samlp/key' }),
    ],
  });
  expect(() => from({ addons: { samlp: mismatched } })).toThrow(said);
  const client = from({ addons: { samlp: { cert, key } } });
  expect(() => patch(client, { addons: { samlp: { cert: mismatched.cert } } })).toThrow(said);
});

test('a patch of anything else does not judge the SAML settings anew', () => {
  const client = from({ addons: { samlp: { cert, key } } });
  expect(patchedClient(client, { name: 'New' }, { now: later, minimumRsaBits: 4096 }).name).toBe('New');
});
