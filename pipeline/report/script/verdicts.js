"use strict";
/* What the analyst says of stars: kept by the browser, handed on as a table that `swope label --from` reads. */
(() => {
  const KEY = `swope verdicts ${location.pathname}`;
  let said = {};
  try {
    said = JSON.parse(localStorage.getItem(KEY)) || {};
  } catch {
    // a browser may forbid a page from disk to keep anything: then it lasts as long as the page is open
  }

  const key = (name, source) => JSON.stringify([name, source]);
  const cell = (text) => {
    // as Swope writes CSV (swope.pipeline.catalog.as_csv): no spreadsheet runs a star's name
    const safe = /^'*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/.test(text) ? `'${text}` : text;
    return `"${safe.replaceAll('"', '""')}"`;
  };

  swope.verdicts = {
    of: (name, source) => said[key(name, source)] || null,
    say: (name, source, word) => {
      if (word === null) delete said[key(name, source)];
      else said[key(name, source)] = word;
      try {
        localStorage.setItem(KEY, JSON.stringify(said));
      } catch { /* as above */ }
    },
    count: () => Object.keys(said).length,
    table: () => ["object_id,source,verdict", ...Object.entries(said).map(([star, word]) =>
      [...JSON.parse(star).map((text) => cell(text ?? "")), cell(word)].join(","))].join("\n") + "\n",
  };

  /* The run's folder, where the page was opened from disk. */
  swope.folder = () => {
    const place = decodeURIComponent(location.pathname);
    return location.protocol === "file:" && place.endsWith("/report/index.html")
      ? place.slice(0, -"/report/index.html".length) : "DIR";
  };

  /* A word as a shell takes it. */
  swope.quoted = (word) => /^[\w./:+,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
})();
