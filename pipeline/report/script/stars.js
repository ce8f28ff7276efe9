"use strict";
/* The stars of the run, unpacked from the page: swope.stars(), a promise of { n, get(name, row), text(name, row) }. */
const swope = {};
(() => {
  // a loop: a function for each of some million letters takes its time
  const bytes = (text) => {
    const letters = atob(text), found = new Uint8Array(letters.length);
    for (let i = 0; i < letters.length; i += 1) found[i] = letters.charCodeAt(i);
    return found;
  };

  const unpacked = async () => {
    const stream = new Blob([bytes(document.getElementById("gallery-data").textContent)]).stream().pipeThrough(new DecompressionStream("deflate"));
    return JSON.parse(await new Response(stream).text());
  };

  swope.stars = async () => {
    const data = await unpacked();
    const columns = data.columns;
    // texts are numbered: a column of them is { values, at }
    const get = (name, row) => {
      const column = columns[name];
      if (!column) return null;
      if (Array.isArray(column)) return column[row];
      return column.at[row] < 0 ? null : column.values[column.at[row]];
    };
    const picture = (row) => {
      const packed = data.pictures[row];
      return packed === undefined ? null : bytes(packed);
    };
    return {
      n: data.n, events: data.events, archives: data.archives, get, picture, values: (name) => columns[name].values,
    };
  };

  swope.element = (name, attributes = {}, ...children) => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (value !== null && value !== false) made.setAttribute(key, value === true ? "" : value);
    }
    made.append(...children.filter((child) => child !== null));
    return made;
  };

  swope.number = (value, digits) => {
    if (value === null || value === undefined) return "";
    const size = Math.abs(value);
    if (size !== 0 && (size < 1e-4 || size >= 1e7)) return value.toExponential(digits - 1);
    return String(Number(value.toPrecision(digits)));
  };

  swope.colour = (place) => getComputedStyle(document.documentElement).getPropertyValue(`--mark-${place % 7}`).trim();
})();
