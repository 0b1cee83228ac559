/** The API, its admission and its contexts in a process of their own, so that whoever measures them has a loop of their own. */
import { admittingShop } from './fixtures/admitting-shop.ts';

const mebi = 2 ** 20;
const shop = await admittingShop({
  limits: {
    bodyBytes: 4 * mebi,
    contextBytes: 64 * mebi,
    uploadBytes: 8 * 1024 * 1024,
    connections: { all: 1000, perAddress: 500 },
    waitsPerToken: 500,
  },
});

const { url } = await shop.listen();
process.on('disconnect', () => {
  void shop[Symbol.asyncDispose]();
});
process.send?.({ url, authorization: shop.auth.authorization });
