/**
 * What another process does with a database: `open <url>` opens it on a word from its parent, and tells when it has;
 * `write <url>` inserts until it is killed, and tells after each.
 */
import { once } from 'node:events';
import { openDataSource } from '../../src/storage/data-source.js';
import { TransactionStore } from '../../src/storage/transaction-store.js';
import { aTransaction } from './samples.js';

const [task, url] = process.argv.slice(2);
if (task === 'open') {
  process.stdout.write('ready\n');
  await once(process.stdin, 'data');
}
const dataSource = await openDataSource(url!);
if (task === 'open') {
  process.stdout.write('open\n');
  await dataSource.destroy();
  process.stdin.destroy();
} else {
  const store = new TransactionStore(dataSource);
  for (let index = 0; ; index += 1) {
    await store.insert(aTransaction(`txn_${index}`, { assertionXml: 'x'.repeat(8_000) }));
    process.stdout.write(`${index}\n`);
  }
}
