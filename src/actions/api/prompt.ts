/** `api.prompt`: a form (actions-api.md 9). */
import { boundedStringOf, isObject, objectOf, optionsOf, shown, textOf, type Fields } from './arguments.js';
import { setter, type ApiRun, type Member } from './member.js';
import { jsonBytes, plainJson } from './plain-json.js';

const LONGEST_ID = 48;
const MOST_ENTRIES = 24;
const MOST_BYTES = 24 * 1024;

/** Of an Action that wants a form and a redirect: the browser can only go to one of them. */
export const PROMPT_AND_REDIRECT = 'Redirect and render commands cannot be used in the same action.';

function entriesOf(name: string, value: unknown): Fields | undefined {
  if (value === undefined) return undefined;
  const entries = objectOf(name, value);
  if (Object.keys(entries).length > MOST_ENTRIES)
    throw new Error(`${name} must NOT have more than ${MOST_ENTRIES} properties`);
  return entries;
}

function fieldsOf(value: unknown): Fields | undefined {
  const fields = entriesOf('fields', value);
  const misnamed = Object.keys(fields ?? {}).find((key) => !/^[A-Za-z_][A-Za-z0-9_]{0,49}$/.test(key));
  if (misnamed !== undefined)
    throw new Error(
      `fields must NOT have additional properties: ${shown(misnamed)} is no name of a field; it begins with a letter or _, and goes on with at most 49 letters, digits and _`,
    );
  return fields;
}

function render({ wishes }: ApiRun, [promptId, promptOptions]: readonly unknown[]): void {
  if (wishes.redirect !== null) throw new Error(PROMPT_AND_REDIRECT);
  if (wishes.interactions.some(({ kind }) => kind === 'prompt'))
    throw new Error('Only 1 render command per action is allowed.');
  const id = boundedStringOf('promptId', textOf('promptId', promptId), LONGEST_ID);
  const given = optionsOf('promptOptions', promptOptions ?? {}, ['fields', 'vars']);
  const fields = fieldsOf(given['fields']);
  const vars = entriesOf('vars', given['vars']);
  const options = plainJson({ fields, vars });
  if (jsonBytes(options) > MOST_BYTES)
    throw new Error(`The total size of the prompt options exceeds the limit of ${MOST_BYTES} bytes.`);
  wishes.interactions.push({
    kind: 'prompt',
    member: 'prompt.render',
    detail: { id, ...(isObject(options) && options) },
  });
}

export const PROMPT: readonly Member[] = [setter('prompt.render', render)];
