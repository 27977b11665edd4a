/** A random key. crypto.randomUUID would do, but browsers hand it out only to pages by HTTPS or of this very machine. */
export function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
