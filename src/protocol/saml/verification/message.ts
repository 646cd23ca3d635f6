/** From the form field to the Response element: decode, parse, root, status. */
import { STATUS } from '../names.js';
import { decodeBase64 } from '../message-encoding.js';
import { SamlError } from '../saml-error.js';
import { decodeUtf8, parseXml, RESPONSE_LIMITS } from '../../xml/parse.js';
import { attribute, childAt, childNamed, isNamed, nameOf, text } from '../../xml/reading.js';
import { fail, pass, quote, step, type Evidence, type Finding, type SamlResponseInput } from './evidence.js';

/** Far above any real response; a transaction's own never comes near. */
const MAXIMUM_CHARACTERS = 12 * 1024 * 1024;

export const decode = (input: SamlResponseInput) =>
  step('decode', [], () => {
    const given = 'xml' in input ? input.xml : input.SAMLResponse;
    if (typeof given !== 'string')
      return fail('There is no text to read.', 'Give SAMLResponse, the base64 of the form field.');
    if (given.length > MAXIMUM_CHARACTERS)
      return fail(
        `It has ${given.length} characters; at most ${MAXIMUM_CHARACTERS} are read.`,
        'A response of this size is none that a browser could post.',
      );
    if ('xml' in input) return pass('Given as XML text.', { learnt: { xml: given.replace(/^\uFEFF/, '') } });
    return named(() => {
      const bytes = decodeBase64(given);
      if (bytes.length > 0 && !/^[<\s\xEF\xFE\xFF]/.test(bytes.toString('latin1', 0, 1)))
        return fail(
          'The base64 does not hold XML.',
          'A Response goes by HTTP-POST as base64 of the XML itself, never deflated (SAML Bindings 3.5.4).',
        );
      return pass(`base64 of ${bytes.length} bytes of UTF-8.`, {
        data: { bytes: bytes.length },
        learnt: { xml: decodeUtf8(bytes) },
      });
    }, 'Send the value of the form field SAMLResponse as it is, URL-decoded once.');
  });

export const parse = step('parse', ['xml'], ({ xml }) =>
  named(() => {
    const response = parseXml(xml, RESPONSE_LIMITS).documentElement!;
    return pass('Well-formed XML with one root and no DOCTYPE.', { learnt: { response } });
  }, 'Something between the IdP and here has changed the text, or the IdP joins strings where it should escape them.'),
);

export const root = step('root', ['response'], ({ response }) => {
  if (!isNamed(response, 'samlp:Response'))
    return fail(
      `The root is ${nameOf(response)}.`,
      isNamed(response, 'saml:Assertion')
        ? 'A bare Assertion is no answer: it must stand in a samlp:Response.'
        : 'It must be Response of the namespace urn:oasis:names:tc:SAML:2.0:protocol.',
      { learnt: { response: undefined } },
    );
  const version = attribute(response, 'Version');
  if (version !== '2.0')
    return fail(`Response/@Version is ${quote(version)}.`, 'It must be "2.0" (SAML Core 3.2.2).');
  return pass(`samlp:Response, Version 2.0, ID ${quote(attribute(response, 'ID'))}.`, {
    data: { id: attribute(response, 'ID'), issueInstant: attribute(response, 'IssueInstant') },
  });
});

/** A Response that says no is authentic, maybe, but no login. */
export const status = step('status', ['response'], ({ response }) => {
  const top = childAt(response, 'samlp:Status', 'samlp:StatusCode');
  const code = attribute(top, 'Value');
  const subCode = attribute(childNamed(top, 'samlp:StatusCode'), 'Value');
  const message = text(childAt(response, 'samlp:Status', 'samlp:StatusMessage'));
  const data = { code, subCode, message };
  if (code === STATUS.success) return pass('Success.', { data, learnt: { success: true } });
  return fail(
    code === undefined
      ? 'There is no StatusCode.'
      : `The IdP answers ${[code, subCode].filter(Boolean).map(short).join(' / ')}${message ? `: ${quote(message)}` : ''}.`,
    'The login was refused, so there is no assertion; the timeline of the transaction says why (an Action that denies, a fault in the configuration, a wish of the request that cannot be met).',
    { data, learnt: { success: false } },
  );
});

const short = (uri: string | undefined): string => (uri ?? '').split(':').at(-1) ?? '';

/** A SamlError as a failed step. */
export function named<Learnt = Evidence>(act: () => Finding<Learnt>, hint: string): Finding<Learnt> {
  try {
    return act();
  } catch (error) {
    if (error instanceof SamlError)
      return fail(sentence(error.description), hint, { data: { code: error.code } });
    throw error;
  }
}
/** A capital in front, but not on a setting's name. */
export const sentence = (words: string): string =>
  /^[a-z]+[A-Z]/.test(words) ? `${words}.` : `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
