"use strict";
/* The gallery: find, sort, look through and judge the stars of the run. */
(async () => {
  const part = (id) => document.getElementById(id);
  if (!part("gallery-data")) return;
  let stars;
  try {
    stars = await swope.stars();
  } catch {
    part("gallery-count").textContent = "This browser is too old for the gallery; the tables hold all of it.";
    return;
  }
  const STEP = 24;
  const { get } = stars;
  const { element, number } = swope;
  const collator = new Intl.Collator("en", { numeric: true });
  const form = part("find"), tiles = part("tiles"), panel = part("star-panel");
  const canvas = part("diagram");
  let rows = [], shown = 0, chosen = null, nearest = () => null;

  // the most frequent classes have a mark of their own in the picture
  const frequency = new Map();
  for (let row = 0; row < stars.n; row += 1) {
    const name = get("class", row);
    if (name !== null) frequency.set(name, (frequency.get(name) || 0) + 1);
  }
  const classes = [...frequency.keys()].sort((a, b) => frequency.get(b) - frequency.get(a) || (a < b ? -1 : 1));
  const places = new Map(classes.slice(0, 6).map((name, i) => [name, i]));
  const place = (row) => places.get(get("class", row)) ?? 6;

  const fill = (select, entries) => {
    for (const [value, words] of entries) select.append(element("option", { value }, words));
  };
  fill(part("find-class"), classes.map((name) => [name, `${name} (${frequency.get(name)})`]));
  fill(part("find-event"), stars.events.map((name) => [name, name]));
  fill(part("find-detector"), stars.values("detector").map((name) => [name, name]));

  const haystack = new Map();
  const words = (row) => {
    if (!haystack.has(row)) {
      const texts = ["id", "source", "class", "status", "flag", "reason"].map((name) => get(name, row) ?? "");
      haystack.set(row, texts.join(" ").toLowerCase());
    }
    return haystack.get(row);
  };

  const verdict = (row) => swope.verdicts.of(get("id", row), get("source", row)) ?? get("verdict", row);

  const filtered = () => {
    const asked = form.elements;
    const text = asked.text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const event = stars.events.indexOf(asked.event.value);
    const inside = (name, row) => {
      const [low, high] = [asked[`${name}-from`].value, asked[`${name}-to`].value];
      if (low === "" && high === "") return true;
      const value = get(name, row);
      return value !== null && (low === "" || value >= Number(low)) && (high === "" || value <= Number(high));
    };
    const found = [];
    for (let row = 0; row < stars.n; row += 1) {
      if (asked.class.value && get("class", row) !== asked.class.value) continue;
      if (event >= 0 && !(get("events", row) & (1 << event))) continue;
      if (asked.detector.value && get("detector", row) !== asked.detector.value) continue;
      if (asked.status.value && get("status", row) !== asked.status.value) continue;
      if (asked.verdict.value && (verdict(row) ?? "none") !== asked.verdict.value) continue;
      if (!inside("period", row) || !inside("amplitude", row)) continue;
      if (text.length && !text.every((word) => words(row).includes(word))) continue;
      found.push(row);
    }
    const by = asked.sort.value, direction = part("direction").getAttribute("aria-pressed") === "true" ? -1 : 1;
    if (by === "rank" && direction === 1) return found;
    const value = by === "verdict" ? verdict : (row) => get(by, row);
    const keys = new Map(found.map((row) => [row, value(row)]));
    return found.sort((a, b) => {
      const [one, other] = [keys.get(a), keys.get(b)];
      if (one === null || other === null) return (one === null) - (other === null) || a - b;
      const order = typeof one === "number" ? one - other : collator.compare(one, other);
      return direction * order || a - b;
    });
  };

  const short = (row) => {
    const period = get("period", row), amplitude = get("amplitude", row);
    return [
      get("class", row) ?? (get("status", row) === "ok" ? "no class" : get("status", row)),
      period === null ? null : `${number(period, 5)} d`,
      amplitude === null ? null : `${number(amplitude, 2)} ${get("unit", row) ?? ""}`.trim(),
      get("n_events", row) ? `${get("n_events", row)} event${get("n_events", row) > 1 ? "s" : ""}` : null,
    ].filter((word) => word !== null).join(" · ");
  };

  const tile = (row) => {
    const points = stars.picture(row);
    const picture = points
      ? element("canvas", { "aria-hidden": "true" })
      : element("span", { class: "absent", "aria-hidden": "true" }, "no picture here");
    const rank = get("rank", row), said = verdict(row);
    const button = element("button", { type: "button", class: "tile", "data-row": row },
      picture,
      element("span", { class: "name" }, rank === null ? "" : `${rank}. `, element("bdi", {}, get("id", row))),
      element("span", { class: "soft" }, short(row)),
      element("span", { class: "said" }, said ?? ""));
    if (points) drawing.observe(picture);
    return element("li", {}, button);
  };

  // pictures are drawn when they come into view, or are printed
  const draw = (picture) => {
    const row = Number(picture.closest("button").dataset.row);
    // a fold with a period that noise gives as well shows nothing
    swope.drawStar(picture, stars.picture(row), get("period", row) !== null && !(get("fap", row) > 0.01));
  };
  const drawing = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      drawing.unobserve(entry.target);
      draw(entry.target);
    }
  }, { rootMargin: "300px" });
  const redraw = () => {
    for (const picture of tiles.querySelectorAll("canvas")) draw(picture);
    if (chosen !== null) show(chosen);
    diagram();
  };

  const more = (count) => {
    const next = rows.slice(shown, shown + count);
    tiles.append(...next.map(tile));
    shown += next.length;
    part("more").hidden = shown >= rows.length;
  };

  // it lies below the list, and a hundred thousand marks take a moment: it is drawn when it comes into view
  let inView = false;
  const diagram = () => {
    if (inView) nearest = swope.drawDiagram(canvas, stars, rows, place, chosen);
  };
  new IntersectionObserver((entries) => {
    inView = entries[entries.length - 1].isIntersecting;
    diagram();
  }).observe(canvas);

  const refresh = () => {
    rows = filtered();
    shown = 0;
    tiles.replaceChildren();
    more(STEP);
    part("gallery-count").textContent = `${rows.length.toLocaleString("en")} of ${stars.n.toLocaleString("en")} stars`;
    diagram();
    mark();
  };

  const mark = () => {
    for (const button of tiles.querySelectorAll("button")) {
      if (Number(button.dataset.row) === chosen) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
    }
  };

  const link = (href, text) => element("a", { href, target: "_blank", rel: "noopener noreferrer" }, text);

  const links = (row) => {
    const ra = get("ra", row), dec = get("dec", row);
    if (ra === null || dec === null) return null;
    const at = encodeURIComponent(`${ra.toFixed(5)} ${dec < 0 ? "" : "+"}${dec.toFixed(5)}`);
    return element("span", {}, ...stars.archives.flatMap(([name, address]) => [link(address.replace("{}", at), name), " "]));
  };

  const show = (row) => {
    const name = get("id", row), source = get("source", row) ?? "", points = stars.picture(row);
    const place = get("card", row), said = verdict(row);
    const command = `swope show ${swope.quoted(swope.folder())} ${swope.quoted(name)}`;
    const facts = [
      ["class", get("class", row) === null ? null : `${get("class", row)}, probability ${number(get("prob", row), 2)}`],
      ["period", get("period", row) === null ? null : `${number(get("period", row), 7)} d`],
      ["it may be", get("flag", row)],
      ["false alarm", get("fap", row) === null ? null : number(get("fap", row), 2)],
      ["amplitude", get("amplitude", row) === null ? null : `${number(get("amplitude", row), 3)} ${get("unit", row) ?? ""}`],
      ["points", get("n", row)],
      ["p-value", get("p", row) === null ? null : number(get("p", row), 2)],
      ["events", stars.events.filter((_, i) => get("events", row) & (1 << i)).join(", ") || null],
      ["why", get("reason", row)],
      ["elsewhere", links(row)],
      ["source", source || null],
      ["closer", place === null ? element("code", { class: "copy" }, command)
        : element("a", { href: `#star-${place}` }, "all its pictures")],
    ].filter(([, value]) => value !== null && value !== "");
    const pictures = !points ? [] : [["Light curve", false], ...(get("period", row) === null ? [] : [["Folded", true]])].map(
      ([words, folded]) => {
        const drawn = element("canvas", { role: "img", "aria-label": `${words} of ${name}` });
        requestAnimationFrame(() => swope.drawStar(drawn, points, folded));
        return element("figure", {}, drawn, element("figcaption", {}, words));
      });
    const judge = ["interesting", "boring", "artifact"].map((word) => {
      const button = element("button", { type: "button", "aria-pressed": String(said === word) }, word,
        element("kbd", {}, word[0]));
      button.addEventListener("click", () => say(word));
      return button;
    });
    panel.replaceChildren(
      element("h3", {}, get("rank", row) === null ? "" : `${get("rank", row)}. `, element("bdi", {}, name)),
      element("div", { class: "judge", role: "group", "aria-label": "verdict" }, ...judge),
      ...pictures,
      element("dl", {}, ...facts.flatMap(([term, value]) => [element("dt", {}, term),
        element("dd", {}, value instanceof Node ? value : String(value))])));
    panel.hidden = false;
  };

  const choose = (row, focus = false) => {
    chosen = row;
    const at = rows.indexOf(row);
    while (at >= shown && shown < rows.length) more(STEP);
    mark();
    show(row);
    diagram();
    const button = tiles.querySelector(`button[data-row="${row}"]`);
    if (button && focus) button.focus({ preventScroll: true });
    if (button && focus) button.scrollIntoView({ block: "nearest" });
  };

  const say = (word) => {
    if (chosen === null) return;
    const name = get("id", chosen), source = get("source", chosen) ?? "";
    swope.verdicts.say(name, source, swope.verdicts.of(name, source) === word ? null : word);
    const button = tiles.querySelector(`button[data-row="${chosen}"] .said`);
    if (button) button.textContent = verdict(chosen) ?? "";
    show(chosen);
    tell();
  };

  const tell = () => {
    const count = swope.verdicts.count();
    part("verdicts").hidden = count === 0;
    part("verdict-count").textContent = `${count} star${count === 1 ? "" : "s"} judged`;
    part("verdict-command").textContent = `swope label ${swope.quoted(swope.folder())} --from verdicts.csv`;
  };

  const step = (by) => {
    if (!rows.length) return;
    const at = rows.indexOf(chosen);
    choose(rows[at < 0 ? 0 : Math.max(0, Math.min(rows.length - 1, at + by))], true);
  };

  const KEYS = {
    n: () => step(1), j: () => step(1), ArrowRight: () => step(1),
    p: () => step(-1), k: () => step(-1), ArrowLeft: () => step(-1),
    i: () => say("interesting"), b: () => say("boring"), a: () => say("artifact"),
    "/": () => form.elements.text.focus(),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.matches("input, select, textarea, [role=region]")) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    if (!Object.hasOwn(KEYS, event.key)) return;
    event.preventDefault();
    KEYS[event.key]();
  });

  tiles.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button) choose(Number(button.dataset.row));
  });
  canvas.addEventListener("click", (event) => {
    const row = nearest(event.offsetX, event.offsetY);
    if (row !== null) choose(row);
  });
  part("more").addEventListener("click", () => { more(STEP); mark(); });
  part("direction").addEventListener("click", (event) => {
    const pressed = event.currentTarget.getAttribute("aria-pressed") === "true";
    event.currentTarget.setAttribute("aria-pressed", String(!pressed));
    refresh();
  });
  part("verdict-save").addEventListener("click", () => {
    const address = URL.createObjectURL(new Blob([swope.verdicts.table()], { type: "text/csv" }));
    element("a", { href: address, download: "verdicts.csv" }).click();
    setTimeout(() => URL.revokeObjectURL(address), 1000);
  });
  for (const button of document.querySelectorAll("button[data-class]")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      form.reset();
      form.elements.class.value = button.dataset.class;
      refresh();
      part("gallery").scrollIntoView();
    });
  }
  let waiting = 0;
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(refresh, 60);
  });
  form.addEventListener("reset", () => setTimeout(refresh));
  form.addEventListener("submit", (event) => event.preventDefault());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  addEventListener("resize", () => { clearTimeout(waiting); waiting = setTimeout(redraw, 150); });
  addEventListener("beforeprint", () => {
    document.documentElement.dataset.printing = "true";
    inView = true;
    redraw();
  });
  addEventListener("afterprint", () => {
    delete document.documentElement.dataset.printing;
    redraw();
  });

  const legend = part("diagram-legend");
  classes.slice(0, 6).forEach((name, i) => {
    const swatch = element("canvas", { width: "14", height: "14", "aria-hidden": "true" });
    swatch.style.width = swatch.style.height = "14px";
    legend.append(element("li", {}, swatch, name));
    requestAnimationFrame(() => swope.drawMark(swatch, i));
  });
  if (classes.length > 6) legend.append(element("li", { class: "soft" }, "others in grey"));
  form.hidden = part("gallery-keys").hidden = false;
  refresh();
  tell();
  document.documentElement.dataset.ready = "true";
})();
