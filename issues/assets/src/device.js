// Words that the desk does not have yet, kept on this device (IndexedDB). They are offered again, never put back unasked.

const DATABASE = "newsroom";
const STORE = "unsaved";

function opened() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function inStore(mode, act) {
  try {
    const database = await opened();
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction(STORE, mode);
      const request = act(transaction.objectStore(STORE));
      transaction.oncomplete = () => {
        database.close();
        resolve(request.result);
      };
      transaction.onabort = transaction.onerror = () => reject(transaction.error);
    });
  } catch {
    return undefined; // a private window without a store: the page itself still has the words
  }
}

/** The unsaved words of one person in one issue. */
export class Device {
  constructor(person, issue) {
    this.key = `${person}:${issue}`;
  }

  /** @param {{at: string, blocks: object[], head: object, order: string[] | null}} words */
  keep(words) {
    return inStore("readwrite", (store) => store.put(words, this.key));
  }

  kept() {
    return inStore("readonly", (store) => store.get(this.key));
  }

  forget() {
    return inStore("readwrite", (store) => store.delete(this.key));
  }
}
