"use strict";
/* Pictures on canvas: small light curves and folds, and period against amplitude. */
(() => {
  const SHAPES = [
    (c, x, y, r) => c.arc(x, y, r, 0, 2 * Math.PI),
    (c, x, y, r) => c.rect(x - r, y - r, 2 * r, 2 * r),
    (c, x, y, r) => { c.moveTo(x, y - r); c.lineTo(x + r, y + r); c.lineTo(x - r, y + r); c.closePath(); },
    (c, x, y, r) => { c.moveTo(x, y - 1.3 * r); c.lineTo(x + r, y); c.lineTo(x, y + 1.3 * r); c.lineTo(x - r, y); c.closePath(); },
    (c, x, y, r) => { c.moveTo(x, y + r); c.lineTo(x + r, y - r); c.lineTo(x - r, y - r); c.closePath(); },
    (c, x, y, r) => { c.rect(x - r, y - r / 3, 2 * r, r / 1.5); c.rect(x - r / 3, y - r, r / 1.5, 2 * r); },
    (c, x, y, r) => c.arc(x, y, r / 1.4, 0, 2 * Math.PI),
  ];

  const sized = (canvas) => {
    const ratio = Math.min(window.devicePixelRatio || 1, 2);
    const width = canvas.clientWidth || canvas.width, height = canvas.clientHeight || canvas.height;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    const context = canvas.getContext("2d");
    context.scale(ratio, ratio);
    return { context, width, height };
  };

  const ink = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  /* Points are four bytes each: time, brightness (0 and 255: beyond the axis), phase, place of the band. */
  swope.drawStar = (canvas, points, folded) => {
    const { context, width, height } = sized(canvas);
    const edge = 5, wide = width - 2 * edge, high = height - 2 * edge;
    const size = Math.max(1.1, Math.min(2.2, width / 130));
    for (let i = 0; i < points.length; i += 4) {
      const [time, bright, phase, band] = points.subarray(i, i + 4);
      const y = edge + high * (1 - bright / 255);
      for (const x of folded ? [phase / 512, 0.5 + phase / 512] : [time / 255]) {
        context.beginPath();
        context.fillStyle = swope.colour(band);
        const shape = bright === 255 ? SHAPES[2] : bright === 0 ? SHAPES[4] : SHAPES[band % 7];
        shape(context, edge + wide * x, y, bright === 0 || bright === 255 ? 3 : size);
        context.fill();
      }
    }
  };

  /* The mark of a class in the picture, for its legend. */
  swope.drawMark = (canvas, place) => {
    const { context } = sized(canvas);
    context.fillStyle = swope.colour(place);
    context.beginPath();
    SHAPES[place](context, 7, 7, 4.5);
    context.fill();
  };

  const ticks = (low, high) => {
    const found = [];
    for (let power = Math.floor(low); power <= high; power += 1) {
      for (const factor of high - low > 3 ? [1] : [1, 2, 5]) {
        const at = power + Math.log10(factor);
        if (at >= low && at <= high) found.push(at);
      }
    }
    return found;
  };

  /* Amplitude against period of some stars; gives the row nearest to a point of the picture, or null. */
  swope.drawDiagram = (canvas, stars, rows, place, chosen) => {
    const { context, width, height } = sized(canvas);
    const shown = rows.filter((row) =>
      stars.get("period", row) > 0 && stars.get("amplitude", row) > 0 && stars.get("kind", row) === "mag");
    if (!shown.length) {
      context.fillStyle = ink("--soft");
      context.font = "15px system-ui, sans-serif";
      context.fillText("None of these stars has a period and an amplitude in magnitudes.", 20, 40);
      return () => null;
    }
    const xs = shown.map((row) => Math.log10(stars.get("period", row)));
    const ys = shown.map((row) => Math.log10(stars.get("amplitude", row)));
    const range = (values) => {
      let low = Infinity, high = -Infinity;
      for (const value of values) { low = Math.min(low, value); high = Math.max(high, value); }
      // a decade at least, so that there are ticks around a single star
      const room = Math.max(0.04 * (high - low), 0.5 * (1 - (high - low)));
      return [low - room, high + room];
    };
    const [left, right] = range(xs), [bottom, top] = range(ys);
    const box = { x: 62, y: 10, wide: width - 76, high: height - 58 };
    const px = xs.map((x) => box.x + box.wide * (x - left) / (right - left));
    const py = ys.map((y) => box.y + box.high * (1 - (y - bottom) / (top - bottom)));
    context.strokeStyle = context.fillStyle = ink("--soft");
    context.strokeRect(box.x, box.y, box.wide, box.high);
    context.font = "13px system-ui, sans-serif";
    context.textAlign = "center";
    const words = (at) => String(Number((10 ** at).toPrecision(1)));
    for (const at of ticks(left, right)) {
      const x = box.x + box.wide * (at - left) / (right - left);
      context.fillRect(x, box.y + box.high, 1, 5);
      context.fillText(words(at), x, box.y + box.high + 19);
    }
    context.fillText("period [d]", box.x + box.wide / 2, height - 8);
    context.textAlign = "right";
    for (const at of ticks(bottom, top)) {
      const y = box.y + box.high * (1 - (at - bottom) / (top - bottom));
      context.fillRect(box.x - 5, y, 5, 1);
      context.fillText(words(at), box.x - 8, y + 4);
    }
    context.save();
    context.translate(15, box.y + box.high / 2);
    context.rotate(-Math.PI / 2);
    context.textAlign = "center";
    context.fillText("amplitude [mag]", 0, 0);
    context.restore();
    const size = shown.length > 5000 ? 1.5 : shown.length > 500 ? 2.2 : 3.4;
    context.globalAlpha = shown.length > 2000 ? 0.5 : 0.85;
    const marks = shown.map(place);
    for (let mark = 6; mark >= 0; mark -= 1) {
      context.beginPath();
      marks.forEach((one, i) => {
        if (one !== mark) return;
        context.moveTo(px[i] + size, py[i]);
        SHAPES[mark](context, px[i], py[i], size);
      });
      context.fillStyle = swope.colour(mark);
      context.fill();
    }
    context.globalAlpha = 1;
    const at = shown.indexOf(chosen);
    if (at >= 0) {
      context.strokeStyle = ink("--ink");
      context.lineWidth = 2;
      context.beginPath();
      context.arc(px[at], py[at], 9, 0, 2 * Math.PI);
      context.stroke();
    }
    return (x, y) => {
      let best = null, least = 24 ** 2;
      px.forEach((one, i) => {
        const away = (one - x) ** 2 + (py[i] - y) ** 2;
        if (away < least) { least = away; best = shown[i]; }
      });
      return best;
    };
  };
})();
