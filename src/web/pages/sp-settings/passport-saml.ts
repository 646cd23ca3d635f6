import { importsOf, indented, samlOptions } from './node-saml.js';
import type { Relationship } from './relationship.js';

/** An ES module; passport-saml 5. */
export const passportSaml = (of: Relationship): string =>
  [
    ...importsOf(of),
    "import { ValidateInResponseTo } from '@node-saml/node-saml';",
    "import { Strategy } from '@node-saml/passport-saml';",
    "import passport from 'passport';",
    '',
    'const userOf = (profile, done) => done(null, { id: profile.nameID, profile });',
    '',
    'export const strategy = new Strategy(',
    '  {',
    ...indented(samlOptions(of), '    '),
    '  },',
    '  userOf,',
    '  userOf,',
    ');',
    'passport.use(strategy);',
    '',
  ].join('\n');
