/** Work of which so many pieces go on at once; the others wait for their turn, in the order they came. */
export class InTurn {
  #going = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(private readonly most: number) {}

  async run<Value>(work: () => Promise<Value>): Promise<Value> {
    if (this.#going >= this.most) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#going++;
    try {
      return await work();
    } finally {
      // whoever is next takes this place over
      const next = this.#waiting.shift();
      if (next) next();
      else this.#going--;
    }
  }
}
