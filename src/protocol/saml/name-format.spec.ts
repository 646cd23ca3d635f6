import { expect, test } from 'vitest';
import { nameFormatOf } from './name-format.js';

const formats = {
  uri: [
    'http://schemas.auth0.com/nickname',
    'urn:oid:0.9.2342.19200300.100.1.3',
    'mailto:x',
    'a:b',
    'c:1',
    'x:',
    'foo:',
    'urn:',
    'http://',
    'a:%41',
  ],
  basic: ['a:é', 'email', 'first_name', 'user.email', 'user-email', '_x', ':x', 'naïve', '日本語'],
  unspecified: [
    'has space',
    '1abc',
    '-x',
    'user/email',
    'http://x y',
    '://x',
    'x&y',
    '#frag',
    'a%zz:b',
    'C:\\path',
    '',
    'a:%4',
  ],
};
test.each(Object.entries(formats).flatMap(([format, names]) => names.map((name) => [name, format] as const)))(
  'the name %j has the NameFormat %s',
  (name, format) => {
    expect(nameFormatOf(name)).toBe(`urn:oasis:names:tc:SAML:2.0:attrname-format:${format}`);
  },
);
