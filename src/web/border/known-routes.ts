import { distanceTo } from '../../protocol/nearest-name.js';
import { BorderError } from './border-error.js';

/** HEAD and OPTIONS come along by themselves; nobody asks for them by name. */
const SILENT_METHODS = new Set(['HEAD', 'OPTIONS', 'TRACE']);

/** The routes as they were registered, to explain a request that fits none of them. */
export class KnownRoutes {
  private readonly methodsByUrl = new Map<string, Set<string>>();

  /** `url` is a pattern: `/api/transactions/:id`. */
  add(methods: string | readonly string[], url: string): void {
    const known = this.methodsByUrl.get(url) ?? new Set();
    for (const method of [methods].flat()) if (!SILENT_METHODS.has(method)) known.add(method);
    if (known.size > 0) this.methodsByUrl.set(url, known);
  }

  /** Why no route takes this request: `method_not_allowed` (with Allow, RFC 9110 15.5.6) or `route_not_found`, with the nearest. */
  explain(method: string, path: string): BorderError {
    const segments = path.split('/');
    let nearest: string | undefined;
    let least = Infinity;
    for (const [url, methods] of this.methodsByUrl) {
      const pattern = url.split('/');
      if (pattern.length !== segments.length) continue;
      const parametersAside = segments.map((segment, index) =>
        pattern[index]!.startsWith(':') && segment !== '' ? pattern[index]! : segment,
      );
      if (parametersAside.join('/') === url) return notAllowed(method, url, methods);
      const distance = distanceTo(parametersAside.join('/'), url) ?? Infinity;
      if (distance < least) [nearest, least] = [url, distance];
    }
    const hint = nearest === undefined ? '; /docs lists the routes' : `; did you mean ${nearest}?`;
    return new BorderError('route_not_found', `There is no ${shown(path)}${hint}`);
  }
}

function notAllowed(method: string, url: string, methods: ReadonlySet<string>): BorderError {
  const allow = [...methods].toSorted().join(', ');
  return new BorderError('method_not_allowed', `${url} takes ${allow}, not ${shown(method)}.`, {
    headers: { allow },
  });
}

const shown = (text: string): string => (text.length <= 200 ? text : `${text.slice(0, 200)}…`);
