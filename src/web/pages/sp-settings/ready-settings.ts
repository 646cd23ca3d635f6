/** Every product that settings are written for. */
import { mellon } from './mellon.js';
import { nodeSaml } from './node-saml.js';
import { passportSaml } from './passport-saml.js';
import { pysaml2 } from './pysaml2.js';
import type { Relationship } from './relationship.js';
import { rubySaml } from './ruby-saml.js';
import { shibboleth, shibbolethAttributeMap } from './shibboleth.js';
import { simpleSamlPhpIdp, simpleSamlPhpSource } from './simplesamlphp.js';

interface Product {
  /** For programs, and in addresses. */
  readonly id: string;
  readonly title: string;
  /** By file name. */
  readonly files: Readonly<Record<string, (of: Relationship) => string>>;
}

const PRODUCTS: readonly Product[] = [
  { id: 'node-saml', title: 'node-saml', files: { 'saml.mjs': nodeSaml } },
  { id: 'passport-saml', title: 'passport-saml', files: { 'passport.mjs': passportSaml } },
  {
    id: 'simplesamlphp',
    title: 'SimpleSAMLphp',
    files: {
      'config/authsources.php': simpleSamlPhpSource,
      'metadata/saml20-idp-remote.php': simpleSamlPhpIdp,
    },
  },
  {
    id: 'shibboleth',
    title: 'Shibboleth SP',
    files: { 'shibboleth2.xml': shibboleth, 'attribute-map.xml': shibbolethAttributeMap },
  },
  { id: 'mod_auth_mellon', title: 'mod_auth_mellon', files: { 'mellon.conf': mellon } },
  { id: 'pysaml2', title: 'pysaml2', files: { 'sp_config.py': pysaml2 } },
  { id: 'ruby-saml', title: 'ruby-saml', files: { 'saml_settings.rb': rubySaml } },
];

export interface ReadySettings {
  readonly id: string;
  readonly title: string;
  readonly files: Readonly<Record<string, string>>;
}

export const readySettings = (of: Relationship): ReadySettings[] =>
  PRODUCTS.map(({ id, title, files }) => ({
    id,
    title,
    files: Object.fromEntries(Object.entries(files).map(([name, write]) => [name, write(of)])),
  }));
