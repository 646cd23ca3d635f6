/** Children of SAML elements in the order of the schemas (saml-output.md 3.2), and attributes that must be there. */
import { isInstant } from '../instant.js';
import { isNCName } from '../../xml/ncname.js';
import type { Element } from '../../xml/parse.js';
import { attribute, childElements, everyNamed, isNamed, nameOf, type Name } from '../../xml/reading.js';
import { fail, pass, quote, step, type Finding } from './evidence.js';

/** Names that may stand at one place, and how many of them. */
type Place = readonly [names: readonly Name[], minimum: 0 | 1, maximum: 1 | 'many'];

const assertions: readonly Name[] = ['saml:Assertion', 'saml:EncryptedAssertion'];
const identifiers: readonly Name[] = ['saml:BaseID', 'saml:NameID', 'saml:EncryptedID'];
const statements: readonly Name[] = [
  'saml:Statement',
  'saml:AuthnStatement',
  'saml:AuthzDecisionStatement',
  'saml:AttributeStatement',
];
const conditions: readonly Name[] = [
  'saml:Condition',
  'saml:AudienceRestriction',
  'saml:OneTimeUse',
  'saml:ProxyRestriction',
];

const ORDER: readonly (readonly [Name, readonly Place[]])[] = [
  [
    'samlp:Response',
    [
      [['saml:Issuer'], 0, 1],
      [['ds:Signature'], 0, 1],
      [['samlp:Extensions'], 0, 1],
      [['samlp:Status'], 1, 1],
      [assertions, 0, 'many'],
    ],
  ],
  [
    'samlp:Status',
    [
      [['samlp:StatusCode'], 1, 1],
      [['samlp:StatusMessage'], 0, 1],
      [['samlp:StatusDetail'], 0, 1],
    ],
  ],
  ['samlp:StatusCode', [[['samlp:StatusCode'], 0, 1]]],
  [
    'saml:Assertion',
    [
      [['saml:Issuer'], 1, 1],
      [['ds:Signature'], 0, 1],
      [['saml:Subject'], 0, 1],
      [['saml:Conditions'], 0, 1],
      [['saml:Advice'], 0, 1],
      [statements, 0, 'many'],
    ],
  ],
  [
    'saml:Subject',
    [
      [identifiers, 0, 1],
      [['saml:SubjectConfirmation'], 0, 'many'],
    ],
  ],
  [
    'saml:SubjectConfirmation',
    [
      [identifiers, 0, 1],
      [['saml:SubjectConfirmationData'], 0, 1],
    ],
  ],
  ['saml:Conditions', [[conditions, 0, 'many']]],
  ['saml:AudienceRestriction', [[['saml:Audience'], 1, 'many']]],
  [
    'saml:AuthnStatement',
    [
      [['saml:SubjectLocality'], 0, 1],
      [['saml:AuthnContext'], 1, 1],
    ],
  ],
  ['saml:AttributeStatement', [[['saml:Attribute', 'saml:EncryptedAttribute'], 1, 'many']]],
  ['saml:Attribute', [[['saml:AttributeValue'], 0, 'many']]],
];

/** Attributes that the schemas require, and what they must be. */
const REQUIRED: readonly (readonly [Name, string, (value: string) => boolean])[] = [
  ['samlp:Response', 'ID', isNCName],
  ['samlp:Response', 'IssueInstant', isInstant],
  ['saml:Assertion', 'Version', (value) => value === '2.0'],
  ['saml:Assertion', 'ID', isNCName],
  ['saml:Assertion', 'IssueInstant', isInstant],
  ['saml:AuthnStatement', 'AuthnInstant', isInstant],
  ['saml:SubjectConfirmation', 'Method', (value) => value !== ''],
  ['saml:Attribute', 'Name', (value) => value !== ''],
];

export const schemaOrder = step('schema_order', ['response'], ({ response, decrypted }) => {
  const roots = decrypted ? [response, decrypted] : [response];
  const fault = roots.map(firstFault).find((finding) => finding !== undefined);
  return fault ?? pass('Children and required attributes are as the schemas want them.');
});

function firstFault(root: Element): Finding | undefined {
  for (const [name, places] of ORDER)
    for (const element of everyNamed(root, name)) {
      const fault = misplaced(element, places);
      if (fault)
        return fail(
          `In ${nameOf(element)} ${fault}.`,
          'SPs that validate against the schemas refuse it (SAML Core 2.3.3, 3.2.2).',
        );
    }
  for (const [name, required, fits] of REQUIRED)
    for (const element of everyNamed(root, name)) {
      const value = attribute(element, required);
      if (value === undefined || !fits(value))
        return fail(
          `${element.localName}/@${required} is ${quote(value)}.`,
          'The schemas require it, of another form.',
        );
    }
  return undefined;
}

function misplaced(parent: Element, places: readonly Place[]): string | undefined {
  let at = 0;
  const counts = places.map(() => 0);
  for (const child of childElements(parent)) {
    const index = places.findIndex(([names]) => names.some((name) => isNamed(child, name)));
    if (index === -1) return `stands ${nameOf(child)}, which does not belong there`;
    if (index < at) return `${child.localName} stands too late`;
    at = index;
    counts[index]!++;
    if (counts[index]! > 1 && places[index]![2] === 1) return `${child.localName} stands more than once`;
  }
  const missing = places.find(([, minimum], index) => counts[index]! < minimum);
  return missing && `${missing[0].map((name) => name.split(':')[1]).join(' or ')} is missing`;
}
