import { expect, test } from 'vitest';
import { KnownRoutes } from './known-routes.js';

const routes = new KnownRoutes();
routes.add(['GET', 'HEAD'], '/api/transactions');
routes.add('POST', '/api/transactions');
routes.add('POST', '/api/transactions/:id/complete');
routes.add('DELETE', '/api/transactions/:id/saml-response/attributes/:name');
routes.add('OPTIONS', '/api/secret');

test.each([
  ['/api/transaction', '/api/transactions'],
  ['/API/Transactions', '/api/transactions'],
  ['/api/transactions/txn_0123456789abcdef/compelte', '/api/transactions/:id/complete'],
  [
    '/api/transactions/x/saml_response/attribute/mail',
    '/api/transactions/:id/saml-response/attributes/:name',
  ],
])('%s was meant to be %s', (path, meant) => {
  const error = routes.explain('GET', path);
  expect(error.code).toBe('route_not_found');
  expect(error.description).toContain(`did you mean ${meant}?`);
});

test.each(['/', '/api/secret', '/wp-login.php', '/api/transactions/x/complete/more'])(
  'near %s there is nothing',
  (path) => {
    expect(routes.explain('GET', path).description).toBe(`There is no ${path}; /docs lists the routes`);
  },
);

test('a path that only takes other methods says which', () => {
  const error = routes.explain('PATCH', '/api/transactions');
  expect(error.code).toBe('method_not_allowed');
  expect(error.headers).toEqual({ allow: 'GET, POST' });
  expect(error.description).toBe('/api/transactions takes GET, POST, not PATCH.');
});

test('an endless path is cut short', () => {
  expect(routes.explain('GET', `/${'a'.repeat(10_000)}`).description.length).toBeLessThan(300);
});
