// An independent walk of a site with another parser: what a crawl should have found.
import { Parser } from 'htmlparser2';

export const clean = (text) => text.replace(/[\t\n\f\r ]+/g, ' ').trim();

/** Title, first h1 and links of a page. */
function read(html) {
  const found = { title: null, h1: null, links: [] };
  let open = null; // which of the two we are in, and how deep in elements of its own name
  let depth = 0;
  const parser = new Parser({
    onopentag(name, attributes) {
      if (name === 'a' && attributes.href !== undefined) found.links.push(attributes.href);
      if (open === name) depth++;
      else if (open === null && (name === 'title' || name === 'h1') && found[name] === null) {
        open = name;
        depth = 1;
        found[name] = '';
      }
    },
    ontext(text) {
      if (open !== null) found[open] += text;
    },
    onclosetag(name) {
      if (name === open && --depth === 0) open = null;
    },
  });
  parser.end(html);
  for (const name of ['title', 'h1']) if (found[name] !== null) found[name] = clean(found[name]);
  return found;
}

/** From `start` over all links of its host: Map of URL → {status, html, title, h1}. */
export async function walk(start) {
  const { host } = new URL(start);
  const pages = new Map();
  let due = [start];
  const known = new Set(due);
  while (due.length > 0) {
    const next = [];
    const take = async () => {
      for (let url = due.pop(); url !== undefined; url = due.pop()) {
        const answer = await fetch(url, { redirect: 'error' });
        const text = await answer.text();
        const html = (answer.headers.get('content-type') ?? '').startsWith('text/html');
        const page = answer.ok && html ? read(text) : { links: [] };
        pages.set(url, { status: answer.status, html, title: page.title, h1: page.h1 });
        for (const link of page.links) {
          let found;
          try {
            found = new URL(link, url);
          } catch {
            continue;
          }
          found.hash = '';
          if (!/^https?:$/.test(found.protocol) || found.host !== host || known.has(found.href)) continue;
          known.add(found.href);
          next.push(found.href);
        }
      }
    };
    await Promise.all(Array.from({ length: 8 }, take));
    due = next;
  }
  return pages;
}
