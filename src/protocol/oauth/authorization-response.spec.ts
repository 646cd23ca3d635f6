import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { deliver, withQuery, type ResponseMode } from './authorization-response.js';
import { OAuthError } from './oauth-error.js';

const redirectUri = 'https://app.example/cb?tenant=a%20b';
const to = (responseMode: ResponseMode, uri = redirectUri, state: string | undefined = 's') => ({
  redirectUri: uri,
  responseMode,
  state,
});
const locationOf = (delivery: ReturnType<typeof deliver>): string => {
  if (delivery.kind !== 'redirect') throw new Error(delivery.kind);
  return delivery.location;
};

test('in a query the parameters follow those that the URI has', () => {
  expect(deliver(to('query'), { code: 'c' })).toEqual({
    kind: 'redirect',
    location: 'https://app.example/cb?tenant=a%20b&code=c&state=s',
  });
  expect(locationOf(deliver(to('query', 'https://app.example/cb'), { code: 'c' }))).toBe(
    'https://app.example/cb?code=c&state=s',
  );
  for (const uri of ['https://app.example/cb?', 'https://app.example/cb?a=1&'])
    expect(locationOf(deliver(to('query', uri), { code: 'c' }))).toBe(`${uri}code=c&state=s`);
});

test('in a fragment they stand alone, beside the query that the URI has', () => {
  expect(locationOf(deliver(to('fragment'), { access_token: 't', expires_in: 7200 }))).toBe(
    `${redirectUri}#access_token=t&expires_in=7200&state=s`,
  );
});

test('in a form they are fields, and the URI is left as it is', () => {
  expect(deliver(to('form_post'), { code: 'c', expires_in: 60 })).toEqual({
    kind: 'form_post',
    action: redirectUri,
    fields: [
      ['code', 'c'],
      ['expires_in', '60'],
      ['state', 's'],
    ],
  });
});

test('a message goes to the origin of the URI alone, as auth0-spa-js expects it', () => {
  expect(
    deliver(to('web_message'), { error: 'login_required', error_description: 'Login required' }),
  ).toEqual({
    kind: 'web_message',
    targetOrigin: 'https://app.example',
    message: {
      type: 'authorization_response',
      response: { error: 'login_required', error_description: 'Login required', state: 's' },
    },
  });
});

test('iss is there if it is switched on, and so is state if there was one', () => {
  const issuer = 'https://idp.example/';
  const location = locationOf(deliver(to('query'), { error: 'access_denied' }, issuer));
  expect(new URL(location).searchParams.get('iss')).toBe(issuer);
  const bare = locationOf(deliver({ redirectUri, responseMode: 'query' }, { code: 'c' }));
  expect([...new URL(bare).searchParams.keys()]).toEqual(['tenant', 'code']);
});

test.each(['query', 'fragment'] as const)(
  'whatever the values, a browser reads them back from a %s',
  (mode) => {
    const uris = fc.constantFrom(
      'https://app.example/cb',
      redirectUri,
      'https://app.example',
      'app.example:/cb',
    );
    fc.assert(
      fc.property(uris, fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (uri, text, state) => {
        const location = locationOf(deliver(to(mode, uri, state), { error_description: text }));
        expect(location).toMatch(/^[\x21-\x7e]+$/);
        const { origin, pathname, searchParams, hash } = new URL(location);
        expect([origin, pathname]).toEqual([new URL(uri).origin, new URL(uri).pathname]);
        const read = mode === 'query' ? searchParams : new URLSearchParams(hash.slice(1));
        expect(read.get('error_description')).toBe(text.toWellFormed());
        expect(read.get('state')).toBe(state.toWellFormed());
        if (mode === 'query') expect(hash).toBe('');
      }),
    );
  },
);

test('half of a surrogate pair, which an Action may write, breaks nothing', () => {
  expect(locationOf(deliver(to('query'), { error_description: '\ud800' }))).toContain('%EF%BF%BD');
});

test('a URI beyond ASCII is written as a header can hold it', () => {
  const location = locationOf(deliver(to('query', 'https://bücher.example/tür'), { code: 'c' }));
  expect(location).toBe('https://xn--bcher-kva.example/t%C3%BCr?code=c&state=s');
});

test('where no check has looked, script still gets no answer', () => {
  for (const mode of ['query', 'fragment', 'form_post', 'web_message'] as const)
    expect(() => deliver(to(mode, 'javascript:alert(1)'), { code: 'c' })).toThrow(OAuthError);
  for (const mode of ['form_post', 'web_message'] as const)
    expect(() => deliver(to(mode, 'com.example.app:/cb'), { code: 'c' })).toThrow(OAuthError);
  expect(locationOf(deliver(to('query', 'com.example.app:/cb'), { code: 'c' }))).toBe(
    'com.example.app:/cb?code=c&state=s',
  );
});

test('after a logout a URI keeps its fragment', () => {
  expect(withQuery('https://app.example/#/bye', [['state', 'a b']])).toBe(
    'https://app.example/?state=a%20b#/bye',
  );
  expect(withQuery('https://app.example/', [])).toBe('https://app.example/');
});
