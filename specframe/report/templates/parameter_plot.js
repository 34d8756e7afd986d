"use strict";
// The parameters of a target: a line for each, with its intervals on the range of all targets.
specframe.parameterPlot = (svg, data, all) => {
  const { element, scale, widened, ticks } = specframe;
  const count = data.outputs.length;
  const ranges = data.outputs.map((_, j) => {
    const values = all
      .flatMap((target) => [target.mean, target.truth, target.low95, target.high95].map((row) => row && row[j]))
      .filter(Number.isFinite);
    return values.length ? widened(Math.min(...values), Math.max(...values), 0.03) : [0, 1];
  });
  const places = [];
  const marks = [];
  let magnification = 1;
  let centred = 0;

  const draw = (target, options, chosen, width) => {
    const narrow = width < 560;
    const [left, right, row] = narrow ? [84, 12, 66] : [170, 24, 66];
    const title = svg.querySelector("title");
    svg.replaceChildren(...(title ? [title] : []));
    svg.setAttribute("viewBox", `0 0 ${width} ${12 + row * count}`);
    data.outputs.forEach((name, j) => {
      const y = 28 + row * j;
      places[j] = y;
      const unit = data.units[j];
      const label = unit ? `${name} (${unit})` : name;
      svg.append(element("text", { class: "label end", x: left - 14, y: y + 5 }, label.slice(0, narrow ? 10 : 24)));
      marks[j] = null;
      if (!Number.isFinite(target.mean[j])) {
        svg.append(element("text", { class: "tick", x: left, y: y + 5 }, "not known"));
        return;
      }
      const span = (ranges[j][1] - ranges[j][0]) / magnification;
      const middle = magnification === 1 ? (ranges[j][0] + ranges[j][1]) / 2 : target.mean[j] + centred * span;
      const across = scale(middle - span / 2, middle + span / 2, left, width - right);
      const inside = (value) => Math.min(Math.max(across(value), left), width - right);
      svg.append(element("path", { class: "axis", d: `M${left} ${y + 16}H${width - right}` }));
      for (const [value, text] of ticks(across.low, across.high, narrow ? 4 : 7)) {
        svg.append(element("path", { class: "axis", d: `M${across(value)} ${y + 16}v4` }));
        svg.append(element("text", { class: "tick middle", x: across(value), y: y + 33 }, text));
      }
      const bar = (low, high, name) => {
        if (low && Number.isFinite(low[j]) && Number.isFinite(high[j])) {
          svg.append(element("path", { class: `${name} thick`, d: `M${inside(low[j])} ${y}H${inside(high[j])}` }));
        }
      };
      if (options.wide) bar(target.low95, target.high95, "error95");
      bar(target.low68, target.high68, "error");
      const within = (value) => value >= across.low && value <= across.high;
      if (within(target.mean[j])) {
        svg.append(element("circle", { class: "point", cx: across(target.mean[j]), cy: y, r: 5, "data-i": j }));
      }
      if (options.truth && target.truth && within(target.truth[j])) {
        svg.append(element("path", { class: "truth-mark", d: `M${across(target.truth[j]) - 7} ${y}l7 -7l7 7l-7 7Z` }));
      }
      marks[j] = within(target.mean[j]) ? across(target.mean[j]) : null;
    });
    mark(chosen);
  };

  const mark = (j) => {
    for (const old of svg.querySelectorAll(".cursor")) old.remove();
    if (j === null || marks[j] === null) return;
    svg.append(element("circle", { class: "cursor", cx: marks[j], cy: places[j], r: 9 }));
  };

  return {
    draw,
    mark,
    zoom: (factor) => {
      magnification = Math.min(Math.max(magnification / factor, 1), 1000);
      if (magnification === 1) centred = 0;
    },
    reset: () => {
      magnification = 1;
      centred = 0;
    },
    pan: (share) => {
      if (magnification > 1) centred += share;
    },
    isWhole: () => magnification === 1,
    nearest: (_, vertical) => {
      let best = 0;
      places.forEach((y, j) => {
        if (Math.abs(y - vertical) < Math.abs(places[best] - vertical)) best = j;
      });
      return best;
    },
    contains: () => true,
    follow: () => {},
  };
};
