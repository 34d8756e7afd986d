"use strict";
// The spectrum of a target, and below it its residual; a part of it when zoomed.
specframe.spectrumPlot = (svg, data) => {
  const { element, scale, widened, ticks, path } = specframe;
  const x = data.wavelength;
  let wide = 820;
  const narrow = () => wide < 560;
  const steps = x.slice(1).map((value, i) => value - x[i]);
  const usual = steps.length > 1 ? [...steps].sort((a, b) => a - b)[Math.floor(steps.length / 2)] : Infinity;
  const full = widened(x[0], x[x.length - 1], 0.02);
  let view = [...full];
  let target = null;
  let across = null;
  let panels = null;
  let layer = null;
  let radius = 0;

  // gaps between instruments are not bridged
  const broken = (points) =>
    points.flatMap((point, i) => (i > 0 && steps[i - 1] > 5 * usual ? [[NaN, NaN], point] : [point]));
  const visible = (i) => x[i] >= view[0] && x[i] <= view[1];

  const frame = (group, low, high, up, bottom, number, labelled) => {
    for (const [value, text] of ticks(low, high, number)) {
      group.append(element("path", { class: "grid", d: `M${across.start} ${up(value).toFixed(1)}H${across.end}` }));
      group.append(element("text", { class: "tick end", x: across.start - 7, y: up(value) + 4 }, text));
    }
    for (const [value, text] of ticks(view[0], view[1], narrow() ? 4 : 8)) {
      const at = across(value).toFixed(1);
      group.append(element("path", { class: "grid", d: `M${at} ${up.start}V${up.end}` }));
      if (labelled) group.append(element("text", { class: "tick middle", x: at, y: bottom + 17 }, text));
    }
    const box = `M${across.start} ${up.end}H${across.end}V${up.start}H${across.start}Z`;
    group.append(element("path", { class: "axis", d: box }));
  };

  const bars = (low, high, up) =>
    x
      .map((value, i) =>
        visible(i) && Number.isFinite(low[i]) && Number.isFinite(high[i])
          ? `M${across(value).toFixed(1)} ${up(low[i]).toFixed(1)}V${up(high[i]).toFixed(1)}`
          : "",
      )
      .join("");

  // of very many values one path of dots: elements of their own would be slow
  const dots = (group, values, up, r) => {
    const inside = (value) => Math.min(Math.max(up(value), up.end + 2), up.start - 2).toFixed(1);
    const seen = (value, i) => visible(i) && Number.isFinite(value);
    const d = values.map((value, i) => (seen(value, i) ? `M${across(x[i]).toFixed(1)} ${inside(value)}h0` : "")).join("");
    group.append(element("path", { class: "dots", "stroke-width": 2 * r, d }));
  };
  const circles = (group, values, up, r) => {
    if (values.filter((_, i) => visible(i)).length > 1500) {
      dots(group, values, up, 0.6 * r);
      return;
    }
    values.forEach((value, i) => {
      if (!visible(i) || !Number.isFinite(value)) return;
      const at = across(x[i]);
      if (value >= up.low && value <= up.high) {
        group.append(element("circle", { class: "point", cx: at.toFixed(1), cy: up(value).toFixed(1), r, "data-i": i }));
      } else {
        const [edge, way] = value > up.high ? [up.end, 1] : [up.start, -1];
        const d = `M${(at - 4).toFixed(1)} ${edge + 8 * way}h8l-4 ${-7 * way}Z`;
        group.append(element("path", { class: "point", d, "data-i": i }));
      }
    });
  };

  const draw = (shown, options, chosen, width) => {
    target = shown;
    wide = width;
    const [left, right, top, foot] = narrow() ? [58, 6, 10, 44] : [74, 12, 14, 46];
    const residual = target.truth && target.std && target.truth.some(Number.isFinite);
    const height = narrow() ? 220 : 300;
    const below = residual ? 105 : 0;
    const gap = residual ? 16 : 0;
    const bottom = top + height + gap + below;
    across = scale(view[0], view[1], left, width - right);
    const title = svg.querySelector("title");
    svg.replaceChildren(...(title ? [title] : []));
    svg.setAttribute("viewBox", `0 0 ${width} ${bottom + foot}`);

    const reach = [];
    const take = (values) => values.forEach((value, i) => visible(i) && Number.isFinite(value) && reach.push(value));
    take(target.mean);
    if (target.low68) [target.low68, target.high68].forEach(take);
    if (options.wide && target.low95) [target.low95, target.high95].forEach(take);
    if (options.truth && target.truth) take(target.truth);
    if (options.estimate && target.estimate) take(target.estimate);
    const range = reach.length ? widened(Math.min(...reach), Math.max(...reach), 0.05) : [0, 1];
    const up = scale(...range, top + height, top);
    const group = element("g");
    const clip = element("clipPath", { id: "plot-area" });
    clip.append(element("rect", { x: left, y: top, width: width - right - left, height: bottom - top }));
    const inside = element("g", { "clip-path": "url(#plot-area)" });
    frame(group, ...range, up, bottom, narrow() ? 4 : 6, !residual);
    const many = x.filter((_, i) => visible(i)).length > 60;
    const r = many ? 2.3 : 4;
    const line = (values) => path(broken(x.map((value, i) => [across(value), up(values[i])])));
    if (options.wide && target.low95) {
      inside.append(element("path", { class: "error95", d: bars(target.low95, target.high95, up) }));
    }
    if (target.low68) inside.append(element("path", { class: "error", d: bars(target.low68, target.high68, up) }));
    if (options.estimate && target.estimate) {
      x.forEach((value, i) => {
        const y = target.estimate[i];
        if (!visible(i) || !Number.isFinite(y)) return;
        const [at, h] = [across(value), many ? 2.2 : 3.6];
        const d = `M${at - h} ${up(y) - h}l${2 * h} ${2 * h}m0 ${-2 * h}l${-2 * h} ${2 * h}`;
        inside.append(element("path", { class: "estimate", d }));
      });
    }
    circles(inside, target.mean, up, r);
    if (options.truth && target.truth) {
      inside.append(element("path", { class: "truth", d: line(target.truth) }));
      x.forEach((value, i) => {
        // a channel on its own is a dash
        if ((i > 0 && steps[i - 1] <= 5 * usual) || (i < x.length - 1 && steps[i] <= 5 * usual)) return;
        const y = up(target.truth[i]);
        if (Number.isFinite(y)) inside.append(element("path", { class: "truth", d: `M${across(value) - 6} ${y}h12` }));
      });
    }
    const label = data.unit ? `${data.quantity} (${data.unit})` : data.quantity;
    const vertical = (text, middle) =>
      element("text", { class: "label middle", transform: `translate(${narrow() ? 11 : 15} ${middle}) rotate(-90)` }, text);
    group.append(vertical(label, top + height / 2));
    panels = [{ up, values: target.mean }];
    if (residual) {
      const pull = target.mean.map((value, i) => (value - target.truth[i]) / target.std[i]);
      const down = scale(-4, 4, bottom, bottom - below);
      frame(group, -4, 4, down, bottom, 4, true);
      for (const level of [-1, 1]) {
        inside.append(element("path", { class: "level", d: `M${left} ${down(level)}H${width - right}` }));
      }
      inside.append(element("path", { class: "truth", d: `M${left} ${down(0)}H${width - right}` }));
      circles(inside, pull, down, r * 0.85);
      group.append(vertical("Residual (σ)", bottom - below / 2));
      panels.push({ up: down, values: pull });
    }
    const middle = (left + width - right) / 2;
    group.append(element("text", { class: "label middle", x: middle, y: bottom + 38 }, "Wavelength (µm)"));
    svg.append(clip, group, inside);
    layer = inside;
    radius = r + 4;
    mark(chosen);
  };

  const mark = (i) => {
    for (const old of layer.querySelectorAll(".cursor")) old.remove();
    if (i === null || !visible(i)) return;
    for (const { up, values } of panels) {
      if (!Number.isFinite(values[i])) continue;
      const y = Math.min(Math.max(up(values[i]), up.end), up.start);
      layer.append(element("circle", { class: "cursor", cx: across(x[i]), cy: y, r: radius }));
    }
  };

  const zoom = (factor, centre = (view[0] + view[1]) / 2) => {
    const span = Math.min((view[1] - view[0]) * factor, full[1] - full[0]);
    if (span < 3 * Math.min(...steps, Infinity) && factor < 1) return;
    const share = (centre - view[0]) / (view[1] - view[0]);
    show([centre - share * span, centre + (1 - share) * span]);
  };
  const show = ([low, high]) => {
    const span = Math.min(high - low, full[1] - full[0]);
    const start = Math.min(Math.max(low, full[0]), full[1] - span);
    view = [start, start + span];
  };

  return {
    draw,
    mark,
    zoom,
    show,
    reset: () => show(full),
    pan: (share) => show([view[0] + share * (view[1] - view[0]), view[1] + share * (view[1] - view[0])]),
    view: () => view,
    isWhole: () => view[1] - view[0] > 0.999 * (full[1] - full[0]),
    at: (pixel) => across.inverse(pixel),
    nearest: (pixel) => {
      let best = null;
      x.forEach((value, i) => {
        if (!visible(i) || !Number.isFinite(target.mean[i])) return;
        if (best === null || Math.abs(across(value) - pixel) < Math.abs(across(x[best]) - pixel)) best = i;
      });
      return best;
    },
    contains: visible,
    follow: (i) => {
      if (!visible(i)) show([x[i] - (view[1] - view[0]) / 2, x[i] + (view[1] - view[0]) / 2]);
    },
  };
};
